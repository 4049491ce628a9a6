"""How an image becomes the numbers that the network reads: fitted in training, kept in the model.

The batches and the model use it, so that a drawing is prepared exactly as the training images were.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array
from mlcore.images.frame import Frame, fit_frame
from mlcore.language import _

Integers = NDArray[np.unsignedinteger[Any]]

LARGEST_SIDE = 1024  # pixels, of an image in a model file: no data set here comes near it
LARGEST_POOLING = 16  # 16² times 255 is the most that a uint16 sum can hold


@dataclass(frozen=True)
class Preparation:
    """Two steps: `compact` (whole numbers: pooling, dropped pixels) and `finish` (scaling, to float).

    The first is done once for all training images, the second for every batch.

    Attributes
    ----------
    image_shape : (int, int)
        Height and width of the images it takes.
    pooling : int
        Side of the squares of pixels that are averaged into one (1: none).
    kept : int array (features,) or None
        Which pixels are read; None means all.
    scale : float
        The factor from whole numbers to the network's inputs.
    mean, deviation : float array (features,) or None
        Subtracted and divided by, when inputs are standardised.
    levels : int or None
        The highest grey level that the pixels had before they became bytes; they are then brought back to
        these whole numbers, exactly: round(byte · levels / 255).
    frame : Frame or None
        How ink lies in the training images, for drawings that are to be answered; None: as in MNIST.
    floats : bool
        Whether it takes rows of float32 numbers (a `Table`) in place of bytes.
    """

    image_shape: tuple[int, int]
    pooling: int = 1
    kept: NDArray[np.intp] | None = None
    scale: float = 1 / 255
    mean: NDArray[np.float64] | None = None
    deviation: NDArray[np.float64] | None = None
    levels: int | None = None
    frame: Frame | None = None
    floats: bool = False

    def check(self) -> None:
        """Raise ValueError when the parts do not fit together (a damaged file)."""
        if not 1 <= min(self.image_shape) <= max(self.image_shape) <= LARGEST_SIDE:
            raise ValueError("image shape")
        if not 1 <= self.pooling <= LARGEST_POOLING or not np.isfinite(self.scale):
            raise ValueError("pooling or scale")
        if self.levels is not None and not 1 <= self.levels <= 255:
            raise ValueError("grey levels")
        if self.frame is not None:
            self.frame.check(self.image_shape)
        if self.kept is not None and not (
            self.kept.ndim == 1
            and self.kept.dtype.kind in "iu"
            and len(self.kept)
            and 0 <= self.kept[0] <= self.kept[-1] < math.prod(self.pooled_shape)
            and bool((self.kept[1:] > self.kept[:-1]).all())
        ):
            raise ValueError("kept pixels")
        if (self.mean is None) != (self.deviation is None):
            raise ValueError("mean without deviation")
        for values in (self.mean, self.deviation):
            if values is None:
                continue
            if values.shape != (self.features,) or values.dtype.kind != "f" or not np.isfinite(values).all():
                raise ValueError("mean and deviation")

    @property
    def pooled_shape(self) -> tuple[int, int]:
        """Height and width after pooling; a side that does not divide evenly is filled up with black."""
        height, width = self.image_shape
        return -(-height // self.pooling), -(-width // self.pooling)

    @property
    def features(self) -> int:
        """How many numbers the network reads from one image."""
        height, width = self.pooled_shape
        return height * width if self.kept is None else len(self.kept)

    @property
    def output_scale(self) -> float | None:
        """The factor that may be applied behind the first matrix product, where the arrays are smaller.

        None when inputs are standardised: then `finish` does it all.
        """
        return self.scale if self.mean is None else None

    @property
    def is_plain(self) -> bool:
        """Whether `compact` changes nothing."""
        return self.pooling == 1 and self.kept is None

    @property
    def compact_dtype(self) -> np.dtype[Any]:
        """The type of compact images: sums of pixels need two bytes."""
        if self.floats:
            return np.dtype(np.float32)
        return np.dtype(np.uint8 if self.pooling == 1 else np.uint16)

    def describe(self, scaled: bool = True) -> str:
        """Return in words how an image becomes inputs, with or without `output_scale`.

        >>> Preparation((28, 28), pooling=2, scale=1 / (255 * 4)).describe()
        'sums over squares of 2×2 pixels, in a row, × 0.000980392'
        """
        text = _("the pixels, in a row")
        if self.pooling > 1:
            text = _("sums over squares of {side}×{side} pixels, in a row").format(side=self.pooling)
        if self.kept is not None:
            text += _(", only the {n} that are kept").format(n=len(self.kept))
        if self.levels is not None:
            text += _(", as whole grey levels from 0 to {n}").format(n=self.levels)
        if scaled or self.mean is not None:
            text += f", × {self.scale:.6g}"
        if self.mean is not None:
            text += _(", minus the mean, divided by the standard deviation")
        return text

    def compact(self, images: NDArray[np.uint8]) -> Integers:
        """Pool and select.

        Parameters
        ----------
        images : uint8 array (n, height, width)

        Returns
        -------
        uint8 or uint16 array (n, features)
            Pooled squares are sums, not means, so that they stay whole numbers; `scale` makes up for it.
        """
        n = len(images)
        flat: Integers = images.reshape(n, -1)
        if self.pooling > 1:
            flat = self._pool(images).reshape(n, -1)
        return flat if self.kept is None else np.take(flat, self.kept, axis=1)

    def _pool(self, images: NDArray[np.uint8]) -> Integers:
        p = self.pooling
        height, width = self.pooled_shape
        padding = ((0, 0), (0, height * p - images.shape[1]), (0, width * p - images.shape[2]))
        padded = np.pad(images, padding) if any(after for _, after in padding) else images
        pooled = np.zeros((len(images), height, width), np.float32 if self.floats else np.uint16)
        for row in range(p):
            for column in range(p):
                pooled += padded[:, row::p, column::p]
        return pooled

    def finish(self, compact: Integers, out: Array, *, scaled: bool = True) -> Array:
        """Write the network's inputs into ``out`` (n, features) and return it.

        With ``scaled=False`` the factor `output_scale` is left to the first layer.
        """
        out[...] = compact
        if self.levels is not None:
            out *= self.levels / (255 * self.pooling**2)
            np.rint(out, out=out)
        if self.mean is not None and self.deviation is not None:
            out *= self.scale
            out -= self.mean.astype(out.dtype)
            out /= self.deviation.astype(out.dtype)
        elif scaled:
            out *= self.scale
        return out

    def __call__(self, images: NDArray[np.uint8], dtype: Any = np.float32) -> Array:
        """Return the network's inputs for images, float (n, features).

        >>> Preparation((1, 2))(np.array([[[0, 255]]], np.uint8)).tolist()
        [[0.0, 1.0]]
        """
        return self.finish(self.compact(images), np.empty((len(images), self.features), dtype))


def fit_preparation(
    images: NDArray[np.uint8],
    *,
    pooling: int = 1,
    scaling: str = "255",
    standardize: bool = False,
    drop_rare_pixels: float | None = None,
) -> Preparation:
    """Learn a `Preparation` from training images.

    Parameters
    ----------
    images : uint8 or float32 array (n, height, width)
    pooling : int
        Side of the squares that are averaged.
    scaling : {"255", "maximum", "none", "levels"}
        Divide by 255, by the largest value in the images, or by nothing; or bring the pixels back to the grey
        levels 0 to 16 and divide these by 16 and by 8. Floats have no 255: they are divided by about their
        root mean square.
    standardize : bool
        Give every input mean 0 and standard deviation 1.
    drop_rare_pixels : float or None
        Drop the inputs that are above 0 in this part of the images or fewer (0: those that never are).

    Raises
    ------
    ValueError
        When there is no such scaling.
    """
    if scaling not in ("255", "maximum", "none", "levels"):
        raise ValueError(f"scaling is {scaling!r}, and should be '255', 'maximum', 'none' or 'levels'")
    shape, floats = (images.shape[1], images.shape[2]), images.dtype.kind == "f"
    frame = None if floats else fit_frame(images)
    if scaling == "levels":
        plain = Preparation(shape, pooling, scale=1 / (16 * 8), levels=16, frame=frame, floats=floats)
    else:
        full = _usual_size(images) if floats else 255.0
        divisor = {"255": full, "maximum": float(max(1, images.max(initial=0))), "none": 1.0}[scaling]
        plain = Preparation(shape, pooling, scale=1 / (divisor * pooling**2), frame=frame, floats=floats)
    if drop_rare_pixels is None and not standardize:
        return plain
    kept = None
    if drop_rare_pixels is not None:
        lit = _times_lit(plain, images)
        kept = np.flatnonzero(lit > drop_rare_pixels * len(images))
        if len(kept) == 0:
            kept = np.array([int(np.argmax(lit))])
    if not standardize:
        return replace(plain, kept=kept)
    total, squares = _pixel_sums(plain, images)
    mean = total / len(images) * plain.scale
    variance = squares / len(images) * plain.scale**2 - mean**2
    deviation = np.where(variance > 1e-12, np.sqrt(np.maximum(variance, 0)), 1.0)
    if kept is not None:
        mean, deviation = mean[kept], deviation[kept]
    return replace(plain, kept=kept, mean=mean, deviation=deviation)


def _usual_size(images: NDArray[Any]) -> float:
    """Return the power of two that is nearest to the root mean square of floats: dividing by it is exact."""
    _total, squares = _pixel_sums(Preparation(tuple(images.shape[1:]), floats=True), images)
    mean = float(squares.sum()) / max(1, images.size)
    return 2.0 ** round(math.log2(mean) / 2) if mean else 1.0


def _times_lit(preparation: Preparation, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return, for each input, in how many images it is above 0, a block at a time."""
    lit = np.zeros(preparation.features, np.int64)
    for start in range(0, len(images), 4096):
        lit += np.count_nonzero(preparation.compact(images[start : start + 4096]), axis=0)
    return lit


def _pixel_sums(
    preparation: Preparation, images: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each input, its sum and its sum of squares, a block at a time."""
    total, squares = np.zeros(preparation.features), np.zeros(preparation.features)
    for start in range(0, len(images), 4096):
        compact = preparation.compact(images[start : start + 4096])
        block = preparation.finish(compact, np.empty(compact.shape), scaled=False)
        total += block.sum(axis=0)
        squares += (block * block).sum(axis=0)
    return total, squares
