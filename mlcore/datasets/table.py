"""Rows of numbers in place of images, for data that are no pixels.

`DigitClassifier` trains on them: standardised columns, or the components of a PCA, would lose most of what
they say as bytes.
"""

from typing import Any, ClassVar

import numpy as np

from mlcore.datasets.dataset import Dataset


class Table(Dataset):
    """A data set whose "pixels" are float32 numbers of any size; a row of them is laid out as an image.

    A network reads them as they are, divided by one number for the whole table (`fit_preparation`). They
    cannot be augmented.

    Examples
    --------
    >>> table = Table(np.array([[[-1.5, 0.25]]], np.float32), [0], ("a", "b"), "table")
    >>> table.take([0]).images.tolist()
    [[[-1.5, 0.25]]]
    """

    pixel_type: ClassVar[np.dtype[Any]] = np.dtype(np.float32)
