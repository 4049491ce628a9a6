"""Turns a drawing or photo into what a network was trained on: white ink on black, cropped, scaled, centred.

The Draw page calls it before the model answers. It does what was done to MNIST's images (LeCun, Bottou,
Bengio and Haffner, 1998): scale to fit 20×20, then put the centre of mass in the middle of 28×28.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.errors import NoDigitError
from mlcore.images.frame import Frame, mnist_frame
from mlcore.images.marks import Ink, stand_side_by_side, thickened, without_specks, without_stray_dots
from mlcore.images.photo import BLANK, PICTURE_SIDE, ink_of_photo
from mlcore.images.picture_file import grey_of, read_picture
from mlcore.images.pixels import bytes_of
from mlcore.images.strokes import Stroke, are_two, draw_strokes, fitted, inside, with_pen, without_stray_taps
from mlcore.language import N_, _

PAGE = 140  # pixels each way of the page that strokes are drawn on before they become an image
LONGEST = 120  # pixels of it that their ink fills: six for each pixel of MNIST
USUAL_PEN = 1.4  # times the pen that nine of ten training images have at least: that of one in two

TWO = N_("One digit at a time: these look like two.")
NOTHING = N_("No digit was found. One digit, large and alone, works best.")
"""Why there is no image."""


def image_from_drawing(
    drawing: NDArray[Any], shape: tuple[int, int] = (28, 28), frame: Frame | None = None
) -> UInt8Array | None:
    """Return a drawing as an image like those that a network was trained on, or None when it is blank.

    Parameters
    ----------
    drawing : uint8 array, ``(height, width)`` grey, ``(…, 3)`` RGB or ``(…, 4)`` RGBA
        Light ink on dark or dark on light, which its border tells. On a transparent canvas what is drawn is
        ink, whatever its colour. Booleans and floats from 0 to 1 are taken too.
    shape : (int, int)
        Height and width of the image.
    frame : Frame, optional
        How ink lies in it; without one as in MNIST, where it fills 20/28 of the image.

    Returns
    -------
    uint8 array of `shape`, or None
        None when there is no ink, only specks, or two digits side by side.

    Examples
    --------
    >>> canvas = np.zeros((280, 280), np.uint8)
    >>> image_from_drawing(canvas) is None
    True
    >>> canvas[40:240, 30:60] = 255
    >>> image = image_from_drawing(canvas)
    >>> np.argwhere(image).min(axis=0), np.argwhere(image).max(axis=0)
    (array([ 4, 13]), array([23, 15]))
    """
    try:
        return digit_in_drawing(drawing, frame or mnist_frame(shape), shape)
    except NoDigitError:
        return None


def digit_in_drawing(drawing: NDArray[Any], frame: Frame, shape: tuple[int, int]) -> UInt8Array:
    """Return what `image_from_drawing` does, or say why there is no image.

    Raises
    ------
    NoDigitError
        When the drawing is blank, or shows two digits.
    """
    ink = without_stray_dots(without_specks(_ink_of_drawing(bytes_of(drawing))))
    return _one_digit(ink, frame, shape)


def digit_in_strokes(
    strokes: Sequence[Stroke], frame: Frame, shape: tuple[int, int], canvas: float
) -> UInt8Array:
    """Return strokes on a canvas as an image like those that a network was trained on.

    Strokes are cropped and scaled before they are drawn, by the pen of the training images where that is
    known: no pen of the visitor's is too wide, and nothing is blurred.

    Parameters
    ----------
    strokes : sequence of Stroke
    frame : Frame
    shape : (int, int)
    canvas : float
        Its side; what lies outside was not seen, and is no ink.

    Raises
    ------
    NoDigitError
        When nothing was drawn, or two digits were.
    """
    meant = without_stray_taps(inside(strokes, canvas, canvas))
    if not frame.in_parts and are_two(meant):
        raise NoDigitError(_(TWO))
    return _placed(ink_of_strokes(meant, frame.pen), frame, shape)


def ink_of_strokes(strokes: Sequence[Stroke], pen: float) -> Ink:
    """Return the ink of strokes on a page of their own, as a pen draws them; 0 leaves each its width.

    Parameters
    ----------
    strokes : sequence of Stroke
    pen : float
        The width that nine of ten training images have at least, in longer sides of the ink.
    """
    if not strokes:
        return np.zeros((PAGE, PAGE), np.float32)
    drawn = with_pen(strokes, USUAL_PEN * pen) if pen else strokes
    return draw_strokes(fitted(drawn, LONGEST, PAGE), PAGE).astype(np.float32) / np.float32(255)


def _one_digit(ink: Ink, frame: Frame, shape: tuple[int, int]) -> UInt8Array:
    if not frame.in_parts and stand_side_by_side(ink):
        raise NoDigitError(_(TWO))
    return _placed(ink, frame, shape)


def _placed(ink: Ink, frame: Frame, shape: tuple[int, int]) -> UInt8Array:
    image = frame.put(ink, shape)
    if image is None:
        raise NoDigitError(_(NOTHING))
    return image


def image_from_picture(
    file: bytes | str | Path | BinaryIO, shape: tuple[int, int] = (28, 28), frame: Frame | None = None
) -> UInt8Array | None:
    """Return the digit in a picture file as an image like those that a network was trained on.

    A photo of a digit on paper will do: it is turned upright, and the uneven light on the paper is taken out.

    Returns
    -------
    uint8 array of `shape`, or None
        None when nothing stands out from the paper.

    Raises
    ------
    DatasetError
        When the file is no picture, damaged or too large.
    """
    try:
        return digit_in_picture(file, frame or mnist_frame(shape), shape)
    except NoDigitError:
        return None


def digit_in_picture(file: bytes | str | Path | BinaryIO, frame: Frame, shape: tuple[int, int]) -> UInt8Array:
    """Return what `image_from_picture` does, or say why there is no image.

    Raises
    ------
    NoDigitError
        When nothing stands out from the paper, or two digits do.
    DatasetError
        When the file is no picture, damaged or too large.
    """
    return _one_digit(thickened(ink_of_photo(_pixels_of(file)), frame.pen), frame, shape)


def number_in_picture(file: bytes | str | Path | BinaryIO) -> Ink:
    """Return the ink of all digits in a picture file or photo, of whatever size; none when it is blank.

    Raises
    ------
    NoDigitError
        When lines on the paper cannot be told from digits.
    DatasetError
        When the file is no picture, damaged or too large.
    """
    return ink_of_photo(_pixels_of(file), several=True)


def _pixels_of(file: bytes | str | Path | BinaryIO) -> UInt8Array:
    """Return the pixels of a picture file, shrunk to `PICTURE_SIDE`."""
    if isinstance(file, str | Path):
        name, file = Path(file).name, Path(file).read_bytes()
    else:
        name = str(getattr(file, "name", _("The file")))
    return read_picture(name, file, PICTURE_SIDE, colours=True)


# From a drawing to ink


def _ink_of_drawing(drawing: NDArray[Any]) -> Ink:
    if drawing.ndim == 3 and drawing.shape[2] == 4 and np.median(_border(drawing[..., 3])) < 128:
        return drawing[..., 3].astype(np.float32) / np.float32(255)
    grey = grey_of(drawing[..., :3] if drawing.ndim == 3 else drawing).astype(np.float32) / 255
    paper = np.median(_border(grey))
    contrast = (paper - grey) / paper if paper > 0.5 else (grey - paper) / (1 - paper)
    ink: Ink = np.clip(contrast, 0, 1).astype(np.float32)
    return ink if ink.max() > BLANK else np.zeros_like(ink)


def _border(image: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
