"""The light on the paper of a photo: how bright each pixel would be if nothing were written on it.

`ink_of_photo` compares the photo with it, so that ink is found where the light is uneven.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.images.marks import Ink
from mlcore.images.resample import fit_into, resample

# Which products of the powers 1, t, t² and t³, down and across, a cubic surface has: up to degree 3.
_DEGREES = np.add.outer(np.arange(4), np.arange(4)) <= 3

WIDER_THAN_STROKES = 0.09  # of the longer side: strokes are narrower; shadows, of fingers too, are wider


def smooth_light(values: Ink, coarse: int = 32, rounds: int = 20) -> Ink:
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


def light_with_edges(values: Ink, *, dark_ink: bool) -> Ink:
    """Return the light of the paper where a shadow may begin all at once: a photo without what is narrow.

    Whatever is darker than all around it and narrower than `WIDER_THAN_STROKES` is filled with the light
    beside it (a morphological closing, Serra 1982); light ink is taken out likewise, by an opening. The edge
    of a shadow stays where it is, however sharp, since to one side of it the shadow is wide.

    >>> page = np.full((100, 100), 0.8, np.float32)
    >>> page[:, 60:] = 0.4
    >>> written = page.copy()
    >>> written[20:80, 50:55] = written[20:80, 70:75] = 0.1
    >>> bool((light_with_edges(written, dark_ink=True) == page).all())
    True
    """
    width = round(WIDER_THAN_STROKES * max(values.shape))
    sign = np.float32(1 if dark_ink else -1)
    light: Ink = -sign * _highest_within(-_highest_within(sign * values, width), width)
    return light - np.float32(np.median(light - values))  # of grainy paper only the brightest grains are left


def _highest_within(values: Ink, width: int) -> Ink:
    """Return the highest value in an octagon of this width around each pixel: as wide in any direction.

    An octagon is what four lines sweep one along another: two along the sides, two along the diagonals.
    """
    straight, diagonal = 2 * round(0.207 * width), round(0.293 * width)  # 0.414 = √2 - 1 of it, and the rest
    highest = np.pad(values, straight // 2 + diagonal, mode="edge")
    for step, length in (((1, 0), straight), ((0, 1), straight), ((1, 1), diagonal), ((1, -1), diagonal)):
        highest = _highest_along(highest, step, length)
    return highest


def _highest_along(values: Ink, step: tuple[int, int], length: int) -> Ink:
    """Return the highest of the values in each line that goes so many steps down and right, or left."""
    down, across = step
    reach = 1  # of so many values each is the highest: twice as many with each round
    while reach <= length:
        n = min(reach, length + 1 - reach)
        first = values[: len(values) - n * down, max(0, -n * across) : values.shape[1] - max(0, n * across)]
        second = values[n * down :, max(0, n * across) : values.shape[1] - max(0, -n * across)]
        values = np.maximum(first, second)
        reach += n
    return values


def _powers(n: int) -> NDArray[np.float64]:
    """Return 1, t, t² and t³ for n places from -1 to 1, ``(n, 4)``."""
    return np.vander(np.linspace(-1, 1, n), 4, increasing=True)
