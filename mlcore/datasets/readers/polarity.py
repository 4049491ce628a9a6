"""Which images are dark ink on light paper, judged one by one, so that all can become white ink on black.

`settle_pixels` asks this about the images of every file. Photos without paper are recognised and left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.datasets.dataset import BLOCK

# `python -m benchmarks.polarity` prints what these give for ink of many kinds and for photos.
ONE_SIDED = 3.0
FAINT = 2.2
MOSTLY_PAPER = 0.4
TWO_LEVELS = 0.75
EVEN_BORDER = 0.7
MOST = 0.5
PLAIN = 0.6  # of the pixels that are very dark or very light are one of the two
ALMOST_ALL = 0.9
FLOAT_BLOCK = BLOCK // 8  # images that are compared at once as floats: 8 MB of 64×64 pixels
LEAST_RANGE = 16  # grey levels between the darkest and the lightest pixel; with fewer, an image is blank


@dataclass(frozen=True)
class Papers:
    """What paper each image seems to have; arrays of ``(n,)``.

    Two things tell light paper from dark: most pixels are paper, and so is most of the border. Ink that is
    bold or touches the border may mislead one of them; the images in which both agree are the ones to go by.

    Attributes
    ----------
    images : uint8 array, ``(n, height, width)``
        The images that were looked at.
    light : bool array
        Whether the paper is light, judged by this image alone: by most of its pixels where that is clear, and
        else by its border.
    agree : bool array
        Whether both say the same.
    light_border : bool array
        Whether the image is darker than the median of its border rather than lighter.
    one_sided : float array
        How much further it is to that side of the border's median than to the other; a photo has both.
    near_border : float array
        Fraction of the pixels that are about as light as the border's median.
    two_levels : float array
        Fraction of the pixels that are near the lightest or the darkest level.
    even_border : float array
        Fraction of the border that is about as light as its median.
    """

    images: UInt8Array = field(repr=False)
    light: NDArray[np.bool_]
    agree: NDArray[np.bool_]
    light_border: NDArray[np.bool_]
    one_sided: NDArray[np.float64]
    near_border: NDArray[np.float64]
    two_levels: NDArray[np.float64]
    even_border: NDArray[np.float64]

    @classmethod
    def of(cls, images: UInt8Array) -> Papers:
        """Look at images ``(n, height, width)``, block by block."""
        seen = [_look(images[start : start + BLOCK]) for start in range(0, len(images), BLOCK)]
        return cls(images, **{name: np.concatenate([block[name] for block in seen]) for name in seen[0]})

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Which images are ink on paper beyond doubt."""
        paper = (self.one_sided >= ONE_SIDED) & (self.near_border >= MOSTLY_PAPER)
        return paper | (self.two_levels >= TWO_LEVELS)

    @property
    def are_ink(self) -> bool:
        """Whether the images are ink on paper, be it faint; else they are photos, and none is inverted."""
        if self.clear.mean() >= MOST:
            return True
        share = self.light_border.mean()
        return bool(max(share, 1 - share) >= ALMOST_ALL and np.median(self.one_sided) >= FAINT)

    def dark_on_light(self) -> NDArray[np.bool_]:
        """Tell which images are dark on light, ``(n,)``.

        When almost all go the same way, all do, but for those with an even border of the other kind. When the
        set is mixed, the sure images are judged by themselves, and the others by their likeness to these.
        """
        if not self.are_ink:
            return np.zeros(len(self.agree), np.bool_)
        sure = self.agree & self.clear
        votes = self.light[sure] if sure.mean() >= MOST else self._by_likeness(sure)
        share = votes.mean()
        if 1 - ALMOST_ALL < share < ALMOST_ALL:
            return self._by_likeness(sure)
        even = sure & (self.even_border >= EVEN_BORDER)
        return np.where(even, self.light, bool(share >= MOST))

    def _by_likeness(self, sure: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which images are dark on light: those that are not sure, by their likeness to those that are.

        Digits of one set lie in the same place. So even a bold one correlates with the mean of the sure ones,
        all as white ink on black, or with its negative. What does neither is judged by its border.
        """
        white = np.where(self.light, -1, 1) * sure
        total, likeness = np.zeros(self.images[0].size), np.empty(len(self.images))
        for rows, pixels in self._contrasts():
            total += white[rows] @ pixels
        for rows, pixels in self._contrasts():
            likeness[rows] = pixels @ total
        return np.where(sure, self.light, np.where(likeness == 0, self.light_border, likeness < 0))

    def _contrasts(self) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Yield the images block by block as rows, ``(images, pixels)``, of mean 0 and length 1."""
        for start in range(0, len(self.images), FLOAT_BLOCK):
            rows = slice(start, start + FLOAT_BLOCK)
            pixels = self.images[rows].reshape(-1, self.images[0].size).astype(np.float32)
            pixels -= pixels.mean(axis=1, keepdims=True)
            pixels /= np.maximum(1, np.linalg.norm(pixels, axis=1, keepdims=True))  # less when blank
            yield rows, pixels


def _look(images: UInt8Array) -> dict[str, NDArray[Any]]:
    """Return what `Papers` has of some images, by name."""
    flat = images.reshape(len(images), -1)
    border = np.concatenate([images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]], axis=1)
    middle = border.shape[1] // 2
    paper = np.partition(border, middle, axis=1)[:, middle].astype(int)
    lowest, highest = flat.min(axis=1).astype(int), flat.max(axis=1).astype(int)
    darker, lighter, quarter = paper - lowest, highest - paper, (highest - lowest) // 4
    dark, light = _share(flat, lowest, lowest + quarter), _share(flat, highest - quarter, highest)
    is_blank = highest - lowest < LEAST_RANGE
    by_border = np.where(is_blank, paper > 127, darker > lighter)
    by_most = np.where(is_blank, by_border, light > dark)
    is_plain = np.maximum(dark, light) >= PLAIN * (dark + light)
    return {
        "light": np.where(is_plain, by_most, by_border),
        "agree": by_most == by_border,
        "light_border": by_border,
        "one_sided": np.maximum(darker, lighter) / np.maximum(1, np.minimum(darker, lighter)),
        "near_border": _share(flat, paper - quarter, paper + quarter),
        "two_levels": np.where(is_blank, 0, dark + light),
        "even_border": _share(border, paper - quarter, paper + quarter),
    }


def _share(pixels: UInt8Array, low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the fraction of each row that lies between two levels, these included."""
    low, high = np.maximum(low, 0), np.minimum(high, 255)
    # Below `low` the difference wraps around to large values, so that one comparison is enough. Adding bytes
    # up as uint16 takes a quarter of the time of counting booleans.
    above = pixels - low.astype(np.uint8)[:, None]
    inside = (above <= (high - low).astype(np.uint8)[:, None]).view(np.uint8)
    share: NDArray[np.float64] = inside.sum(axis=1, dtype=np.uint16) / pixels.shape[1]
    return share
