"""Which models a visitor can choose, and which one is chosen at first.

These are the tests of `dashboard.models.choice`.
"""

import gc
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dashboard.budget import Budget, NoRoom
from dashboard.models import choice as model_choice
from dashboard.models.choice import chosen_key, chosen_model, model_labels, take_model_file
from dashboard.runs.service import RunService
from dashboard.server.server import server
from dashboard.session import RUN_MODEL, UPLOADED_MODEL, Session
from dashboard.shipped import shipped_model, shipped_model_names
from mlcore import (
    Model,
    ModelFileError,
    NetworkConfig,
    Preparation,
    SplitSettings,
    TrainingConfig,
    TrainingRun,
    load_dataset,
    network_summary,
    save_model,
    split_dataset,
    train,
)
from tests.waiting import wait_until


@pytest.fixture
def run_of_small_digits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A visitor whose run on the 8×8 digits has ended."""
    session = Session(dataset_key="digits-8x8", split_settings=SplitSettings(dev_size=300))
    service = RunService()
    monkeypatch.setattr(model_choice, "get_run_service", lambda: service)
    configs = NetworkConfig(hidden_sizes=(16,)), TrainingConfig(epochs=1)
    session.run_id = service.start("someone", session.split, *configs)
    wait_until(lambda: not service.status(session.run_id).live)
    yield session
    service.close()


def model_file(name: str = "mnist") -> io.BytesIO:
    buffer = io.BytesIO()
    save_model(shipped_model(name), buffer)
    buffer.seek(0)
    return buffer


def test_a_new_visitor_is_answered_by_the_model_trained_on_mnist() -> None:
    assert chosen_key(Session()) == shipped_model_names()[0] == "mnist"
    assert chosen_model(Session()) is shipped_model("mnist")


def test_a_model_file_answers_as_soon_as_it_is_taken() -> None:
    session = Session()
    take_model_file(session, model_file(), "mine.npz")
    assert model_labels(session)[UPLOADED_MODEL] == "mine.npz"
    assert chosen_key(session) == UPLOADED_MODEL
    assert chosen_model(session) is session.uploaded_model


def test_a_file_that_is_no_model_changes_nothing() -> None:
    session = Session()
    with pytest.raises(ModelFileError):
        take_model_file(session, io.BytesIO(b"label,pixel0\n"), "train.csv")
    assert session == Session()


def model_of(
    shape: tuple[int, int] = (8, 8), classes: int = 3, floats: bool = False, **network: Any
) -> Model:
    """A model of this network whose parameters are all zero."""
    config = NetworkConfig(**{"hidden_sizes": ()} | network)
    preparation = Preparation(shape, floats=floats)
    summary = network_summary(config, shape, classes)
    parameters = np.zeros(sum(layer.parameters for layer in summary), np.float32)
    return Model(config, preparation, tuple(str(k) for k in range(classes)), parameters)


def file_of(model: Model) -> io.BytesIO:
    buffer = io.BytesIO()
    save_model(model, buffer)
    buffer.seek(0)
    return buffer


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (model_of((3, 8)), "images of 3×8 pixels"),
        (model_of((65, 64)), "images of 65×64 pixels"),
        (model_of(classes=63), "63 classes"),
        (model_of((64, 64), filters=(128, 256)), "million multiplications"),
        (model_of(floats=True), "table of numbers, not images"),
    ],
    ids=["small", "large", "classes", "multiplications", "table"],
)
def test_a_model_that_is_none_for_this_app_gets_a_sentence_and_changes_nothing(
    model: Model, words: str
) -> None:
    session = Session()
    with pytest.raises(ModelFileError, match=words):
        take_model_file(session, file_of(model), "mine.npz")
    assert session == Session()


def test_a_file_called_like_another_model_is_told_apart_from_it() -> None:
    session = Session()
    take_model_file(session, model_file(), model_choice.shipped_label("mnist") + "\u202e")
    assert "\u202e" not in str(model_labels(session))
    take_model_file(session, model_file(), model_choice.shipped_label("mnist"))
    labels = [*model_labels(session).values()]
    assert len({*labels}) == len(labels)


def test_the_state_of_a_training_is_not_kept_to_answer() -> None:
    session = Session()
    run = TrainingRun(NetworkConfig(hidden_sizes=(4,)), TrainingConfig(epochs=1))
    for _ in train(run, split_dataset(load_dataset("digits-8x8"), dev_size=300)):
        pass
    take_model_file(session, file_of(run.model(resumable=True)), "mine.npz")
    assert session.uploaded_model is not None
    assert session.uploaded_model.state is None


def test_a_model_file_takes_room_from_the_budget_until_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    size, work = len(model_file().getvalue()), shipped_model("mnist").work_bytes
    budget = Budget(3 * size + work, lambda: None)
    monkeypatch.setattr(server(), "budget", budget)
    session = Session()
    take_model_file(session, model_file(), "mine.npz")
    assert size + work < budget.taken < 2 * size + work
    with pytest.raises(NoRoom):
        take_model_file(Session(), model_file(), "mine.npz")
    session.uploaded_model = None
    gc.collect()
    assert budget.taken == 0


def test_a_run_that_is_no_longer_there_gives_way_to_the_shipped_model() -> None:
    session = Session(run_id="gone", model_key=RUN_MODEL)
    assert RUN_MODEL not in model_labels(session)
    assert chosen_model(session) is shipped_model("mnist")


def test_a_run_can_be_chosen_and_answers_to_images_of_its_own_size(run_of_small_digits: Session) -> None:
    session = run_of_small_digits
    assert RUN_MODEL in model_labels(session)
    assert chosen_key(session) == "mnist"
    session.model_key = RUN_MODEL
    assert chosen_model(session).image_shape == (8, 8)


def test_who_has_trained_a_run_asks_it_until_another_model_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_choice, "_run_has_model", lambda _session: True)
    monkeypatch.setattr(model_choice, "_is_own", lambda _session: True)
    session = Session()
    assert model_choice.chosen_key(session) == RUN_MODEL
    session.model_key = "mnist"
    assert model_choice.chosen_key(session) == "mnist"
    monkeypatch.setattr(model_choice, "_is_own", lambda _session: False)  # somebody else's
    assert model_choice.chosen_key(Session()) == "mnist"
