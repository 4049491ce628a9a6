"""What reading MNIST costs in every format: seconds, and memory beside the images that are kept.

`python -m benchmarks.reading` makes the files on the fly, in a temporary folder, reads each in a process of
its own, and prints a table. It ends with 1 when the table of 110 MB or the 70,000 pictures take too long.
"""

import argparse
import gzip
import io
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mlcore import Dataset, load_dataset, read_dataset
from mlcore.datasets.readers.idx import idx_header

PICTURES = 70_000


@dataclass(frozen=True)
class Case:
    """One way to bring MNIST: how its files are made, and the seconds of a processor that it may take."""

    name: str
    write: Callable[[Dataset, Path], None]
    limit: float | None = None


def write_csv(dataset: Dataset, folder: Path) -> None:
    """Write a table as "MNIST in CSV" has it: the label, then 784 pixels, under a header."""
    with (folder / "train.csv").open("w") as file:
        print("label", *(f"{row}x{column}" for row in range(28) for column in range(28)), sep=",", file=file)
        for label, image in zip(dataset.labels, dataset.images, strict=True):
            print(label, *image.ravel().tolist(), sep=",", file=file)


def write_words(dataset: Dataset, folder: Path) -> None:
    """Write a table without a header, with words for labels in the last column."""
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    with (folder / "train.csv").open("w") as file:
        for label, image in zip(dataset.labels, dataset.images, strict=True):
            print(*image.ravel().tolist(), words[label], sep=",", file=file)


def write_fractions(dataset: Dataset, folder: Path) -> None:
    """Write a table of pixels from 0 to 1."""
    with (folder / "train.csv").open("w") as file:
        for label, image in zip(dataset.labels, dataset.images.astype(float) / 255, strict=True):
            print(label, *(f"{value:.4g}" for value in image.ravel()), sep=",", file=file)


def write_libsvm(dataset: Dataset, folder: Path) -> None:
    """Write rows of pairs."""
    with (folder / "mnist.libsvm").open("w") as file:
        for label, image in zip(dataset.labels, dataset.images.reshape(-1, 784), strict=True):
            print(label, *(f"{place + 1}:{image[place]}" for place in np.flatnonzero(image)), file=file)


def write_idx(dataset: Dataset, folder: Path) -> None:
    """Write the two files that MNIST came in."""
    for name, values in (("images-idx3", dataset.images), ("labels-idx1", dataset.labels.astype(np.uint8))):
        content = idx_header(values.shape) + values.tobytes()
        (folder / f"train-{name}-ubyte.gz").write_bytes(gzip.compress(content, 6))


def write_npz(dataset: Dataset, folder: Path) -> None:
    """Write arrays as Keras has them."""
    np.savez_compressed(folder / "mnist.npz", x_train=dataset.images, y_train=dataset.labels)


def write_floats(dataset: Dataset, folder: Path) -> None:
    """Write two .npy files, with the pixels as float32 from 0 to 1."""
    np.save(folder / "x.npy", dataset.images.astype(np.float32) / 255)
    np.save(folder / "y.npy", dataset.labels)


def write_pictures(dataset: Dataset, folder: Path) -> None:
    """Write PNG pictures in a folder for each class, zipped."""
    with zipfile.ZipFile(folder / "pictures.zip", "w") as archive:
        for k in range(PICTURES):
            stream = io.BytesIO()
            Image.fromarray(dataset.images[k % len(dataset)]).save(stream, "PNG", compress_level=1)
            archive.writestr(f"{dataset.labels[k % len(dataset)]}/{k}.png", stream.getvalue())


CASES = (
    Case("table, 60,000 rows", write_csv, 2.0),
    Case("table, words last", write_words),
    Case("table, fractions", write_fractions),
    Case("LIBSVM", write_libsvm),
    Case("IDX, gzipped", write_idx),
    Case(".npz, compressed", write_npz),
    Case(".npy, float32", write_floats),
    Case(f"{PICTURES:,} PNG in a .zip", write_pictures, 12.0),
)


def memory(field: str) -> float:
    """Return the megabytes of this process now (VmRSS) or at its peak (VmHWM), as Linux counts them."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 1000


def read(folder: Path) -> None:
    """Read the files of a folder; print seconds, those of a processor, and megabytes beside the images."""
    files = {path.name: path for path in sorted(folder.iterdir())}
    before = memory("VmRSS")
    begin, busy = time.perf_counter(), time.process_time()
    dataset = read_dataset(files)
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    print(seconds, busy, memory("VmHWM") - before - dataset.images.nbytes / 1e6)


def main() -> int:
    """Print the table; return 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--only", default="", help="the cases whose names begin so")
    options = parser.parse_args()
    if options.read:
        read(options.read)
        return 0
    dataset, missed = load_dataset("mnist"), False
    print(f"{'':<24}{'MB':>6}{'s':>8}{'s of a processor':>18}{'MB beside':>12}")
    for case in CASES:
        if not case.name.startswith(options.only):
            continue
        with tempfile.TemporaryDirectory() as name:
            case.write(dataset, Path(name))
            size = sum(path.stat().st_size for path in Path(name).iterdir()) / 1e6
            command = [sys.executable, "-m", "benchmarks.reading", "--read", name]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds, busy, beside = map(float, output.split())
        missed = missed or (case.limit is not None and busy > case.limit)
        print(f"{case.name:<24}{size:>6.0f}{seconds:>8.2f}{busy:>18.2f}{beside:>12.0f}", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
