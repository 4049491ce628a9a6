"""What is sent to a worker for a study is what comes out there; pixels that ship with the program stay."""

import pickle

import numpy as np
import pytest

from mlcore import Dataset, completed, load_dataset
from mlcore.study.parcel import opened, parcel
from mlcore.study.progress import Study
from tests.mlcore.small import stripes

DIGITS = load_dataset("digits-8x8")


def fingerprint_of(dataset: Dataset, word: str) -> Study[str]:
    yield 0.5
    return word + dataset.fingerprint


@pytest.mark.parametrize(
    "dataset",
    [DIGITS, DIGITS.take([5, 3, 900]), DIGITS.relabelled([7], [1]).take(slice(0, 20))],
    ids=["whole", "part", "relabelled"],
)
def test_of_a_shipped_data_set_no_pixel_is_sent(dataset: Dataset) -> None:
    packed = parcel(dataset, "digits-8x8", DIGITS)
    assert packed.images is None
    sent = pickle.loads(pickle.dumps(packed))
    assert sent.unpacked().fingerprint == dataset.fingerprint


def test_any_other_data_set_is_sent_with_its_pixels_and_no_others() -> None:
    part = stripes(30).take([3, 4])
    packed = parcel(part, "digits-8x8", DIGITS)
    assert packed.images is not None
    assert packed.images.shape == (2, 6, 5)
    sent = pickle.loads(pickle.dumps(packed))
    np.testing.assert_array_equal(sent.unpacked().labels, part.labels)
    assert sent.unpacked().fingerprint == part.fingerprint


def test_a_study_gets_data_sets_and_everything_else_as_it_is() -> None:
    packed = parcel(stripes(30))
    assert list(opened(fingerprint_of, packed, "a")) == [0.5]
    assert completed(opened(fingerprint_of, packed, "a")) == "a" + stripes(30).fingerprint


def share_pixels(one: Dataset, other: Dataset) -> Study[bool]:
    yield 0.5
    return np.shares_memory(one.base.images, other.base.images)


def test_parts_of_one_shipped_data_set_share_its_pixels_in_the_worker() -> None:
    parts = (DIGITS.take([1, 2]), DIGITS.take([3]))
    assert completed(opened(share_pixels, *(parcel(part, "digits-8x8", DIGITS) for part in parts)))
