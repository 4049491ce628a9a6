"""Tables and arrays can be read for their images alone, whether they have labels or not."""

import numpy as np
import pytest

from mlcore.datasets.readers.csv import read_table
from mlcore.datasets.readers.npz import read_npz
from mlcore.datasets.readers.source import source_of
from tests.mlcore.datasets.readers import data_files as make

IMAGES = np.zeros((6, 8, 8), np.uint8)
IMAGES[:, 2:6, 2:6] = np.random.default_rng(0).integers(20, 256, (6, 4, 4))
LABELS = np.arange(6) % 3
WITH_LABELS = make.csv(IMAGES, LABELS)
WITHOUT = "\n".join(line.split(",", 1)[1] for line in WITH_LABELS.splitlines())


@pytest.mark.parametrize("text", [WITH_LABELS, WITHOUT])
def test_a_table_gives_its_images_alone(text: str) -> None:
    found = read_table([source_of("test.csv", text.encode())], "train", labelled=False)
    np.testing.assert_array_equal(found.images, IMAGES)
    assert len(found.labels) == 0


@pytest.mark.parametrize("arrays", [{"X": IMAGES, "y": LABELS}, {"X": IMAGES}, {"drawings": IMAGES}])
def test_arrays_give_their_images_alone(arrays: dict[str, np.ndarray]) -> None:
    found = read_npz([source_of("a.npz", make.npz(**arrays))], "train", labelled=False)
    np.testing.assert_array_equal(found.images, IMAGES)
    assert len(found.labels) == 0
