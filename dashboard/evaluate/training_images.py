"""The training images as the studies of the Evaluate page get them, and where they are in the whole data set.

The label court and the other looks at training images use it.
"""

import numpy as np

from dashboard.session import UPLOADED, Session
from dashboard.shipped import shipped_dataset
from mlcore import Dataset
from mlcore.arrays import IndexArray
from mlcore.study.parcel import Parcel, parcel


def packed(session: Session, part: Dataset) -> Parcel:
    """Return a part of the data set in use as it is sent to a worker."""
    if session.dataset_key == UPLOADED:
        return parcel(part)
    return parcel(part, session.dataset_key, shipped_dataset(session.dataset_key))


COPIES = 2.5
"""Times the pixels that a study takes in a worker that loads them itself: 100 to 120 MB for MNIST's 47."""


def unpacked_bytes(session: Session) -> int:
    """Return the memory that a worker needs for a data set that is not sent: it loads the whole."""
    return 0 if session.dataset_key == UPLOADED else int(COPIES * session.as_given.images.nbytes)


def places(part: Dataset) -> IndexArray:
    """Return the positions of these images in the whole data set."""
    return np.arange(len(part)) if part.rows is None else part.rows
