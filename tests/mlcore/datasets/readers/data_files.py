"""Makes data files of every format that the readers read, from arrays.

It is the writing half of the round trips in the readers' tests.
"""

import gzip
import io
import struct
import tarfile
import zipfile

import numpy as np
from PIL import Image


def idx(values: np.ndarray) -> bytes:
    return (
        struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
        + values.astype(np.uint8).tobytes()
    )


def idx_pair(
    images: np.ndarray, labels: np.ndarray, prefix: str = "train", pack: bool = False
) -> dict[str, bytes]:
    ending, packer = (".gz", gzip.compress) if pack else ("", bytes)
    return {
        f"{prefix}-images-idx3-ubyte{ending}": packer(idx(images)),
        f"{prefix}-labels-idx1-ubyte{ending}": packer(idx(labels)),
    }


def csv(
    images: np.ndarray, labels: np.ndarray, *, header: bool = True, label_at: int = 0, form: str = "{}"
) -> str:
    """Return a table as Kaggle writes it; `label_at` is the label's column, `form` how a pixel looks."""
    pixels = images.reshape(len(images), -1)
    lines = []
    if header:
        names = [f"pixel{k}" for k in range(pixels.shape[1])]
        names.insert(label_at, "label")
        lines.append(",".join(names))
    for row, label in zip(pixels, labels, strict=True):
        cells = [form.format(value) for value in row]
        cells.insert(label_at, str(label))
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def unlabelled_csv(images: np.ndarray) -> str:
    """Return a table as Kaggle's test.csv: a header, and pixels only."""
    rows = images.reshape(len(images), -1)
    header = ",".join(f"pixel{k}" for k in range(rows.shape[1]))
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def archive(members: dict[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, content in members.items():
            packed.writestr(path, content)
    return file.getvalue()


def tar(members: dict[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        for path, text in members.items():
            content = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(path)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return file.getvalue()


def picture(pixels: np.ndarray, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, lossless=True)  # for WebP; others always are, or never
    return file.getvalue()


def picture_folders(images: np.ndarray, labels: np.ndarray, form: str = "PNG") -> dict[str, bytes | str]:
    return {
        f"{label}/{k}.{form.lower()}": picture(image, form)
        for k, (image, label) in enumerate(zip(images, labels, strict=True))
    }
