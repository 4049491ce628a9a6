"""Augmentation: small random changes to training images, so that each epoch shows new handwriting.

The batches use it, in training only: the dev set, the test images and drawings are never changed.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Float32Array, UInt8Array

ELASTIC_SPACING = 6.0  # pixels between two points that are pulled; each pull fades over the same distance


@dataclass(frozen=True)
class Augmentation:
    """How far each change may go; every image draws its own values. All zero changes nothing.

    Attributes
    ----------
    shift : float
        Pixels, at most, left or right and up or down.
    rotation : float
        Degrees, at most, either way.
    scale : float
        Width and height, each, are multiplied by something between 1 / (1 + scale) and 1 + scale.
    shear : float
        Slant: pixels sideways, at most, for each pixel of height.
    elastic : float
        Standard deviation, in pixels, of a smooth random displacement (Simard et al., 2003).
    pen_width : float
        Pixels, at most, by which strokes become thicker or thinner.
    noise : float
        Standard deviation of what is added to each pixel, as a part of full ink.
    """

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    pen_width: float = 0.0
    noise: float = 0.0

    @property
    def is_none(self) -> bool:
        """Whether it changes nothing."""
        return not any(astuple(self))


def augment(images: UInt8Array, generator: np.random.Generator, augmentation: Augmentation) -> UInt8Array:
    """Return a changed copy of the images, each changed in its own way.

    Parameters
    ----------
    images : uint8 array (n, height, width)
        White ink on black.
    generator : numpy.random.Generator
        The same state gives the same copies.
    augmentation : Augmentation

    Returns
    -------
    uint8 array (n, height, width)

    Examples
    --------
    >>> dot = np.zeros((1, 5, 5), np.uint8)
    >>> dot[0, 2, 2] = 200
    >>> moved = augment(dot, np.random.default_rng(0), Augmentation(shift=2))
    >>> 198 <= int(moved.sum()) <= 202  # the ink has been shared out among neighbours
    True
    """
    if len(images) == 0 or augmentation.is_none:
        return images.copy()
    augmenter = Augmenter((images.shape[1], images.shape[2]), augmentation, min(len(images), 128))
    result = np.empty_like(images)
    for start in range(0, len(images), augmenter.batch):
        block = images[start : start + augmenter.batch]
        result[start : start + augmenter.batch] = augmenter(block, generator)
    return result


class Augmenter:
    """Augments batch after batch in arrays that it owns.

    With ``pooling`` it answers with images that are already shrunk (`Preparation.pooling`): only the pixels
    that are needed are looked up, in a quarter of the time for squares of 2×2.

    Parameters
    ----------
    image_shape : (int, int)
        Height and width of the images.
    augmentation : Augmentation
    batch : int
        The largest number of images in one call.
    pooling : int
        Side of the squares of pixels that are averaged into one.
    """

    def __init__(
        self, image_shape: tuple[int, int], augmentation: Augmentation, batch: int, pooling: int = 1
    ) -> None:
        self.augmentation = augmentation
        self.batch = batch
        self._pooling = pooling
        self._shape = image_shape
        self.output_shape = (-(-image_shape[0] // pooling), -(-image_shape[1] // pooling))
        self._basis = _displacement_basis(image_shape, pooling, augmentation.elastic > 0)
        self._allocate()

    def _allocate(self) -> None:
        # Rows and columns of paper around an image: whatever is looked up outside it is found there.
        self._border = self._pooling + 1
        height, width = (side + 2 * self._border for side in self._shape)
        pixels = self._basis.shape[1]
        # One byte more than there are pixels, because each is read together with the one on its right.
        self._framed = np.zeros(self.batch * height * width + 1, np.uint8)
        self._pairs = np.empty(self.batch * height * width, np.uint16)
        self._row_length, self._first = width, np.arange(self.batch, dtype=np.int32)[:, None] * height * width
        self._place = np.empty((self.batch, pixels), np.float32)
        self._column, self._row = (np.empty((self.batch, pixels), np.int32) for _ in range(2))
        self._index = np.empty((self.batch, pixels), np.intp)
        self._right, self._down = (np.empty((self.batch, pixels), np.uint16) for _ in range(2))
        self._above, self._below, self._next = (np.empty((self.batch, pixels), np.uint16) for _ in range(3))

    def __call__(self, images: UInt8Array, generator: np.random.Generator) -> NDArray[np.uint16]:
        """Return the changed images.

        Parameters
        ----------
        images : uint8 array (n, height, width), n at most `batch`

        Returns
        -------
        uint16 array (n, *output_shape)
            Values from 0 to 255; the array is overwritten by the next call.
        """
        about, n = self.augmentation, len(images)
        if about.pen_width:
            images = change_pen_width(images, generator.uniform(-about.pen_width, about.pen_width, n))
        across, down = self._draw(n, generator)
        self._frame(images)
        result = self._look_up(across, down)
        if about.noise:
            _add_noise(result, 255 * about.noise, generator)
        return result.reshape(n, *self.output_shape)

    def _draw(self, n: int, generator: np.random.Generator) -> tuple[Float32Array, Float32Array]:
        """Draw, for each image, the coefficients of the columns and of the rows that it is looked up at.

        Where a pixel of the result comes from is a weighted sum of fixed pictures (`_displacement_basis`):
        a constant, its own column, its own row, and the pulls of the elastic change.
        """
        about, (height, width) = self.augmentation, self._shape
        angle, shear, scale_x, scale_y, shift_x, shift_y = generator.uniform(-1, 1, (6, n))
        angle = np.deg2rad(about.rotation) * angle
        cosine, sine, slant = np.cos(angle), np.sin(angle), about.shear * shear
        stretch_x, stretch_y = (1 + about.scale) ** scale_x, (1 + about.scale) ** scale_y
        across, down = np.zeros((2, n, len(self._basis)), np.float32)
        # (x, y) comes from S R (x + slant · y, y): slanted, then rotated, then stretched about the middle.
        # The middle is half a square less than that of the image: the first pixel of a square holds its mean.
        across[:, 0] = (width - self._pooling) / 2 + about.shift * shift_x
        across[:, 1] = stretch_x * cosine
        across[:, 2] = stretch_x * (slant * cosine - sine)
        down[:, 0] = (height - self._pooling) / 2 + about.shift * shift_y
        down[:, 1] = stretch_y * sine
        down[:, 2] = stretch_y * (slant * sine + cosine)
        if about.elastic:
            across[:, 3:], down[:, 3:] = about.elastic * generator.standard_normal(
                (2, n, len(self._basis) - 3), dtype=np.float32
            )
        return across, down

    def _frame(self, images: UInt8Array) -> None:
        """Set the images into frames of paper, and read each pixel together with its right neighbour."""
        border, n = self._border, len(images)
        size = n * self._row_length * (self._shape[0] + 2 * border)
        pixels, pairs = self._framed[:size], self._pairs[:size]
        pixels[...] = 0
        framed = pixels.reshape(n, -1, self._row_length)
        framed[:, border:-border, border:-border] = images
        if self._pooling > 1:
            self._average_squares(pixels, pairs)
        np.copyto(pairs, self._framed[1 : size + 1])
        pairs <<= 8
        pairs |= pixels

    def _average_squares(self, pixels: UInt8Array, total: NDArray[np.uint16]) -> None:
        """Replace each framed pixel by the mean of the square of which it is the first.

        Rows and images follow one another in memory with paper between them, so that the right neighbour of
        every pixel is simply the next one. ``total`` is room for the sums.
        """
        side = self._pooling
        np.copyto(total, pixels)
        for column in range(1, side):
            total[:-column] += pixels[column:]
        line = total.copy()
        for row in range(1, side):
            total[: -row * self._row_length] += line[row * self._row_length :]
        total += side**2 // 2
        np.floor_divide(total, side**2, out=pixels, casting="unsafe")

    def _look_up(self, across: Float32Array, down: Float32Array) -> NDArray[np.uint16]:
        """Return the pixels at the places that the coefficients say, between four neighbours (bilinear).

        Places are counted in 1/256 of a pixel, so that all arithmetic is on whole numbers of 16 bits.
        """
        n = len(across)
        height, width = self._shape
        column, right = self._column[:n], self._right[:n]
        row, below = self._row[:n], self._down[:n]
        self._locate(across, width, column, right)
        self._locate(down, height, row, below)
        row *= self._row_length
        column += row
        column += self._first[:n]
        index = self._index[:n]
        np.copyto(index, column)
        upper = self._mix_pairs(self._pairs, index, right, self._above[:n])
        lower = self._mix_pairs(self._pairs[self._row_length :], index, right, self._below[:n])
        return _mix(upper, lower, below)

    def _locate(
        self, coefficients: Float32Array, side: int, whole: NDArray[np.int32], part: NDArray[np.uint16]
    ) -> None:
        """Write places along one side as whole pixels of the frame and 1/256 parts of a pixel."""
        place = self._place[: len(coefficients)]
        coefficients[:, 0] += self._border
        coefficients *= 256
        np.matmul(coefficients, self._basis, out=place)
        np.clip(place, 0, 256 * (side + self._border), out=place)
        np.copyto(whole, place, casting="unsafe")
        np.copyto(part, whole, casting="unsafe")
        part &= 255
        whole >>= 8

    def _mix_pairs(
        self,
        pairs: NDArray[np.uint16],
        index: NDArray[np.intp],
        part: NDArray[np.uint16],
        out: NDArray[np.uint16],
    ) -> NDArray[np.uint16]:
        """Fetch pairs of neighbours and mix each."""
        pairs.take(index, out=out, mode="clip")
        second = np.right_shift(out, 8, out=self._next[: len(out)])
        out &= 255
        return _mix(out, second, part)


def _mix(
    first: NDArray[np.uint16], second: NDArray[np.uint16], part: NDArray[np.uint16]
) -> NDArray[np.uint16]:
    """first ← first + (second - first) · part / 256, rounded; second is overwritten.

    The difference may be below zero and wrap around in 16 bits; adding 256 · first wraps it back.

    >>> _mix(np.array([100], np.uint16), np.array([50], np.uint16), np.array([64], np.uint16)).tolist()
    [88]
    """
    second -= first
    second *= part
    first <<= 8
    first += second
    first += 128
    first >>= 8
    return first


def _displacement_basis(image_shape: tuple[int, int], pooling: int, elastic: bool) -> Float32Array:
    """Return the pictures whose weighted sums say where pixels are looked up, float32 (pictures, pixels).

    A constant, the column and the row of each (pooled) pixel counted from the middle of the image, and for
    the elastic change one soft hill around each point of a coarse grid. The hills are scaled so that, when
    each is multiplied by a standard normal number, the sum has standard deviation 1 at every pixel.
    """
    height, width = image_shape
    rows = np.arange(0, height, pooling) - (height - pooling) / 2
    columns = np.arange(0, width, pooling) - (width - pooling) / 2
    y, x = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    pictures = [np.ones_like(x), x, y]
    if elastic:
        points_y, points_x = (
            np.arange(-side / 2, side / 2 + ELASTIC_SPACING, ELASTIC_SPACING) for side in image_shape
        )
        distances = ((x - px) ** 2 + (y - py) ** 2 for py in points_y for px in points_x)
        hills = np.stack([np.exp(-0.5 * distance / ELASTIC_SPACING**2) for distance in distances])
        pictures += list(hills / np.sqrt((hills**2).sum(axis=0)))
    return np.stack(pictures).astype(np.float32)


def change_pen_width(images: UInt8Array, pixels: NDArray[np.floating]) -> UInt8Array:
    """Return the images with strokes thicker (or, below zero, thinner) by about ``pixels`` each.

    The brightest of a pixel and its four neighbours makes strokes two pixels thicker (dilation), the darkest
    two thinner (erosion); the image is mixed with the one or the other.

    Parameters
    ----------
    images : uint8 array (n, height, width)
    pixels : float array (n,), from -2 to 2

    Examples
    --------
    >>> line = np.array([[[0, 0, 200, 0, 0]]], np.uint8)
    >>> change_pen_width(line, np.array([1.0])).tolist()
    [[[0, 100, 200, 100, 0]]]
    """
    # Thinner ink is thicker paper: inverted, both are the same work.
    inverted = np.where(pixels < 0, 255, 0).astype(np.uint8)[:, None, None]
    images = images ^ inverted
    thick = images.copy()
    np.maximum(thick[:, 1:], images[:, :-1], out=thick[:, 1:])
    np.maximum(thick[:, :-1], images[:, 1:], out=thick[:, :-1])
    np.maximum(thick[:, :, 1:], images[:, :, :-1], out=thick[:, :, 1:])
    np.maximum(thick[:, :, :-1], images[:, :, 1:], out=thick[:, :, :-1])
    part = np.rint(np.abs(pixels) * 128).astype(np.uint16)[:, None, None]
    mixed = _mix(images.astype(np.uint16), thick.astype(np.uint16), part)
    return mixed.astype(np.uint8) ^ inverted


def _add_noise(pixels: NDArray[np.uint16], deviation: float, generator: np.random.Generator) -> None:
    """Add normal noise to pixels, in place, and keep them between 0 and 255."""
    noisy = generator.standard_normal(pixels.shape, np.float32)
    noisy *= deviation
    noisy += pixels
    np.rint(np.clip(noisy, 0, 255, out=noisy), out=noisy)
    np.copyto(pixels, noisy, casting="unsafe")
