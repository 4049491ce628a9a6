"""Which images are dark ink on light paper, judged one by one, so that all can become white ink on black.

`settle_pixels` asks this about the images of every file. Photos without paper are recognised and left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

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
LEAST_RANGE = 16  # grey levels between the darkest and the lightest pixel; with fewer, an image is blank


@dataclass(frozen=True)
class Papers:
    """What paper each image seems to have; arrays of ``(n,)``.

    Two things tell light paper from dark: most pixels are paper, and so is most of the border. Ink that is
    bold or touches the border may mislead one of them; the images in which both agree are the ones to go by.

    Attributes
    ----------
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
        blocks = [_look(images[start : start + BLOCK]) for start in range(0, len(images), BLOCK)]
        return cls(*(np.concatenate([getattr(b, f.name) for b in blocks]) for f in fields(cls)))

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
        set is mixed, each is judged by itself.
        """
        if not self.are_ink:
            return np.zeros(len(self.agree), np.bool_)
        sure = self.agree & self.clear
        share = (self.light[sure] if sure.any() else self.light_border).mean()
        if 1 - ALMOST_ALL < share < ALMOST_ALL:
            return self.light
        even = sure & (self.even_border >= EVEN_BORDER)
        return np.where(even, self.light, bool(share >= MOST))


def _look(images: UInt8Array) -> Papers:
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
    return Papers(
        light=np.where(is_plain, by_most, by_border),
        agree=by_most == by_border,
        light_border=by_border,
        one_sided=np.maximum(darker, lighter) / np.maximum(1, np.minimum(darker, lighter)),
        near_border=_share(flat, paper - quarter, paper + quarter),
        two_levels=np.where(is_blank, 0, dark + light),
        even_border=_share(border, paper - quarter, paper + quarter),
    )


def _share(pixels: UInt8Array, low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the fraction of each row that lies between two levels, these included."""
    low, high = np.maximum(low, 0), np.minimum(high, 255)
    # Below `low` the difference wraps around to large values, so that one comparison is enough. Adding bytes
    # up as uint16 takes a quarter of the time of counting booleans.
    above = pixels - low.astype(np.uint8)[:, None]
    inside = (above <= (high - low).astype(np.uint8)[:, None]).view(np.uint8)
    share: NDArray[np.float64] = inside.sum(axis=1, dtype=np.uint16) / pixels.shape[1]
    return share
