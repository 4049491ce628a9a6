"""Robustness: each strength is counted over all images, and progress never goes back."""

import numpy as np
import pytest

from mlcore import DISTORTIONS, Dataset, completed, distort, evaluate, fit, robustness
from mlcore.study.robustness import BLOCK, some_images
from tests.mlcore.small import small_run, small_split, stripes

SPLIT = small_split(200, BLOCK + 50)
RUN = small_run(epochs=8)
MODEL = fit(SPLIT, network=RUN.network_config, training=RUN.training_config, progress=False)
FOUND = completed(robustness(MODEL, SPLIT.dev))


def test_what_changes_nothing_is_the_accuracy_of_an_evaluation() -> None:
    expected = evaluate(MODEL, SPLIT.dev)
    for name, curve in FOUND.curves.items():
        neutral = next(point for point in curve if point.strength == DISTORTIONS[name].neutral)
        assert neutral.right == expected.right
        assert neutral.likely_accuracy == expected.likely_accuracy
    assert FOUND.undistorted().accuracy == expected.accuracy


@pytest.mark.parametrize("name", ["rotation", "pen_width"])
def test_each_strength_is_the_accuracy_on_images_distorted_by_it(name: str) -> None:
    first = SPLIT.dev.take(slice(0, BLOCK))  # of the second block turns start anew, as they do here
    found = completed(robustness(MODEL, first))
    for point in found.curves[name]:
        changed = Dataset(distort(first.images, name, point.strength), first.labels, first.class_names, "x")
        assert point.right == evaluate(MODEL, changed).right


def test_a_network_that_looks_at_rows_does_not_recognise_what_is_turned_by_a_right_angle() -> None:
    right = {point.strength: point.accuracy for point in FOUND.curves["rotation"]}
    assert right[0] > 0.95
    assert right[90] < 0.6


def test_progress_goes_up_to_one() -> None:
    fractions = list(robustness(MODEL, SPLIT.dev))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_some_images_are_drawn_without_repetition_and_the_same_each_time() -> None:
    data = stripes(100)
    some = some_images(data, 30)
    assert len(some) == 30
    assert some.base is some
    assert some.fingerprint == some_images(data, 30).fingerprint
    assert len(np.unique(some.images, axis=0)) == 30
    assert len(some_images(data, 1000)) == 100
