"""The passport of a model file, and the proof of it: training again gives the same bits.

These are the tests of `mlcore.exports.passport` and `mlcore.exports.replay`.
"""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlcore import (
    Dataset,
    DatasetError,
    Model,
    ModelFileError,
    Passport,
    Split,
    SplitSettings,
    TrainingRun,
    load_model,
    replay,
    save_model,
    train,
)
from mlcore.exports.replay import compare
from mlcore.training.records import HISTORY_COLUMNS, history_array, records_of
from tests.mlcore.small import finish, small_run, small_split, stripes

SPLIT = small_split()


def saved(model: Model) -> bytes:
    buffer = io.BytesIO()
    save_model(model, buffer)
    return buffer.getvalue()


def trained(
    network: dict[str, Any] | None = None, *, in_halves: bool = False, **training: Any
) -> TrainingRun:
    run = small_run(network, **training)
    run.in_halves = in_halves
    finish(run, SPLIT)
    return run


def with_card(model: Model, **card: Any) -> Model:
    model.card.update(card)
    return load_model(saved(model))


@pytest.mark.parametrize("in_halves", [False, True])
@pytest.mark.parametrize("which", ["best", "last"])
def test_a_replayed_file_is_the_same_to_the_last_bit(which: str, in_halves: bool) -> None:
    run = trained({"dropout": 0.3}, in_halves=in_halves, epochs=4, augment_shift=1.0, learning_rate=0.3)
    assert run.best is not None
    assert run.best.step < run.step  # the best and the last are two models
    result = replay(saved(run.model(best=which == "best")), SPLIT)
    assert result.is_same
    assert (result.largest_difference, result.changed_answers, result.differences) == (0.0, 0, ())
    assert str(result) == "The same model, to the last bit."


def test_a_run_that_was_stopped_is_replayed_up_to_there() -> None:
    run = small_run(epochs=9, schedule="cosine")
    list(train(run, SPLIT, max_steps=7))
    result = replay(saved(run.model()), SPLIT)
    assert result.is_same
    assert result.model.card["step"] == 7


def test_a_data_set_is_split_as_the_file_says() -> None:
    data = stripes(90)
    settings = SplitSettings(dev_size=25, seed=3, stratify=True)
    run = small_run()
    finish(run, settings.split(data))
    assert Passport.of(run.model()).split == settings
    assert replay(saved(run.model()), data).is_same


def test_other_weights_are_told_by_how_much_and_what_differs() -> None:
    model = trained().model()
    parameters = model.parameters.copy()
    parameters[3] += 0.25
    card = {**model.card, "numpy": "1.9", "kernel": "Abacus"}
    other = Model(
        model.network_config, model.preparation, model.class_names, parameters, model.training_config, card
    )
    result = replay(saved(other), SPLIT)
    assert not result.is_same
    assert result.largest_difference == pytest.approx(0.25)
    assert [(found.name, found.then) for found in result.differences] == [
        ("numpy", "1.9"),
        ("kernel", "Abacus"),
    ]
    assert result.differences[0].now == np.__version__
    assert "parameters differ by up to 0.25" in str(result)
    assert f"NumPy: 1.9 then, {np.__version__} now" in str(result)


def test_another_way_of_taking_batches_and_pixels_is_named() -> None:
    first, again = trained(in_halves=True).model(), trained().model()
    first.card["blank_pixels"] = 3
    found = compare(first, again, SPLIT).differences
    assert [str(difference) for difference in found] == [
        "batches: in halves then, whole now",
        "blank pixels left out: 3 then, 0 now",
    ]


def _other_pixels(split: Split) -> Split:
    images = split.train.images.copy()
    images[0, 0, 0] ^= 1
    train = Dataset(images, split.train.labels, split.train.class_names, "other")
    return Split(train, split.dev)


@pytest.mark.parametrize("change", [_other_pixels, lambda split: Split(split.dev, split.train)])
def test_other_images_are_refused(change: Callable[[Split], Split]) -> None:
    file = saved(trained().model())
    with pytest.raises(DatasetError, match="not the images that the model learned from"):
        replay(file, change(SPLIT))


def test_a_run_that_was_changed_or_continued_another_cannot_be_replayed() -> None:
    changed = small_run(epochs=2)
    list(train(changed, SPLIT, max_steps=3))
    changed.change(epochs=3)
    continued = small_run()
    continued.begin_from(trained(), SPLIT)
    for run in (changed, continued):
        finish(run, SPLIT)
        with pytest.raises(ModelFileError, match="settings alone cannot reproduce"):
            replay(run.model(), SPLIT)


def test_a_passport_says_all_that_the_run_was() -> None:
    run = trained(epochs=2, in_halves=True)
    passport = Passport.of(load_model(saved(run.model())))
    assert (passport.network, passport.training) == (run.network_config, run.training_config)
    assert list(passport.history) == run.history
    assert (passport.dataset, passport.n_train, passport.n_dev) == ("stripes", 60, 20)
    assert (passport.steps, passport.weights_at, passport.in_halves) == (run.step, run.step, True)
    assert set(passport.versions) == {"numpy", "python", "machine", "kernel"}
    assert [record.step for record in passport.evaluations] == [0, 4, 8]


def test_a_run_that_continues_from_a_file_has_the_passport_of_an_undisturbed_one() -> None:
    whole, broken = trained(), small_run()
    list(train(broken, SPLIT, max_steps=5))
    again = TrainingRun.load_state(broken.save_state())
    finish(again, SPLIT)
    assert Passport.of(again.model()).history[-1] == Passport.of(whole.model()).history[-1]
    assert replay(again.model(), SPLIT).is_same


@pytest.mark.parametrize(
    "card",
    [
        {"train_size": None},
        {"train_size": 0},
        {"train_size": "60"},
        {"dev_size": -1},
        {"step": 2.5},
        {"weights_at": []},
        {"step": True},
        {"train_size": 10**400},
    ],
)
def test_a_card_that_makes_no_sense_is_no_passport(card: dict[str, Any]) -> None:
    with pytest.raises(ModelFileError, match="does not say how it was trained"):
        Passport.of(with_card(trained().model(), **card))


def test_what_a_card_lacks_or_garbles_is_left_out() -> None:
    card = {"dataset": 7, "fingerprint": None, "split": {"size": 3}, "numpy": ["2"], "in_halves": "yes"}
    passport = Passport.of(with_card(trained().model(), **card))
    assert (passport.dataset, passport.train_fingerprint, passport.split) == ("", "", None)
    assert (passport.versions["numpy"], passport.in_halves) == ("", False)


def _set(row: int, column: int, value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(history: np.ndarray) -> np.ndarray:
        history[row, column] = value
        return history

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set(0, 0, 2.0),
        _set(0, 0, 0.5),
        _set(1, 1, np.inf),
        _set(1, 1, np.nan),
        _set(1, 2, np.nan),
        _set(1, 3, -1.0),
        _set(1, 1, 1e300),
        lambda history: history[:, :-1],
        lambda history: history.astype(np.float32),
        lambda history: history[0],
    ],
)
def test_a_damaged_history_is_told(change: Callable[[np.ndarray], np.ndarray]) -> None:
    model = trained().model()
    assert model.history is not None
    model.history = change(model.history.copy())
    with pytest.raises(ModelFileError, match="history cannot be read"):
        Passport.of(load_model(saved(model)))


def test_a_history_survives_the_way_through_an_array() -> None:
    run = trained()
    array = history_array(run.history)
    assert array.shape == (len(run.history), HISTORY_COLUMNS)
    assert records_of(array) == run.history
    assert records_of(history_array([])) == []
