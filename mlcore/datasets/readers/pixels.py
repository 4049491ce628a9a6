"""Settles how the pixels of a file lie: stretches small scales, turns dark ink white, sets EMNIST upright.

`assemble` calls `settle_pixels` for all images that a reader found, whatever the format was.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mlcore.arrays import UInt8Array
from mlcore.datasets.dataset import BLOCK
from mlcore.datasets.decision import Decision, pack_rows
from mlcore.datasets.readers.orientation import LYING, UPRIGHT, emnist_set, proportion
from mlcore.datasets.readers.polarity import Papers
from mlcore.datasets.readers.scale import ValueRange, scale_of
from mlcore.datasets.readers.shrink import is_large, shrinking, shrunk
from mlcore.datasets.undo import invert
from mlcore.errors import DatasetError
from mlcore.language import _


def settle_pixels(
    file: str,
    images: UInt8Array,
    names: str,
    decided: Sequence[Decision] = (),
    like: Sequence[Decision] | None = None,
) -> tuple[UInt8Array, list[Decision]]:
    """Return images as white ink on black, from 0 to 255, upright and not large, with all that was decided.

    Images that need not be scaled down are changed in place.

    Parameters
    ----------
    file : str
        For sentences.
    images : uint8 array ``(n, height, width)``
    names : str
        What the files are called, which may say that they are EMNIST's.
    decided : sequence of Decision
        What the reader decided; when it found the scale, that is not done again.
    like : sequence of Decision, optional
        What was decided about the training images that these belong to: their scale is that of these too.

    Raises
    ------
    DatasetError
        When all pixels are alike, or there is no memory for smaller images beside the large ones.
    """
    _check_contrast(file, images)
    has_scale = any(decision.key == "stretch" for decision in decided)
    stretch = None if has_scale else _stretch(images, like)
    shrink = None
    if is_large(images.shape[1:]):  # only now: few levels would leave fewer of them when they are averaged
        shrink = shrinking(images.shape[1:], len(images))
        images = shrunk(file, images)
        stretch = stretch and replace(stretch, levels=0)  # averages cannot be brought back to the levels
    found = (stretch, shrink, _invert(images, stretch), _turn(images, names))
    return images, [*decided, *(decision for decision in found if decision is not None)]


def _check_contrast(file: str, images: UInt8Array) -> None:
    lowest, highest = images.min(), images.max()
    if lowest == highest:
        message = _("Every pixel in {file} has the same value, {value}: there is nothing to learn from.")
        raise DatasetError(message.format(file=file, value=highest))


def _stretch(images: UInt8Array, like: Sequence[Decision] | None) -> Decision | None:
    """Bring images of few grey levels (0 and 1, 0 to 16, …) to 0…255, without losing a level."""
    highest = int(images.max())
    if like is not None:
        levels = next((decision.levels for decision in like if decision.key == "stretch"), 255)
        highest = max(highest, levels)
    scale = scale_of(ValueRange(0, highest, whole=True))
    if scale is None or scale.is_bytes:
        return None
    table = scale.to_bytes(np.arange(256))
    for start in range(0, len(images), BLOCK):
        images[start : start + BLOCK] = table[images[start : start + BLOCK]]
    return Decision("stretch", scale.sentence, len(images), levels=int(scale.high))


def _invert(images: UInt8Array, stretch: Decision | None) -> Decision | None:
    """Invert the images that are dark on light; where no paper is seen, leave all alone but offer it."""
    papers = Papers.of(images)
    mask = papers.dark_on_light()
    count = int(mask.sum())
    if count == 0:
        if papers.are_ink:
            return None
        offer = _("The images look like photos: no paper was found in them, so they were not inverted.")
        return Decision("invert", _("All images were inverted."), len(images), is_undone=True, offer=offer)
    if count == len(images):
        sentence = _("The images are dark on light; they were inverted to white ink on black.")
    else:
        message = _("{n:,} of {total:,} images are dark on light; they were inverted to white ink on black.")
        sentence = message.format(n=count, total=len(images))
    decision = Decision("invert", sentence, count, pack_rows(mask))
    invert(images, decision, stretch)
    return decision


def _turn(images: UInt8Array, names: str) -> Decision | None:
    """Set EMNIST's images upright, unless somebody has done that already; offer it where writing lies."""
    if images.shape[1] != images.shape[2]:
        return None
    high = proportion(images)
    if emnist_set(names) is None:
        if high > LYING:
            return None
        offer = _("The ink is wider than high, as in images that are stored transposed, but was not turned.")
        return Decision("turn", _("The images were turned."), len(images), is_undone=True, offer=offer)
    if high > UPRIGHT:
        return None
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK]
        block[...] = block.transpose(0, 2, 1).copy()
    sentence = _("EMNIST's images are stored transposed; they were turned upright.")
    return Decision("turn", sentence, len(images))
