"""The preparation of a drawing in stages, each of which can be left out, to see what it is worth.

The Draw page shows them as a film strip, and `benchmarks/drawing.py` measures them. With all of them an image
is the one that `digit_in_strokes` makes.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from mlcore.arrays import UInt8Array
from mlcore.images.drawing import ink_of_strokes
from mlcore.images.frame import Frame
from mlcore.images.strokes import Stroke, ink_box, inside, without_stray_taps
from mlcore.language import N_

STAGES = {
    "taps": N_("Stray dots left out"),
    "pen": N_("Pen of the training images"),
    "size": N_("Cropped and scaled"),
    "place": N_("Centred"),
}
"""Name → what is done, in the order in which it is shown."""


def image_after(
    stages: Collection[str], strokes: Sequence[Stroke], frame: Frame, shape: tuple[int, int], canvas: float
) -> UInt8Array | None:
    """Return strokes on a canvas as an image, prepared by these stages alone; None when there is no ink.

    Parameters
    ----------
    stages : collection of str
        Of `STAGES`. Without "size" the whole canvas is shrunk to the image, without "place" ink stays where
        it was drawn, without "pen" as wide as it was.
    strokes : sequence of Stroke
    frame : Frame
        How ink lies in the training images.
    shape : (int, int)
    canvas : float
        Its side.
    """
    drawn = inside(strokes, canvas, canvas)
    if "taps" in stages:
        drawn = without_stray_taps(drawn)
    if not drawn:
        return None
    left, top, right, bottom = ink_box(drawn)
    down, across = shape[0] / canvas, shape[1] / canvas  # pixels of the image for one of the canvas
    if "size" not in stages:
        box = min(down * (bottom - top), shape[0]), min(across * (right - left), shape[1])
        frame = replace(frame, box=(max(box[0], 1.0), max(box[1], 1.0)), stretched=False)
    if "place" not in stages:
        place = down * (top + bottom) / 2, across * (left + right) / 2
        frame = replace(frame, place=place, anchors=("middle", "middle"))
    return frame.put(ink_of_strokes(drawn, frame.pen if "pen" in stages else 0.0), shape)
