"""A model that learns a hand reads it afterwards, and still reads the others'."""

import numpy as np
import pytest

from mlcore import (
    Dataset,
    DatasetError,
    Model,
    NetworkConfig,
    SettingError,
    Split,
    TrainingConfig,
    TrainingRun,
    completed,
)
from mlcore.study.fine_tuning import (
    HELD_BACK,
    KEPT,
    LEAST_DRAWINGS,
    Lesson,
    draw_memory,
    fine_tune,
    learn_hand,
    score,
)
from tests.mlcore.small import finish, stripes

OTHERS = stripes(300, shape=(12, 12))


def upright(n: int, seed: int = 1) -> Dataset:
    """The same classes as another hand writes them: the stripe's place is told from the left."""
    data = stripes(n, seed, shape=(12, 12))
    return Dataset(data.images.transpose(0, 2, 1), data.labels, data.class_names, "upright stripes")


@pytest.fixture(scope="module")
def model() -> Model:
    run = TrainingRun(NetworkConfig(hidden_sizes=(24,)), TrainingConfig(epochs=30, learning_rate=0.01))
    finish(run, Split(OTHERS.take(slice(0, 200)), OTHERS.take(slice(200, None))))
    return run.model()


@pytest.fixture(scope="module")
def lesson(model: Model) -> Lesson:
    return completed(
        learn_hand(model, upright(60), OTHERS.take(slice(0, 200)), OTHERS.take(slice(200, None)))
    )


def test_a_hand_that_was_misread_is_read_afterwards_and_the_others_are_not_forgotten(lesson: Lesson) -> None:
    assert lesson.hand_before.right < 0.5 * lesson.hand_before.images
    assert lesson.hand_after.right > 0.8 * lesson.hand_after.images
    assert lesson.others_before.right == lesson.others_before.images == 100
    assert lesson.others_after.right >= 97


def test_what_is_told_of_the_hand_was_not_learned_from(lesson: Lesson, model: Model) -> None:
    assert lesson.hand_before.images == lesson.hand_after.images == 60 // HELD_BACK
    assert lesson.model.card["train_size"] == 2 * 200
    assert lesson.others_after == completed(score(lesson.model, OTHERS.take(slice(200, None))))


def test_the_model_stays_as_it_was_and_the_same_seed_gives_the_same_bits(model: Model) -> None:
    before = model.fingerprint
    drawings, memory = upright(12), OTHERS.take(slice(0, 200))
    one, two = (fine_tune(model, drawings, memory, seed=5) for _ in range(2))
    other = fine_tune(model, drawings, memory, seed=6)
    assert one.fingerprint == two.fingerprint != other.fingerprint
    assert model.fingerprint == before


def test_a_model_that_learned_a_hand_claims_no_measurement_of_the_weights_that_it_left(
    lesson: Lesson,
) -> None:
    assert lesson.model.card["weights_kept"] == KEPT < 1
    assert not {"dev_accuracy", "measured_at_step"} & set(lesson.model.card)


def test_memory_has_as_many_of_each_class_as_there_are() -> None:
    labels = np.repeat([0, 1, 2], [50, 7, 20])
    data = Dataset(np.zeros((77, 6, 5), np.uint8), labels, ("a", "b", "c"), "uneven")
    rows = draw_memory(data, np.random.default_rng(0), most=30)
    assert np.bincount(labels[rows]).tolist() == [10, 7, 10]
    assert len(set(rows.tolist())) == 27


def test_what_does_not_fit_is_refused_with_a_sentence(model: Model) -> None:
    memory = OTHERS.take(slice(0, 200))
    with pytest.raises(DatasetError, match=f"At least {LEAST_DRAWINGS} drawings are needed"):
        completed(learn_hand(model, upright(LEAST_DRAWINGS - 1), memory, OTHERS))
    with pytest.raises(DatasetError, match="stripes has other images or classes"):
        fine_tune(model, stripes(20), memory)
    with pytest.raises(DatasetError, match="stripes has other images or classes"):
        fine_tune(model, upright(20), stripes(30, shape=(12, 12), classes=4))
    other = TrainingRun(NetworkConfig(hidden_sizes=(5,)), TrainingConfig())
    with pytest.raises(SettingError, match="same settings"):
        other.begin_from_model(model, Split(memory, memory))
