"""What checking a data set costs and finds: time and memory on MNIST, false alarms, and planted copies.

`python -m benchmarks.health` prints a table and ends with 1 when a limit is missed. One thread of BLAS does
the arithmetic, as in the app.
"""

import io
import sys
import time
import tracemalloc

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from benchmarks.machine import use_own_kernel
from mlcore import Dataset, check_health, load_dataset
from mlcore.arrays import UInt8Array

LIMIT = 3.0  # seconds of a processor for MNIST's 60,000 images
PLANTED = 2000


def measured(dataset: Dataset) -> tuple[float, float, float]:
    """Return the seconds of a check, those on a processor, and, of another check, the most megabytes."""
    begin, busy = time.perf_counter(), time.process_time()
    check_health(dataset)
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    tracemalloc.start()
    check_health(dataset)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, busy, peak / 1e6


def saved_as_jpeg(images: UInt8Array, quality: int) -> UInt8Array:
    """Return the images as they are after having been saved as JPEG."""
    saved = np.empty_like(images)
    for k, image in enumerate(images):
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "JPEG", quality=quality)
        saved[k] = np.asarray(Image.open(stream))
    return saved


def changes(images: UInt8Array) -> dict[str, UInt8Array]:
    """Return what may have happened to copies of images, by its name."""
    noise = np.random.default_rng(0).normal(0, 5, images.shape)
    return {
        "equal": images,
        "JPEG, quality 90": saved_as_jpeg(images, 90),
        "JPEG, quality 75": saved_as_jpeg(images, 75),
        "JPEG, quality 50": saved_as_jpeg(images, 50),
        "noise of 5 grey levels": np.rint(np.clip(images + noise, 0, 255)).astype(np.uint8),
        "16 grey levels": images // 16 * 17,
        "moved by a pixel": np.roll(images, 1, axis=2),
    }


def main() -> int:
    """Print the table; return 1 when MNIST takes longer than the limit."""
    threadpool_limits(1)
    print("OpenBLAS:", use_own_kernel() or "not used")
    worst = 0.0
    for name in ("mnist", "mnist-test", "digits-8x8"):
        dataset = load_dataset(name)
        (seconds, busy, megabytes), health = measured(dataset), check_health(dataset)
        worst = max(worst, busy)
        print(f"{name}: {len(dataset):,} images, {seconds:.2f} s ({busy:.2f} s of a processor),", end=" ")
        print(f"{megabytes:.0f} MB beside them;", end=" ")
        print(f"false alarms: {len(health.copies)} copies, {len(health.near_copies)} near copies")
    digits = load_dataset("mnist").take(slice(0, PLANTED))
    for change, copies in changes(digits.images).items():
        both = np.concatenate([digits.images, copies])
        health = check_health(Dataset(both, np.tile(digits.labels, 2), digits.class_names, change))
        found = len(health.copies) + len(health.near_copies)
        print(f"planted copies, {change}: {found / PLANTED:.1%} found")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
