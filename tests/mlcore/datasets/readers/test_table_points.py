"""Tables of pen points are told from tables of pixels, and their lines are drawn as images."""

import numpy as np
import pytest

from mlcore.datasets.readers import read_dataset, read_images
from mlcore.datasets.readers.table_points import are_points
from mlcore.errors import DatasetError
from tests.mlcore.datasets.readers import data_files as make

LABELS = np.arange(40) % 4


def written(n: int = 40) -> np.ndarray:
    """Return n lines of 8 points that fill the square from 0 to 100, x and y by turns, ``(n, 16)``."""
    points = np.random.default_rng(0).normal(size=(n, 8, 2)).cumsum(axis=1)
    points -= points.min(axis=1, keepdims=True)
    return np.rint(100 * points / points.max(axis=1, keepdims=True)).astype(int).reshape(n, 16)


def table(points: np.ndarray, labels: np.ndarray = LABELS) -> bytes:
    """Return rows as UCI has them: blanks around the numbers, the label last, no header."""
    rows = [*map(list, np.column_stack([points, labels]))]
    return "\n".join(",".join(f"{cell:3}" for cell in row) for row in rows).encode()


def arff(points: np.ndarray) -> bytes:
    names = "".join(f"@attribute input{k + 1} numeric\n" for k in range(16))
    head = f"@relation pendigits\n{names}@attribute class {{0,1,2,3}}\n@data\n"
    return head.encode() + table(points)


def libsvm(points: np.ndarray) -> bytes:
    rows = [
        f"{label} " + " ".join(f"{k + 1}:{value}" for k, value in enumerate(row) if value)
        for row, label in zip(points, LABELS, strict=True)
    ]
    return "\n".join(rows).encode()


@pytest.mark.parametrize("write", [table, arff, libsvm])
def test_points_are_drawn_in_every_form_of_table(write) -> None:
    points = written()
    dataset = read_dataset({"pendigits.tra": write(points)})
    assert dataset.image_shape == (28, 28)
    np.testing.assert_array_equal(dataset.labels, LABELS)
    assert dataset.notes == (
        "The 16 columns are points of a pen, x and y by turns; its line was drawn as images of 28×28 pixels.",
    )
    # Each point is inked: 100 is the inner edge of the margin, and y goes up.
    x, y = points.reshape(40, 8, 2).transpose(2, 0, 1)
    row, column = (5.25 + 0.175 * (100 - y)).astype(int), (5.25 + 0.175 * x).astype(int)
    assert (dataset.images[np.arange(40)[:, None], row, column] > 127).all()
    assert dataset.images[:, :3].max() == 0


def test_points_without_labels_are_drawn_for_answers_and_are_no_data_set() -> None:
    rows = "\n".join(",".join(map(str, row)) for row in written()).encode()
    assert read_images({"points.csv": rows}).image_shape == (28, 28)
    with pytest.raises(DatasetError, match="its 16 columns are images of 28×28 pixels; the labels are"):
        read_dataset({"points.csv": rows})


@pytest.mark.parametrize("highest", [1, 15, 100, 255])
def test_small_pictures_stay_pictures(highest: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 2, (40, 16)) * highest
    dataset = read_dataset({"tiny.csv": make.csv(pixels, LABELS).encode()})
    assert dataset.image_shape == (4, 4)


def test_a_few_rows_or_one_that_does_not_fill_the_square_are_no_points() -> None:
    points = written()
    assert are_points(points)
    assert not are_points(points[:5])
    points[7] = np.minimum(points[7], 90)
    assert not are_points(points)
