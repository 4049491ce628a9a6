"""Which model answers.

It stands between the trained models and a drawing.
"""

import io
from collections.abc import Iterator

import pytest

from dashboard import model_choice
from dashboard.caches import shipped_model, shipped_model_names
from dashboard.model_choice import chosen_key, chosen_model, model_labels, take_model_file
from dashboard.runs.service import RunService
from dashboard.session import RUN_MODEL, UPLOADED_MODEL, Session
from dashboard.split_settings import SplitSettings
from mlcore import ModelFileError, NetworkConfig, TrainingConfig, save_model
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
