"""Images larger than 64 pixels a side are scaled down in every format, and the user is told."""

import numpy as np
import pytest

from mlcore import load_dataset, read_dataset
from mlcore.images.resample import resample
from tests.mlcore.datasets.readers import data_files as make

DIGITS = load_dataset("digits-8x8").images[:6]
LARGE = np.kron(DIGITS, np.ones((14, 14), np.uint8))  # 112×112, of which 28×28 takes every fourth
LABELS = np.arange(6) % 3

FILES = {
    "a table": {"a.csv": make.csv(LARGE, LABELS).encode()},
    "IDX": make.idx_pair(LARGE, LABELS),
    "arrays": {"a.npz": make.npz(X=LARGE, y=LABELS)},
    "arrays of few levels": {"a.npz": make.npz(X=np.rint(LARGE / 255 * 15).astype(np.uint8), y=LABELS)},
    "pictures": {"a.zip": make.archive(make.picture_folders(LARGE, LABELS))},
}


@pytest.mark.parametrize("kind", FILES)
def test_large_images_are_scaled_to_28x28_in_every_format(kind: str) -> None:
    dataset = read_dataset(FILES[kind])
    wanted = np.array([np.rint(resample(image, (28, 28))) for image in LARGE])
    np.testing.assert_allclose(dataset.images, wanted, atol=9 if "few" in kind else 1)
    (decision,) = [decision for decision in dataset.decisions if decision.key == "shrink"]
    assert decision.sentence == "The images were scaled from 112×112 to fit 28×28."
    assert not any(decision.can_be_undone for decision in dataset.decisions)


def test_the_proportions_of_large_images_are_kept() -> None:
    wide = np.zeros((4, 80, 160), np.uint8)
    wide[:, 20:60, 40:120] = 255
    dataset = read_dataset({"a.npz": make.npz(X=wide, y=[0, 1, 0, 1])})
    assert dataset.image_shape == (28, 28)
    rows, columns = np.nonzero(dataset.images[0] > 127)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (7 + 1, 14)
