"""Changes the size of a grey image: each new pixel is the average of the area that it covers.

The readers use it for pictures that differ in size, and `drawing` for a drawing on its way to the network.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array


def resample(image: NDArray[np.generic], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the image at another size, ``(height, width)``, as float32 on the same scale.

    A side that shrinks is averaged by area, as MNIST's images were; one that grows is interpolated linearly.

    >>> resample(np.array([[0, 4], [8, 8]]), (1, 1))
    array([[5.]], dtype=float32)
    """
    rows = _weights(image.shape[0], shape[0])
    columns = _weights(image.shape[1], shape[1])
    result: NDArray[np.float32] = rows @ image.astype(np.float32) @ columns.T
    return result


def fit_into(shape: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Return the largest height and width of the same proportion that fit into a box; at least one pixel.

    >>> fit_into((100, 50), (20, 20))
    (20, 10)
    """
    scale = min(box[0] / shape[0], box[1] / shape[1])
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resample_all(images: UInt8Array, shape: tuple[int, int]) -> UInt8Array:
    """Return images, ``(n, height, width)``, scaled to fit a shape, in proportion, in the middle, on black.

    >>> resample_all(np.full((1, 4, 2), 9, np.uint8), (2, 2))
    array([[[9, 0],
            [9, 0]]], dtype=uint8)
    """
    height, width = fit_into((images.shape[1], images.shape[2]), shape)
    rows, columns = _weights(images.shape[1], height), _weights(images.shape[2], width)
    top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
    scaled = np.zeros((len(images), *shape), np.uint8)
    inner = rows @ images.astype(np.float32) @ columns.T
    scaled[:, top : top + height, left : left + width] = np.rint(inner)
    return scaled


@lru_cache(maxsize=256)
def _weights(n_old: int, n_new: int) -> NDArray[np.float32]:
    """Return the share of each old pixel in each new one, ``(n_new, n_old)``; each row sums to 1."""
    old = np.arange(n_old)
    if n_new > n_old:
        centres = np.clip((np.arange(n_new) + 0.5) * n_old / n_new - 0.5, 0, n_old - 1)
        shares = np.maximum(0, 1 - np.abs(centres[:, None] - old))
    else:
        edges = np.arange(n_new + 1) * (n_old / n_new)
        overlap = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
        shares = np.maximum(0, overlap) * (n_new / n_old)
    weights: NDArray[np.float32] = shares.astype(np.float32)
    weights.flags.writeable = False
    return weights
