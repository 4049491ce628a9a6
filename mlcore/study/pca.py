"""Principal components: the directions in which many numbers vary most, and what they leave of each image.

The map of a data set on the Inside page is made of the first two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Float64Array

SPARE = 8
"""Directions that are followed besides those that are wanted: so these settle sooner."""

SETTLED = 1e-8
"""By how much of its length an axis may still turn in the last round."""

MOST_ROUNDS = 60
"""MNIST takes 30. Only directions that vary equally, which nothing tells apart, take more."""


@dataclass(frozen=True)
class PrincipalComponents:
    """The directions in which values vary most.

    Attributes
    ----------
    mean : float64 array (features,)
    axes : float64 array (count, features)
        Each of length 1, at right angles to the others, the one with the most variance first. Its entry that
        is farthest from 0 is positive, so that the same values always give the same axes.
    variances : float64 array (count,)
        Along each axis, divided by n as `numpy.var` does.
    total_variance : float
        Of all directions together.
    """

    mean: Float64Array
    axes: Float64Array
    variances: Float64Array
    total_variance: float

    @property
    def explained(self) -> Float64Array:
        """The fraction of the variance along each axis; 0 where nothing varies."""
        return self.variances / (self.total_variance or 1.0)

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return self.mean.nbytes + self.axes.nbytes + self.variances.nbytes

    def project(self, values: NDArray[np.floating]) -> Float64Array:
        """Return where values (n, features) lie along the axes, (n, count)."""
        places: Float64Array = (values - self.mean) @ self.axes.T
        return places


def principal_components(values: NDArray[np.floating], count: int = 2) -> PrincipalComponents:
    """Find the directions of most variance (Pearson, 1901), by subspace iteration.

    With centred values X, some directions Q are multiplied by Xᵀ X and made orthogonal again, until they
    stand still: each round makes the strong ones stronger against the weak ones. No matrix of features ×
    features is ever made, so that a layer of thousands of values takes no longer than the pixels.

    Parameters
    ----------
    values : float array (n, features)
    count : int

    Examples
    --------
    >>> found = principal_components(np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]), 1)
    >>> found.axes.round(6).tolist(), found.explained.round(6).tolist()
    ([[0.6, 0.8]], [1.0])
    >>> found.project(np.array([[3.0, 4.0], [6.0, 8.0]])).round(6).tolist()
    [[0.0], [5.0]]
    """
    values = np.asarray(values, np.float64)
    n, features = values.shape
    mean = values.mean(axis=0)
    centred = values - mean
    width = min(count + SPARE, n, features)
    start = np.random.default_rng(0).standard_normal((features, width))
    directions = np.linalg.qr(start)[0]
    axes = np.zeros((count, features))
    for _round in range(MOST_ROUNDS):
        directions = np.linalg.qr(centred.T @ (centred @ directions))[0]
        # Among the directions that are followed, those of most variance come first.
        _left, sizes, turned = np.linalg.svd(centred @ directions, full_matrices=False)
        before, axes = axes, np.zeros_like(axes)
        found = (directions @ turned.T).T[:count]
        axes[: len(found)] = found * _signs(found)
        if np.abs(axes - before).max() <= SETTLED:
            break
    variances = np.zeros(count)
    variances[: min(count, width)] = np.square(sizes[:count]) / n
    return PrincipalComponents(mean, axes, variances, float(np.square(centred).sum() / n))


def _signs(axes: Float64Array) -> Float64Array:
    """Return 1 or -1 for each axis, (count, 1): its entry that is farthest from 0 becomes positive."""
    farthest = np.abs(axes).argmax(axis=1)[:, None]
    return np.where(np.take_along_axis(axes, farthest, axis=1) < 0, -1.0, 1.0)
