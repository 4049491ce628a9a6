"""t-SNE: a map on which similar images lie together, whatever the distance of the others, by openTSNE.

The map of the Inside page offers it where openTSNE is installed; only this module needs it. A worker computes
it, as a study.
"""

import importlib.util

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Float64Array
from mlcore.study.pca import principal_components
from mlcore.study.progress import Study

DIRECTIONS = 50
"""Principal components that are kept of the values: what is left is mostly noise, and time."""

PERPLEXITY = 30
"""About how many neighbours each image looks to."""

EARLY, LATE = 250, 500
"""Rounds with the neighbours drawn together more strongly, and without."""

PART = 25
"""Rounds between two reports."""


def is_installed() -> bool:
    """Return whether openTSNE is there."""
    return importlib.util.find_spec("openTSNE") is not None


def tsne_places(values: NDArray[np.floating], seed: int = 0) -> Study[Float64Array]:
    """Place images by their neighbours (van der Maaten & Hinton, 2008).

    It begins with the first two principal components, so that the large order is that of the other map (Kobak
    & Berens, 2019); the same values and seed give the same places.

    Parameters
    ----------
    values : float array (n, features)
        At least five images.
    seed : int

    Yields
    ------
    float
        The fraction that is done.

    Returns
    -------
    float64 array (n, 2)
    """
    # Here, not above: the web process names this function, and need not have SciPy in memory for that.
    from openTSNE import TSNEEmbedding, affinity, initialization

    values = np.asarray(values, np.float64)
    few = principal_components(values, min(DIRECTIONS, *values.shape)).project(values)
    start = initialization.rescale(few[:, :2].copy() if few.shape[1] > 1 else np.hstack([few, 0 * few]))
    perplexity = min(PERPLEXITY, (len(values) - 1) / 3)
    yield 0.02
    near = affinity.PerplexityBasedNN(few, perplexity, method="exact", n_jobs=1, random_state=seed)
    yield 0.1
    places = TSNEEmbedding(
        start, near, negative_gradient_method="bh", n_jobs=1, random_state=seed, learning_rate="auto"
    )
    for done in range(0, EARLY + LATE, PART):
        is_early = done < EARLY
        places.optimize(
            PART, exaggeration=12 if is_early else None, momentum=0.5 if is_early else 0.8, inplace=True
        )
        yield 0.1 + 0.9 * (done + PART) / (EARLY + LATE)
    return np.array(places, np.float64)
