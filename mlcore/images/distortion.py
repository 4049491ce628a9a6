"""Distortions: one change of known strength, the same for all images: turned, moved, blurred and so on.

`mlcore.study.robustness` measures with them how robust a network is. Augmentation draws its changes at
random; here each image gets exactly the strength that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mlcore.arrays import Float32Array, Float64Array, UInt8Array
from mlcore.images.augmentation import change_pen_width
from mlcore.language import N_

MNIST_SIDE = 28
"""Pixels: strengths in pixels are meant for images of this side, and scaled for others."""

MOST_PEN_CHANGE = 2.0
"""Pixels by which `change_pen_width` changes a stroke in one go."""

Change = Callable[[UInt8Array, float, np.random.Generator], UInt8Array]


@dataclass(frozen=True)
class Distortion:
    """One kind of distortion.

    Attributes
    ----------
    label, help : str
        Name on a form, and one line of help.
    strengths : tuple of float
        Those that are tried; the one that changes nothing is among them.
    neutral : float
        The strength that changes nothing.
    in_pixels : bool
        Whether strengths are pixels of an image of 28×28.
    unit : str
        What stands behind a strength on an axis.
    change : callable
        ``change(images, strength, generator)`` returns the distorted images.
    """

    label: str
    help: str
    strengths: tuple[float, ...]
    neutral: float
    in_pixels: bool
    unit: str
    change: Change

    def strengths_for(self, image_shape: tuple[int, int]) -> tuple[float, ...]:
        """Return the strengths for images of this shape: what is in pixels grows with the shorter side.

        >>> DISTORTIONS["shift"].strengths_for((14, 14))[:3]
        (0.0, 0.5, 1.0)
        """
        factor = min(image_shape) / MNIST_SIDE if self.in_pixels else 1.0
        return tuple(round(strength * factor, 2) for strength in self.strengths)


def distort(images: UInt8Array, name: str, strength: float, seed: int = 0) -> UInt8Array:
    """Return the images with one distortion.

    Turns go one way for every second image and the other way for the rest; shifts go right, down, left and up
    in turn.

    Parameters
    ----------
    images : uint8 array (n, height, width)
        White ink on black.
    name : str
        A key of `DISTORTIONS`.
    strength : float
        Degrees, pixels, percent of the size or percent of full ink; see `DISTORTIONS`.
    seed : int
        For the noise.

    Returns
    -------
    uint8 array (n, height, width)

    Examples
    --------
    >>> dot = np.zeros((1, 5, 5), np.uint8)
    >>> dot[0, 2, 2] = 200
    >>> np.argwhere(distort(dot, "shift", 2.0)[0]).tolist()
    [[2, 4]]
    """
    about = DISTORTIONS[name]
    if len(images) == 0 or strength == about.neutral:
        return images.copy()
    return about.change(images, strength, np.random.default_rng(seed))


def _turned(images: UInt8Array, degrees: float, _generator: np.random.Generator) -> UInt8Array:
    result = np.empty_like(images)
    for number, angle in enumerate(np.deg2rad([degrees, -degrees])):
        cosine, sine = np.cos(angle), np.sin(angle)
        result[number::2] = _looked_up(images[number::2], np.array([[cosine, -sine], [sine, cosine]]))
    return result


def _moved(images: UInt8Array, pixels: float, _generator: np.random.Generator) -> UInt8Array:
    result = np.empty_like(images)
    for number, (down, right) in enumerate([(0, 1), (1, 0), (0, -1), (-1, 0)]):
        result[number::4] = _looked_up(images[number::4], np.eye(2), (-pixels * down, -pixels * right))
    return result


def _scaled(images: UInt8Array, percent: float, _generator: np.random.Generator) -> UInt8Array:
    return _looked_up(images, np.eye(2) * 100 / percent)


def _looked_up(
    images: UInt8Array, matrix: Float64Array, offset: tuple[float, float] = (0.0, 0.0)
) -> UInt8Array:
    """Return images whose pixel p, counted from the middle, is that at M p + offset, between four neighbours.

    Outside an image is paper. The places are the same for all images.
    """
    n, height, width = images.shape
    middle = (np.array([height, width]) - 1) / 2
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), axis=-1) - middle
    # A border of one pixel of paper, in which everything farther away is found too.
    place = np.clip(grid @ matrix.T + middle + offset, -1, [height, width]) + 1
    first = np.minimum(place.astype(np.intp), [height, width])
    part = place - first
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(n, (height + 2) * (width + 2))
    total = np.zeros((n, height * width), np.float32)
    for below, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        index = (first[..., 0] + below) * (width + 2) + first[..., 1] + right
        weight = np.abs(1 - below - part[..., 0]) * np.abs(1 - right - part[..., 1])
        total += framed[:, index.ravel()] * weight.ravel().astype(np.float32)
    return np.rint(total).astype(np.uint8).reshape(images.shape)


def _noisy(images: UInt8Array, percent: float, generator: np.random.Generator) -> UInt8Array:
    noisy = generator.standard_normal(images.shape, np.float32)
    noisy *= percent / 100 * _full_ink(images)
    noisy += images
    return np.rint(np.clip(noisy, 0, _full_ink(images))).astype(np.uint8)


def _full_ink(images: UInt8Array) -> int:
    return int(images.max())


def _blurred(images: UInt8Array, pixels: float, _generator: np.random.Generator) -> UInt8Array:
    rows, columns = (_blur_matrix(side, pixels) for side in images.shape[1:])
    blurred: UInt8Array = np.rint(rows @ images.astype(np.float32) @ columns.T).astype(np.uint8)
    return blurred


def _blur_matrix(side: int, deviation: float) -> Float32Array:
    """Return the weights by which a line of pixels is blurred, (side, side): a bell curve around each pixel.

    >>> _blur_matrix(3, 0.5).round(2).tolist()[1]
    [0.10999999940395355, 0.7900000214576721, 0.10999999940395355]
    """
    distance = np.arange(-2 * side, 2 * side + 1)
    whole = np.exp(-0.5 * (distance / deviation) ** 2).sum()  # of a pixel that is far from every edge
    lines = np.arange(side)
    bells = np.exp(-0.5 * ((lines[:, None] - lines) / deviation) ** 2)
    return np.asarray(bells / whole, np.float32)


def _with_pen(images: UInt8Array, pixels: float, _generator: np.random.Generator) -> UInt8Array:
    left = pixels
    while left:
        step = float(np.clip(left, -MOST_PEN_CHANGE, MOST_PEN_CHANGE))
        images, left = change_pen_width(images, np.full(len(images), step)), left - step
    return images


DISTORTIONS: Mapping[str, Distortion] = {
    "rotation": Distortion(
        N_("Rotation"),
        N_("Images are turned, half of them one way and half the other."),
        (0, 5, 10, 15, 20, 30, 45, 60, 90),
        0,
        False,
        "°",
        _turned,
    ),
    "shift": Distortion(
        N_("Shift"),
        N_("Images are moved right, down, left and up; what leaves the image is lost."),
        (0, 1, 2, 3, 4, 5, 6, 8),
        0,
        True,
        " px",
        _moved,
    ),
    "scale": Distortion(
        N_("Scale"),
        N_("What is in the image becomes smaller or larger, about its middle."),
        (50, 60, 70, 80, 90, 100, 110, 120, 130, 140),
        100,
        False,
        " %",
        _scaled,
    ),
    "noise": Distortion(
        N_("Noise"),
        N_("Each pixel is changed at random; the strength is the standard deviation, of full ink."),
        (0, 10, 20, 30, 40, 60, 80),
        0,
        False,
        " %",
        _noisy,
    ),
    "blur": Distortion(
        N_("Blur"),
        N_("Each pixel is spread in a bell curve; the strength is its standard deviation."),
        (0, 0.5, 1, 1.5, 2, 3, 4),
        0,
        True,
        " px",
        _blurred,
    ),
    "pen_width": Distortion(
        N_("Pen width"),
        N_("Strokes become wider by this much, or narrower below zero."),
        (-2, -1.5, -1, 0, 1, 2, 3, 4),
        0,
        True,
        " px",
        _with_pen,
    ),
}
"""What can be done to an image, by name."""
