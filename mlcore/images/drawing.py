"""Turns a drawing or photo into what a network was trained on: white ink on black, cropped, scaled, centred.

The Draw page calls it before the model answers. It does what was done to MNIST's images (LeCun, Bottou,
Bengio and Haffner, 1998): scale to fit 20×20, then put the centre of mass in the middle of 28×28.
"""

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.errors import NoDigitError
from mlcore.images.frame import Frame, mnist_frame
from mlcore.images.marks import FAINTEST, Ink, stand_side_by_side, without_specks, without_stray_dots
from mlcore.images.picture_file import grey_of, read_picture
from mlcore.images.pixels import bytes_of
from mlcore.images.resample import fit_into, resample
from mlcore.language import _

BLANK = 0.1  # less contrast than this is no ink
PICTURE_SIDE = 400  # a photo is shrunk to this first, which averages its noise


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


def _one_digit(ink: Ink, frame: Frame, shape: tuple[int, int]) -> UInt8Array:
    if not frame.in_parts and stand_side_by_side(ink):
        raise NoDigitError(_("One digit at a time: these look like two."))
    image = frame.put(ink, shape)
    if image is None:
        raise NoDigitError(_("No digit was found. One digit, large and alone, works best."))
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
    if isinstance(file, str | Path):
        name, file = Path(file).name, Path(file).read_bytes()
    else:
        name = str(getattr(file, "name", _("The file")))
    ink = _ink_of_photo(read_picture(name, file, PICTURE_SIDE))
    inside = without_specks(ink, keep_at_border=False)
    found = inside if (inside > FAINTEST).any() else without_specks(ink)
    return _one_digit(without_stray_dots(found), frame, shape)


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


# From a photo to ink


def _ink_of_photo(grey: UInt8Array) -> Ink:
    """Return what stands out from the paper, whose light may change slowly across the photo."""
    values = grey.astype(np.float32) / np.float32(255)
    paper = _paper_light(values)
    difference = values - paper
    darker, lighter = np.maximum(-difference, 0), np.maximum(difference, 0)
    is_dark = (darker**2).sum() > (lighter**2).sum()
    # Ink takes the same share of the light everywhere, which is less where the paper is dim.
    contrast = darker / np.maximum(paper, 0.2) if is_dark else lighter
    threshold = _otsu(contrast)
    is_ink = contrast > threshold
    nothing: Ink = np.zeros_like(contrast)
    if not is_ink.any():
        return nothing
    full = np.median(contrast[is_ink])
    noise = 1.48 * np.median(np.abs(difference[~is_ink]))
    if full < max(BLANK, 5 * noise) or is_ink.mean() > 0.6:
        return nothing
    low = 0.75 * threshold  # of 300 made photos 0.89 were read with 0.3, 0.93 with 0.7 to 1
    ink: Ink = np.clip((contrast - low) / (full - low), 0, 1)
    return ink


# Which products of the powers 1, t, t² and t³, down and across, a cubic surface has: up to degree 3.
_DEGREES = np.add.outer(np.arange(4), np.arange(4)) <= 3


def _paper_light(values: Ink, coarse: int = 32, rounds: int = 20) -> Ink:
    """Fit a cubic surface to the light of the paper; what differs much from it, the ink, loses its weight.

    Iteratively reweighted least squares with the weights of Geman and McClure (1985), on a coarse copy.
    """
    small = resample(values, fit_into((values.shape[0], values.shape[1]), (coarse, coarse)))
    down, across = _powers(small.shape[0]), _powers(small.shape[1])
    terms = np.einsum("ya,xb->yxab", down, across)[:, :, _DEGREES].reshape(small.size, -1)
    light = small.reshape(-1).astype(np.float64)
    difference = light - np.median(light)
    for _round in range(rounds):
        scale = max(1.48 * float(np.median(np.abs(difference))), 0.01)
        weights = (1 + (difference / (2 * scale)) ** 2) ** -2
        weighted = terms.T * weights
        factors = np.linalg.solve(weighted @ terms + 1e-9 * np.eye(terms.shape[1]), weighted @ light)
        difference = light - terms @ factors
    table = np.zeros(_DEGREES.shape)
    table[_DEGREES] = factors
    paper: Ink = (_powers(values.shape[0]) @ table @ _powers(values.shape[1]).T).astype(np.float32)
    return paper


def _powers(n: int) -> NDArray[np.float64]:
    """Return 1, t, t² and t³ for n places from -1 to 1, ``(n, 4)``."""
    return np.vander(np.linspace(-1, 1, n), 4, increasing=True)


def _otsu(values: Ink, bins: int = 128) -> float:
    """Return the threshold that divides values into two groups the farthest apart (Otsu 1979).

    >>> bool(0.1 < _otsu(np.array([0.0, 0.1, 0.1, 0.8, 0.9], np.float32)) < 0.8)
    True
    """
    counts, edges = np.histogram(values, bins=bins, range=(0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    mean_below = sums / np.maximum(below, 1)
    mean_above = (sums[-1] - sums) / np.maximum(above, 1)
    return float(edges[1:][np.argmax(below * above * (mean_above - mean_below) ** 2)])
