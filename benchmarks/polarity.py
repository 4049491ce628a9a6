"""Which images are taken for dark ink on light paper: white ink, black ink, mixed sets, and photos.

`python -m benchmarks.polarity` prints a table for MNIST's 70,000 images, scans and crops of them, and photos
made up of shaded ovals, and ends with 1 when a set of one kind is not read as such.
"""

import sys
import time

import numpy as np

from mlcore.arrays import UInt8Array
from mlcore.datasets.readers.polarity import Papers
from tests.mlcore.datasets.readers.test_polarity import INK, photos


def inverted_share(images: UInt8Array) -> float:
    """Return the fraction of the images that would be inverted."""
    return float(Papers.of(images).dark_on_light().mean())


def wrong_in_mixed(images: UInt8Array, share: float) -> float:
    """Return the fraction judged wrongly when this share of the images is black ink."""
    is_dark = np.random.default_rng(0).random(len(images)) < share
    mixed = np.where(is_dark[:, None, None], 255 - images, images)
    return float((Papers.of(mixed).dark_on_light() != is_dark).mean())


def main() -> int:
    """Print the table."""
    print(f"{'':24}{'images':>8}{'white':>9}{'black':>9}{'half':>9}{'a tenth':>9}{'seconds':>9}")
    print(f"{'':32}{'inverted':>18}{'wrong in mixed sets':>22}")
    missed = 0
    for name, make in {**INK, "photos": photos}.items():
        images = make()
        begin = time.perf_counter()
        white = inverted_share(images)
        seconds = time.perf_counter() - begin
        black = inverted_share(255 - images)
        mixed = [wrong_in_mixed(images, share) for share in (0.5, 0.1)] if name != "photos" else []
        columns = "".join(f"{value:9.2%}" for value in (white, black, *mixed))
        print(f"{name:24}{len(images):8,}{columns:36}{seconds:9.2f}")
        missed += (white, black) != (0.0, 0.0 if name == "photos" else 1.0)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
