"""On which data a run begins, and with which it continues."""

import pytest

from mlcore import (
    DatasetError,
    Split,
    TrainingRun,
    train,
)
from tests.mlcore.small import finish, small_run, small_split
from tests.mlcore.training.variants import SPLIT, same_run


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        (Split(SPLIT.train.take(slice(0, 0)), SPLIT.dev), "no training images"),
        (small_split(classes=1), "of one class"),
    ],
    ids=["nothing to learn from", "two or more"],
)
def test_what_cannot_be_learnt_is_refused(split: Split, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        finish(small_run(), split)


@pytest.mark.parametrize(
    "other",
    [
        small_split(59, 20),
        small_split(60, 20, shape=(5, 6)),
        small_split(60, 20, classes=4),
        Split(SPLIT.train, small_split(60, 20, shape=(5, 6)).dev),
    ],
    ids=["fewer images", "another shape", "more classes", "another shape to judge"],
)
def test_a_run_does_not_go_on_with_other_data(other: Split) -> None:
    run = small_run()
    next(train(run, SPLIT))
    with pytest.raises(DatasetError, match=r"started with 60 training images of 6×5 pixels in 3 classes"):
        next(train(run, other))
    with pytest.raises(DatasetError):
        next(train(TrainingRun.load_state(run.save_state()), other))
    finish(run, SPLIT)


def test_a_run_goes_on_with_the_same_data_read_anew() -> None:
    run, straight = small_run(), small_run()
    next(train(run, SPLIT))
    finish(run, small_split())
    finish(straight, SPLIT)
    same_run(run, straight)
