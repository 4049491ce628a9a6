"""The outside of a model file: a zip of plain arrays, one of them a JSON header, read within bounds.

`load_model` reads through it. What the file says of itself is checked before memory is taken for it: a
hostile file costs no more than its own length.
"""

import io
import json
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mlcore.datasets.readers.source import Borrowed
from mlcore.errors import ModelFileError
from mlcore.language import _
from mlcore.quote import quoted

Arrays = dict[str, NDArray[Any]]
ModelFile = str | PathLike[str] | BinaryIO | bytes

STATE = "state."
KNOWN = {"header", "parameters", "kept", "mean", "deviation", "history"}
MOST_ARRAYS = 32
LARGEST_HEADER = 1_000_000  # bytes; that of the shipped model has 1,510
DEEPEST_HEADER = 20  # lists and objects within each other
LONGEST_READ = 1 << 20  # bytes; the directory of a zip, which is read in one piece, has 70 for each array


def read_arrays(file: ModelFile, *, with_state: bool) -> Arrays:
    """Return the arrays of a model file by name; those of the training state only when they are wanted.

    Raises
    ------
    ModelFileError
        When the file is anything else than a zip of plain arrays as `save_model` writes it.
    """
    try:
        with (
            _opened(file) as stream,
            zipfile.ZipFile(cast(BinaryIO, Borrowed(stream, LONGEST_READ))) as archive,
        ):
            entries = _entries(archive)
            wanted = [name for name in entries if with_state or not name.startswith(STATE)]
            return {name: _read_array(archive, entries[name]) for name in wanted}
    except ModelFileError:
        raise
    except FileNotFoundError as error:
        raise ModelFileError(_("There is no file {name}.").format(name=quoted(error.filename))) from error
    except Exception as error:  # zipfile and NumPy answer to damage with struct.error, TokenError and more
        raise ModelFileError(_("This is not a model file, or it is damaged. Models end in .npz.")) from error


def read_header(array: NDArray[Any]) -> dict[str, Any]:
    """Return the JSON object that an array of bytes spells.

    Raises
    ------
    ValueError
        When it is anything else, or too large, or too deep.
    """
    if array.dtype != np.uint8 or len(array) > LARGEST_HEADER:
        raise ValueError("no header")
    header = json.loads(array.tobytes())
    if not isinstance(header, dict) or _depth(header) > DEEPEST_HEADER:
        raise ValueError("no header")
    return header


def text_array(text: str) -> NDArray[np.uint8]:
    """Return a text as an array of bytes, which `read_header` reads."""
    return np.frombuffer(text.encode(), np.uint8)


@contextmanager
def _opened(file: ModelFile) -> Iterator[BinaryIO]:
    if isinstance(file, bytes):
        yield io.BytesIO(file)
    elif isinstance(file, str | PathLike):
        with open(file, "rb") as stream:
            yield stream
    else:
        yield file


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by the names of their arrays, once they are known to be what they should be."""
    entries = archive.infolist()
    if "header.npy" not in archive.namelist():
        raise ModelFileError(_("This .npz file holds no model. A data set belongs on the Data page."))
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ModelFileError(_("This .npz file is compressed; model files are not."))
    # Ours are stored as they are: what is read is never more than what was sent.
    assert archive.fp is not None
    if sum(entry.file_size for entry in entries) > archive.fp.seek(0, io.SEEK_END):
        raise ModelFileError(_("The model file claims to hold more than its own length."))
    named = {entry.filename.removesuffix(".npy"): entry for entry in entries}
    if len(named) < len(entries) or len(named) > MOST_ARRAYS:
        raise ValueError("arrays that are there twice, or too many")
    if any(name not in KNOWN and not name.startswith(STATE) for name in named):
        raise ValueError("an array that no model has")
    return named


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """Return an array once its own header is known to announce exactly what the entry holds."""
    with archive.open(entry) as stream:
        major, __ = npy.read_magic(stream)
        shape, __, dtype = (
            npy.read_array_header_1_0(stream) if major == 1 else npy.read_array_header_2_0(stream)
        )
        if dtype.kind not in "biufcSU" or min(shape, default=0) < 0:
            raise ValueError("no plain array")
        if math.prod(shape) * dtype.itemsize != entry.file_size - stream.tell():
            raise ValueError("another size than is announced")
    with archive.open(entry) as stream:
        array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
        return array


def _depth(value: Any) -> int:
    """Return how many lists and objects lie within each other.

    >>> _depth({"a": [1, {"b": []}]})
    4
    """
    depth, level = 0, [value]
    while level:
        inside = [item for item in level if isinstance(item, dict | list)]
        depth += bool(inside)
        level = [part for item in inside for part in (item.values() if isinstance(item, dict) else item)]
    return depth
