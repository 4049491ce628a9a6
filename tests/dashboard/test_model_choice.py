"""Which model answers.

It stands between the trained models and a drawing.
"""

import io

import pytest

from dashboard.caches import shipped_model, shipped_model_names
from dashboard.model_choice import chosen_key, chosen_model, model_labels, take_model_file
from dashboard.session import RUN_MODEL, UPLOADED_MODEL, Session
from mlcore import ModelFileError, save_model


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
