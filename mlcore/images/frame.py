"""The frame of a data set: how large, where and how bright the ink lies in its images.

`fit_preparation` measures it on the training images and a model keeps it; every drawing is then placed as the
images were that the network learned from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.images.marks import FAINTEST, Ink, pen_width, stand_side_by_side
from mlcore.images.resample import fit_into, resample

Pair = tuple[float, float]

SOFT = 0.25  # nor does this where the size of the ink counts to a fraction of a pixel
MNIST_BOX = 20 / 28  # the fraction of each side that the ink fills in MNIST
MNIST_PEN = 0.088  # and how wide its pens are at least, in nine of ten images
ANCHORS = ("middle", "mass", "start", "end")  # which point of the ink a data set puts in the same place

MOST_MEASURED = 1000  # images: a mean place is then known to a hundredth of a pixel
FEW = 300  # images that are searched for parts side by side: 30 µs each
SOME = 0.01  # of the images: a class may be drawn so; of MNIST's digits 0.0003 are
ENOUGH = 20  # images that tell how much widths vary
VISIBLE = 0.1  # of full ink: what is fainter does not count when the ink is measured
USUAL = 0.8  # a size that this fraction of the images has was given to them in whole pixels
BETWEEN = 0.5  # pixels that ink between the pixels reaches into at both ends, beyond its own size
TIE = 4  # decimals of a place that count: even ink lies between two pixels, whatever the order of a sum
LEAST_VARIED = 0.15  # widths of written digits vary by 0.25 of their mean; by less when they were stretched


@dataclass(frozen=True)
class Frame:
    """Where the ink lies in the images of a data set; down first, then across.

    Attributes
    ----------
    box : (float, float)
        Height and width, in pixels, that the ink is scaled to fill.
    place : (float, float)
        Where the anchor comes to lie, in pixels from the top and from the left.
    anchors : (str, str)
        The point of the ink that is put there: one of `ANCHORS`, its middle, its centre of mass, its start
        (top, left) or its end (bottom, right).
    stretched : bool
        Whether the ink fills both sides of the box, whatever its own proportions.
    whole_pixels : bool
        Whether size and place are whole pixels, or the images were shrunk with the ink in them.
    blur : float
        How many pixels wide the sharpest edges are: above 1 when small images were enlarged.
    paper, ink : int
        Grey levels of the paper and of the brightest (or darkest) ink.
    in_parts : bool
        Whether some images show two parts side by side; where none do, they are two digits.
    pen : float
        Width of the pen, in longer sides of the ink, that nine of ten images have at least; 0: not known.
    """

    box: Pair
    place: Pair
    anchors: tuple[str, str] = ("mass", "mass")
    stretched: bool = False
    whole_pixels: bool = True
    blur: float = 1.0
    paper: int = 0
    ink: int = 255
    in_parts: bool = False
    pen: float = 0.0

    def check(self, shape: tuple[int, int]) -> None:
        """Raise ValueError when it cannot be the frame of images of this shape (a damaged file)."""
        numbers = (*self.box, *self.place, self.blur, self.pen)
        if not all(type(number) in (int, float) and math.isfinite(number) for number in numbers):
            raise ValueError("frame: numbers")
        if not all(0 < size <= side for size, side in zip(self.box, shape, strict=True)):
            raise ValueError("frame: box")
        if not all(0 <= place <= side + 1 for place, side in zip(self.place, shape, strict=True)):
            raise ValueError("frame: place")
        if len(self.anchors) != 2 or not all(anchor in ANCHORS for anchor in self.anchors):
            raise ValueError("frame: anchors")
        if not all(type(switch) is bool for switch in (self.stretched, self.whole_pixels, self.in_parts)):
            raise ValueError("frame: switches")
        if not 1 <= self.blur <= max(shape) or self.paper == self.ink:
            raise ValueError("frame: blur or levels")
        if not 0 <= self.pen <= 1:
            raise ValueError("frame: pen")
        if not all(type(level) is int and 0 <= level <= 255 for level in (self.paper, self.ink)):
            raise ValueError("frame: levels")

    def put(self, ink: Ink, shape: tuple[int, int]) -> UInt8Array | None:
        """Return ink, cropped, scaled and placed, as an image of this frame; None when there is no ink.

        Parameters
        ----------
        ink : float array (any height, any width)
            0 is paper, 1 is full ink.
        shape : (int, int)
            Height and width of the image.

        Returns
        -------
        uint8 array of `shape`, or None
        """
        # Between the pixels a box is as large as the ink itself; the soft edge of a picture reaches beyond.
        crop = cropped(ink, FAINTEST if self.whole_pixels else SOFT)
        if crop is None:
            return None
        size = self._size(crop)
        page = (
            self._put_whole(crop, size, shape) if self.whole_pixels else self._put_between(crop, size, shape)
        )
        if self.blur > 1:
            coarse = tuple(max(1, round(side / self.blur)) for side in shape)
            page = resample(resample(page, (coarse[0], coarse[1])), shape)
        # The ink of each image is as bright: MNIST's brightest pixel is 254 or 255 in 95 of 100.
        page *= np.float32(self.ink - self.paper) / page.max()
        image: UInt8Array = np.rint(page + np.float32(self.paper)).astype(np.uint8)
        return image

    def _size(self, crop: Ink) -> Pair:
        """Return the height and width that the ink is scaled to."""
        if self.stretched:
            return self.box
        if self.whole_pixels:
            return fit_into((crop.shape[0], crop.shape[1]), (round(self.box[0]), round(self.box[1])))
        scale = min(self.box[0] / crop.shape[0], self.box[1] / crop.shape[1])
        return crop.shape[0] * scale, crop.shape[1] * scale

    def _put_whole(self, crop: Ink, size: Pair, shape: tuple[int, int]) -> Ink:
        """Scale the ink to whole pixels and set it down on whole pixels."""
        digit = resample(crop, (max(1, round(size[0])), max(1, round(size[1]))))
        page = np.zeros(shape, np.float32)
        top, left = (
            min(max(math.ceil(round(start - 0.5, TIE)), 0), side - n)
            for n, start, side in zip(digit.shape, self._starts(digit), shape, strict=True)
        )
        page[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
        return page

    def _put_between(self, crop: Ink, size: Pair, shape: tuple[int, int]) -> Ink:
        """Set the ink down anywhere between the pixels, each of which is the average of what it covers."""
        # A drawing smaller than its box is enlarged smoothly first.
        height, width = (max(n, math.ceil(side)) for n, side in zip(crop.shape, size, strict=True))
        finer = resample(crop, (height, width))
        scale = size[0] / height, size[1] / width
        starts = self._starts(finer, scale)
        rows, columns = (
            _coverage(n, step, min(max(start, 0), side - n * step), side)
            for n, step, start, side in zip(finer.shape, scale, starts, shape, strict=True)
        )
        page: Ink = (rows @ finer @ columns.T).astype(np.float32, copy=False)
        return page

    def _starts(self, ink: Ink, scale: Pair = (1.0, 1.0)) -> Pair:
        """Return where ink begins, down and across, so that its anchor lies in its place."""
        down, across = (
            self.place[axis] - scale[axis] * _anchor(self.anchors[axis], ink.sum(axis=1 - axis))
            for axis in (0, 1)
        )
        return down, across


def mnist_frame(shape: tuple[int, int]) -> Frame:
    """Return the frame of MNIST's images (LeCun, Bottou, Bengio and Haffner 1998), scaled to a shape.

    The ink fills 20 of 28 pixels. Its centre of mass lies from 14 to below 15 of 28 pixels, evenly: each
    digit was moved by whole pixels.

    >>> mnist_frame((28, 28)).box, mnist_frame((28, 28)).place
    ((20, 20), (14.5, 14.5))
    """
    height, width = (max(1, round(side * MNIST_BOX)) for side in shape)
    return Frame((height, width), (shape[0] / 2 + 0.5, shape[1] / 2 + 0.5), pen=MNIST_PEN)


def cropped(ink: Ink, faintest: float) -> Ink | None:
    """Return the part of a picture that holds ink above a level; None when there is none."""
    strong = ink > faintest
    if not strong.any():
        return None
    rows, columns = np.flatnonzero(strong.any(axis=1)), np.flatnonzero(strong.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _anchor(name: str, mass: NDArray[np.float32]) -> float:
    """Return where an anchor lies in ink of which the mass along one side is given, in pixels."""
    if name == "mass":
        # In whole pixels first, as MNIST's centring counts them.
        return float(mass @ np.arange(len(mass), dtype=np.float32) / mass.sum()) + 0.5
    return {"start": 0.0, "middle": len(mass) / 2, "end": float(len(mass))}[name]


def _coverage(n: int, scale: float, start: float, side: int) -> NDArray[np.float32]:
    """Return how much of each of ``side`` pixels is covered by each of n values, ``(side, n)``.

    The values lie next to each other from ``start`` on, each ``scale`` pixels wide.
    """
    edges = start + scale * np.arange(n + 1)
    pixels = np.arange(side)[:, np.newaxis]
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    coverage: NDArray[np.float32] = np.maximum(overlap, 0).astype(np.float32)
    return coverage


# Measuring the frame of a data set


def fit_frame(images: NDArray[np.uint8]) -> Frame | None:
    """Measure the frame of training images; None when they hold no ink.

    Parameters
    ----------
    images : uint8 array (n, height, width)
        At most `MOST_MEASURED` of them are measured, evenly taken.
    """
    sample = images[measured_rows(len(images))].astype(np.float32)
    levels = _levels(sample)
    if levels is None:
        return None
    paper, ink = levels
    inked = np.clip((sample - np.float32(paper)) / np.float32(ink - paper), 0, 1)
    inked = inked[(inked > VISIBLE).any(axis=(1, 2))]
    visible = inked > VISIBLE
    down, across = _spans(visible.any(axis=2)), _spans(visible.any(axis=1))
    box, stretched, whole_pixels = _box(np.stack([down[1] - down[0], across[1] - across[0]]))
    anchor_down, place_down = _place(inked.sum(axis=2), *down, whole_pixels)
    anchor_across, place_across = _place(inked.sum(axis=1), *across, whole_pixels)
    anchors, place = (anchor_down, anchor_across), (place_down, place_across)
    some = inked[:: _step(len(inked), FEW)]
    in_parts = float(np.mean([stand_side_by_side(one) for one in some])) > SOME
    pen = round(float(np.percentile([pen_width(one) for one in some], 10)), 3)
    return Frame(box, place, anchors, stretched, whole_pixels, _blur(inked), paper, ink, in_parts, pen)


def measured_rows(n: int) -> slice:
    """Return which of n images are measured."""
    return slice(None, None, _step(n, MOST_MEASURED))


def _step(n: int, most: int) -> int:
    """Return which one in how many is taken of n, so that they are not more than ``most``."""
    return max(1, math.ceil(n / most))


def _levels(sample: NDArray[np.float32]) -> tuple[int, int] | None:
    """Return the grey levels of paper and ink: of the two, paper covers more."""
    if sample.size == 0 or sample.min() == sample.max():
        return None
    middle = (sample.min() + sample.max()) / 2
    light = sample > middle
    on_light = light.mean() > 0.5
    paper = np.median(sample[light if on_light else ~light])
    inmost = sample.min(axis=(1, 2)) if on_light else sample.max(axis=(1, 2))
    # Of the images that hold ink, that of one in four is brighter (or darker).
    ink = np.percentile(inmost[(inmost > middle) != on_light], 25 if on_light else 75)
    return round(float(paper)), round(float(ink))


def _spans(inked: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first row (or column) with ink in each image and the one behind the last."""
    return np.argmax(inked, axis=1), inked.shape[1] - np.argmax(inked[:, ::-1], axis=1)


def _box(sizes: NDArray[np.intp]) -> tuple[Pair, bool, bool]:
    """Return the box, whether ink is stretched to it, and whether to whole pixels; sizes are (2, n)."""
    largest = np.percentile(sizes, 99, axis=1, method="higher")[:, None]
    varied = (sizes.std(axis=1) > LEAST_VARIED * sizes.mean(axis=1)).any()
    stretched = bool(not varied and sizes.shape[1] >= ENOUGH)
    # How far the box is filled: in both directions, or in the one that reaches its side first.
    filled = sizes / largest if stretched else np.tile((sizes / largest).max(axis=0), (2, 1))
    whole = (filled == 1).mean(axis=1) > USUAL
    between = np.maximum(filled.mean(axis=1) * largest[:, 0] - BETWEEN, 0.5)
    height, width = np.where(whole, largest[:, 0], between).tolist()
    return (height, width), stretched, bool(whole.all())


def _place(
    mass: NDArray[np.float32], start: NDArray[np.intp], end: NDArray[np.intp], whole_pixels: bool
) -> tuple[str, float]:
    """Return the anchor that lies in nearly the same place in all images, and this place, along one side.

    Parameters
    ----------
    mass : float array (n, side)
        The ink in each row (or column) of each image.
    start, end : integer array (n,)
        The first row with ink, and the one behind the last.
    """
    pixels = np.arange(mass.shape[1], dtype=np.float32) + 0.5
    found = {
        "middle": (start + end) / 2,
        "mass": mass @ pixels / mass.sum(axis=1),
        "start": start,
        "end": end,
    }
    anchor = min(ANCHORS, key=lambda name: float(np.std(found[name])))
    place = float(np.mean(found[anchor]))
    # Whole pixels leave an anchor anywhere within one: its mean is known to a quarter, whatever the sample.
    return anchor, round(4 * place) / 4 if whole_pixels else place


def _blur(inked: NDArray[np.float32]) -> float:
    """Return how many pixels wide the sharpest edges of the ink are, 1 at least."""
    steps = [np.abs(np.diff(inked, axis=axis)).max(axis=(1, 2), initial=0) for axis in (1, 2)]
    steepest = np.maximum(*steps) / inked.max(axis=(1, 2))
    blur = float(1 / max(np.median(steepest), 1e-3))
    return round(blur, 2) if blur > 1.5 else 1.0
