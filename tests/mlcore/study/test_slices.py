"""Slices: the same images whatever model is asked, counted as the models answer them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import (
    Dataset,
    NetworkConfig,
    Slice,
    TrainingConfig,
    completed,
    evaluate,
    fit,
    follow_slices,
    load_dataset,
    split_dataset,
)
from mlcore.study.progress import BLOCK


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits-8x8")


@given(st.sets(st.integers(0, 1796)))
def test_a_slice_gives_back_the_positions_that_it_was_made_of(positions: set[int]) -> None:
    digits = load_dataset("digits-8x8")
    found = Slice.of(digits, np.array(sorted(positions), np.intp), "some")
    assert found.positions.tolist() == sorted(positions)
    assert found.n == len(positions)
    assert len(found.bits) == -(-len(digits) // 8)


def test_a_slice_knows_the_data_set_whose_images_it_holds(digits: Dataset) -> None:
    found = Slice.of(digits, np.array([3]), "one")
    assert found.is_of(digits)
    assert not found.is_of(digits.take(slice(100)))


def test_each_slice_is_counted_for_each_model_as_the_model_answers(digits: Dataset) -> None:
    split = split_dataset(digits, 0.4)
    models = [
        fit(
            split,
            network=NetworkConfig(hidden_sizes=(16,)),
            training=TrainingConfig(epochs=n),
            progress=False,
        )
        for n in (3, 8)
    ]
    members = [np.flatnonzero(split.dev.labels == 4), np.arange(len(split.dev))[::-1], np.empty(0, np.intp)]
    expected = [
        [int((evaluate(model, split.dev).guesses == split.dev.labels)[some].sum()) for some in members]
        for model in models
    ]
    assert completed(follow_slices(models, split.dev, members)).tolist() == expected
    fractions = [*follow_slices(models, split.dev, members)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(fractions) == 2 * -(-len(split.dev) // BLOCK)


def test_without_images_nothing_is_asked(digits: Dataset) -> None:
    assert completed(follow_slices([], digits, [np.empty(0, np.intp)])).shape == (0, 1)
