"""The data sets that come with the project: where each lies, who made it, and what its content must be.

`load_dataset` reads one of the table `SHIPPED_DATASETS` from the folder `data/`, checks it by sha256 and
returns a Dataset. The Data page, the recipes and the tutorials use it.
"""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import IndexArray
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.readers.idx import idx_header, read_idx
from mlcore.datasets.readers.source import source_of, unpacking
from mlcore.errors import DatasetError
from mlcore.language import N_, _

DATA_FOLDER = Path(__file__).resolve().parents[2] / "data"


@dataclass(frozen=True)
class ShippedDataset:
    """One row of `SHIPPED_DATASETS`.

    Attributes
    ----------
    title, about, credit, licence : str
        What a visitor reads about it (English; shown through `_`).
    files : dict of str to str
        Path inside `data/` → sha256 of the uncompressed content.
    read : callable
        Makes images and labels of the paths in `files`, in their order.
    """

    title: str
    about: str
    credit: str
    licence: str
    files: dict[str, str]
    read: Callable[[dict[str, str]], tuple[NDArray[np.uint8], NDArray[np.uint8]]]


def load_dataset(name: str) -> Dataset:
    """Return the shipped data set of this name, read from its files and checked.

    Raises
    ------
    DatasetError
        When the name is not in `SHIPPED_DATASETS`, or a file is missing or not as it was shipped.

    Examples
    --------
    >>> load_dataset("digits-8x8")
    Dataset('digits-8x8': 1797 images 8×8, 10 classes)
    """
    if name not in SHIPPED_DATASETS:
        message = _("There is no data set {name!r}. Those that come with the project are: {names}.")
        raise DatasetError(message.format(name=name, names=", ".join(SHIPPED_DATASETS)))
    shipped = SHIPPED_DATASETS[name]
    missing = [path for path in shipped.files if not (DATA_FOLDER / path).is_file()]
    if missing:
        message = _("The file data/{file} is missing. Get the project's files again (git checkout data).")
        raise DatasetError(message.format(file=missing[0]))
    images, labels = shipped.read(shipped.files)
    return Dataset(images, labels, [str(digit) for digit in range(10)], name)


def levels_to_bytes(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale the 8×8 digits' grey levels 0…16 to 0…255: ``byte = round(level · 255 / 16)``, halves up.

    >>> levels_to_bytes(np.array([0, 1, 8, 16], np.uint8))
    array([  0,  16, 128, 255], dtype=uint8)
    """
    return ((levels.astype(np.uint16) * 255 + 8) // 16).astype(np.uint8)


def bytes_to_levels(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Undo `levels_to_bytes` exactly: ``level = round(byte · 16 / 255)``.

    >>> bytes_to_levels(levels_to_bytes(np.arange(17, dtype=np.uint8)))
    array([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16],
          dtype=uint8)
    """
    return ((pixels.astype(np.uint16) * 16 + 127) // 255).astype(np.uint8)


def _read_mnist(files: dict[str, str]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    arrays = []
    for path, sha256 in files.items():
        with unpacking(path):
            values = read_idx(source_of(path, DATA_FOLDER / path))
        digest = hashlib.sha256(idx_header(values.shape))
        digest.update(values.data)
        _check_content(path, digest.hexdigest(), sha256)
        arrays.append(values)
    images, labels = arrays
    return images, labels


def _read_digits(files: dict[str, str]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    ((path, sha256),) = files.items()
    with unpacking(path):
        text = gzip.decompress((DATA_FOLDER / path).read_bytes())
    _check_content(path, hashlib.sha256(text).hexdigest(), sha256)
    table = np.loadtxt(text.decode().splitlines(), dtype=np.uint8, delimiter=",")
    return levels_to_bytes(table[:, :-1].reshape(-1, 8, 8)), table[:, -1]


def _check_content(path: str, found: str, expected: str) -> None:
    if found != expected:
        message = _("The file data/{file} is not as it was shipped. Get it again (git checkout data).")
        raise DatasetError(message.format(file=path))


_MNIST_CREDIT = N_("Y. LeCun, C. Cortes and C. Burges, from handwriting collected by NIST")
_MNIST_LICENCE = N_("CC BY-SA 3.0")

SHIPPED_DATASETS: dict[str, ShippedDataset] = {
    "mnist": ShippedDataset(
        title=N_("MNIST"),
        about=N_("60,000 handwritten digits of 28×28 pixels: the training images of the classic data set."),
        credit=_MNIST_CREDIT,
        licence=_MNIST_LICENCE,
        files={
            "mnist/train-images-idx3-ubyte.gz": (
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
            ),
            "mnist/train-labels-idx1-ubyte.gz": (
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
            ),
        },
        read=_read_mnist,
    ),
    "mnist-test": ShippedDataset(
        title=N_("MNIST test images"),
        about=N_("The 10,000 MNIST digits reserved for the final test, by other writers."),
        credit=_MNIST_CREDIT,
        licence=_MNIST_LICENCE,
        files={
            "mnist/t10k-images-idx3-ubyte.gz": (
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
            ),
            "mnist/t10k-labels-idx1-ubyte.gz": (
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
            ),
        },
        read=_read_mnist,
    ),
    "digits-8x8": ShippedDataset(
        title=N_("8×8 digits"),
        about=N_("1,797 handwritten digits of 8×8 pixels: small enough to train in a moment."),
        credit=N_("E. Alpaydin and C. Kaynak, UCI Machine Learning Repository; file from scikit-learn"),
        licence=N_("CC BY 4.0"),
        files={
            "digits-8x8/digits.csv.gz": "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
        },
        read=_read_digits,
    ),
}

DISPUTED: dict[str, tuple[int, ...]] = {
    "36ce4a1590a1c963bf87dc7d5f5a259f63c1b1a33474ad0914b77e0502c58682": (
        *(947, 1621, 1901, 2462, 2597, 3558, 5937, 6651, 6783, 9729),  # most people see another digit
        *(2654, 3520, 9679),  # they see none
        *(2130, 8527),  # they do not agree
    )
}
"""By the fingerprint of a data set, the images whose labels people dispute.

Northcutt, Athalye & Mueller (2021) found them. These are MNIST's test images, from whatever file they come.
"""


def disputed_labels(dataset: Dataset) -> IndexArray:
    """Return the positions of the images whose labels people are known to dispute; mostly none.

    >>> disputed_labels(load_dataset("mnist-test"))[:3]
    array([ 947, 1621, 1901])
    """
    return np.sort(np.array(DISPUTED.get(dataset.fingerprint, ()), np.intp))
