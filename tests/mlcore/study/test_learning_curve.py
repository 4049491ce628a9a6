"""The learning curve: sizes that double, nested samples, and a power law that tells what more would bring."""

import numpy as np
import pytest

from mlcore import DatasetError, LearningCurve, Size, completed, evaluate, learning_curve
from mlcore.study.progress import trained
from tests.mlcore.small import small_run, small_split

SPLIT = small_split(160, 90)
RUN = small_run(epochs=4)
CONFIGS = (RUN.network_config, RUN.training_config)


def test_sizes_double_and_the_last_network_is_one_trained_on_all_images() -> None:
    curve = completed(learning_curve(SPLIT.train, SPLIT.dev, *CONFIGS, seeds=2))
    assert [size.images for size in curve.sizes] == [20, 40, 80, 160]
    assert {len(size.right) for size in curve.sizes} == {2}
    whole = evaluate(completed(trained(SPLIT.train, *CONFIGS)), SPLIT.dev)
    assert curve.sizes[-1].right[0] == whole.right
    assert curve.sizes[0].accuracy < curve.sizes[-1].accuracy


def power_law(exponent: float, n: int = 1_000_000) -> LearningCurve:
    numbers = [1000 * 2**power for power in range(6)]
    errors = [0.2 * (number / 1000) ** -exponent for number in numbers]
    sizes = [Size(number, (round(n * (1 - e)),), n) for number, e in zip(numbers, errors, strict=True)]
    return LearningCurve(tuple(sizes))


def test_an_error_that_falls_as_a_power_is_continued_exactly() -> None:
    curve = power_law(0.5)
    assert curve.expected(64_000) == pytest.approx(1 - 0.2 * 64**-0.5, abs=1e-4)
    assert curve.gain_of_twice_as_many == pytest.approx(0.2 * (32**-0.5 - 64**-0.5), abs=1e-4)


def test_an_error_that_does_not_fall_promises_nothing() -> None:
    assert power_law(0.0).gain_of_twice_as_many == pytest.approx(0.0, abs=1e-9)
    rising = LearningCurve((Size(100, (90,), 100), Size(200, (80,), 100)))
    assert rising.gain_of_twice_as_many == 0.0


def test_networks_without_a_mistake_can_be_continued_too() -> None:
    perfect = LearningCurve((Size(100, (99,), 100), Size(200, (100,), 100)))
    assert 0.99 < perfect.expected(400) < 1.0


def test_the_interval_is_that_of_the_mean_accuracy() -> None:
    size = Size(100, (90, 80), 100)
    assert size.accuracy == 0.85
    low, high = size.likely_accuracy
    assert 0.76 < low < 0.85 < high < 0.91


def test_too_few_images_are_refused_in_a_sentence() -> None:
    few = SPLIT.train.take(slice(0, 39))
    with pytest.raises(DatasetError, match="needs 40 training images and a dev set; there are 39 and 90"):
        completed(learning_curve(few, SPLIT.dev, *CONFIGS))


def test_progress_goes_up_to_one() -> None:
    fractions = list(learning_curve(SPLIT.train, SPLIT.dev, *CONFIGS, seeds=1))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert np.diff(fractions).max() < 0.2
