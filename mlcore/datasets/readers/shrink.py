"""Scales images to the common size of 28×28: large ones, and pictures of different sizes.

The readers of pictures and arrays use it as they read, and `settle_pixels` for large images of other formats.
"""

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.datasets.decision import Decision
from mlcore.datasets.readers.limits import MAX_SIDE, check_images
from mlcore.images.resample import fit_into, resample
from mlcore.language import _

COMMON_SHAPE = (28, 28)


def is_large(shape: tuple[int, ...]) -> bool:
    """Tell whether images of this height and width are scaled down."""
    return max(shape) > MAX_SIDE


def shrunk(file: str, images: UInt8Array) -> UInt8Array:
    """Return images ``(n, height, width)`` at the common size.

    Raises
    ------
    DatasetError
        When there is no memory for them.
    """
    check_images(file, len(images), COMMON_SHAPE[0] * COMMON_SHAPE[1], images.nbytes)
    result = np.empty((len(images), *COMMON_SHAPE), np.uint8)
    for k, image in enumerate(images):
        result[k] = to_common_shape(image)
    return result


def shrinking(shape: tuple[int, ...], count: int) -> Decision:
    """Return what is said of images of this height and width that were scaled to the common size."""
    message = _("The images were scaled from {width}×{height} to fit 28×28.")
    return Decision("shrink", message.format(height=shape[0], width=shape[1]), count)


def to_common_shape(image: UInt8Array) -> NDArray[np.uint8]:
    """Scale an image to fit 28×28 and set it in the middle, on the grey level of its border."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    framed = np.full(COMMON_SHAPE, np.median(border), np.uint8)
    height, width = fit_into((image.shape[0], image.shape[1]), COMMON_SHAPE)
    top, left = (COMMON_SHAPE[0] - height) // 2, (COMMON_SHAPE[1] - width) // 2
    framed[top : top + height, left : left + width] = np.rint(resample(image, (height, width)))
    return framed
