"""A run that is saved continues exactly; a model says how it was made."""

from typing import Any

import numpy as np
import pytest

from mlcore import (
    ModelFileError,
    TrainingRun,
    load_model,
    save_model,
    train,
)
from tests.mlcore.small import finish, small_run
from tests.mlcore.training.variants import SPLIT, every_variant, run_of, same_run


@every_variant
def test_a_run_that_is_saved_and_loaded_at_every_record_ends_the_same(variant: dict) -> None:
    straight, moving = run_of(variant), run_of(variant)
    finish(straight, SPLIT)
    while next(train(moving, SPLIT), None) is not None:
        moving = TrainingRun.load_state(moving.save_state())
    same_run(straight, moving)


def test_a_state_can_be_saved_before_the_first_step_and_after_the_last() -> None:
    run, straight = small_run(), small_run()
    run.build(SPLIT)
    run = TrainingRun.load_state(run.save_state())
    finish(run, SPLIT)
    run = TrainingRun.load_state(run.save_state())
    assert finish(run, SPLIT) == []
    finish(straight, SPLIT)
    same_run(straight, run)


def test_a_resumable_copy_does_not_change_while_training_goes_on() -> None:
    run = small_run()
    records = train(run, SPLIT)
    for _ in range(2):
        next(records)
    state = run.save_state()
    copy = run.model(resumable=True)
    list(records)
    again = TrainingRun.from_model(copy)
    fresh = TrainingRun.load_state(state)
    np.testing.assert_array_equal(again.optimizer.moments, fresh.optimizer.moments)
    finish(again, SPLIT)
    same_run(again, run)


def test_the_card_says_how_the_model_was_made() -> None:
    run = small_run(seed=11)
    last = finish(run, SPLIT)[-1]
    card = run.model().card
    assert card["seed"] == 11
    assert (card["step"], card["epoch"], card["images_seen"]) == (12, 3.0, 180)
    assert (card["dataset"], card["fingerprint"]) == ("stripes", SPLIT.train.fingerprint)
    assert (card["train_size"], card["dev_size"]) == (60, 20)
    assert card["dev_accuracy"] == last.dev_accuracy
    assert card["numpy"] == np.__version__
    loaded = TrainingRun.load_state(run.save_state())
    assert loaded.model().card == card


def test_a_model_is_a_copy() -> None:
    run = small_run()
    records = train(run, SPLIT)
    next(records)
    model = run.model()
    before = model.parameters.copy()
    list(records)
    np.testing.assert_array_equal(model.parameters, before)


def test_a_model_without_its_state_cannot_go_on() -> None:
    run = small_run()
    finish(run, SPLIT)
    with pytest.raises(ValueError, match="training cannot continue"):
        TrainingRun.from_model(run.model())


DAMAGES = {
    "counters that are no text": {"counters": np.full(4, 255, np.uint8)},
    "counters that are a list": {"counters": np.frombuffer(b"[]", np.uint8)},
    "an order that is none": {"order": np.zeros(60, int)},
    "an order of text": {"order": np.full(60, "a")},
    "moments of another network": {"moments": np.zeros((2, 3))},
    "fewer parameters": {"parameters": np.zeros(1)},
    "other best parameters": {"best_parameters": np.zeros(2)},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_training_state_is_refused(damage: str) -> None:
    run = small_run()
    finish(run, SPLIT)
    model = run.model(resumable=True)
    model.state |= DAMAGES[damage]
    with pytest.raises(ModelFileError, match="its training state cannot be read"):
        TrainingRun.from_model(model)
    for missing in ("counters", "order", "moments", "parameters"):
        model = run.model(resumable=True)
        del model.state[missing]
        with pytest.raises(ModelFileError):
            TrainingRun.from_model(model)


def test_a_resumable_file_answers_like_any_other(tmp_path: Any) -> None:
    run = small_run()
    finish(run, SPLIT)
    save_model(run.model(best=True, resumable=True), tmp_path / "model.npz")
    model = load_model(tmp_path / "model.npz")
    np.testing.assert_array_equal(model.parameters, run.model(best=True).parameters)
    again = TrainingRun.from_model(model)
    again.change(epochs=5)
    run.change(epochs=5)
    finish(again, SPLIT)
    finish(run, SPLIT)
    same_run(again, run)
