"""Teaching on the page Draw: what is drawn gets its name, is learned, kept, and made a data set."""

import re
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.draw.teach import next_step
from dashboard.runs.service import RunService
from dashboard.session import UPLOADED, UPLOADED_MODEL, MyDrawing, Session
from mlcore import Model, NetworkConfig, TrainingConfig, TrainingRun
from tests.pages.visits import computed, opened, session_of

SEVEN = [["M", 70, 60], ["L", 210, 60], ["L", 150, 240]]
ONE = [["M", 140, 50], ["L", 140, 230]]


@pytest.fixture
def app() -> AppTest:
    app = opened("draw")
    app.toggle(key="teaches").set_value(True).run()
    return app


def teach(app: AppTest, path: list[list[Any]], name: str) -> None:
    session_of(app).drawing = {"objects": [{"type": "Path", "strokeWidth": 20, "path": path}]}
    app.run()
    app.pills(key="hand_label").set_value(name).run()


def small_model() -> Model:
    """A network that a visitor could bring, which knows hardly anything yet."""
    run = TrainingRun(NetworkConfig(hidden_sizes=(16,)), TrainingConfig(iterations=1))
    run.build(Session().split)
    return run.model()


def words(app: AppTest) -> str:
    return " ".join(element.value for element in [*app.caption, *app.markdown, *app.error])


def test_each_name_keeps_the_drawing_and_clears_the_canvas(app: AppTest) -> None:
    assert "Your drawings are collected here" in words(app)
    teach(app, ONE, "1")
    assert session_of(app).drawing == {"objects": []}
    assert "Drawings kept: 1 (`1`: 1)" in words(app)
    assert app.pills(key="hand_label").disabled  # there is nothing on the canvas
    app.pills(key="hand_chosen_1").set_value([0]).run()
    app.button(key="hand_remove").click().run()
    assert session_of(app).hand == []


def test_a_network_learns_the_hand_and_what_that_brought_is_told_before_it_answers(
    app: AppTest, service: RunService
) -> None:
    session_of(app).uploaded_model, session_of(app).model_key = small_model(), UPLOADED_MODEL
    app.run()
    for number in range(8):
        assert app.button(key="begin_learn_hand").disabled
        teach(app, SEVEN if number % 2 else ONE, "7" if number % 2 else "1")
    computed(app, service, "learn_hand")
    assert not service.studies._studies  # it is the visitor's alone
    assert re.search(
        r"Your drawings that it had not seen: \d of 2 right before, \*\*2 of 2\*\* now", words(app)
    )
    assert "of 10,000 right before" in words(app)
    app.button(key="keep_lesson").click().run()
    session = session_of(app)
    assert (session.model_key, session.uploaded_model_name) == (UPLOADED_MODEL, "Taught by your hand")
    assert session.lesson is None
    assert len(session.hand) == 8


def test_classes_of_ones_own_become_a_data_set(app: AppTest) -> None:
    assert any("Or add classes of your own" in caption.value for caption in app.caption)
    app.text_input(key="hand_class").set_value("  heart ").run()
    assert any("`heart`: 0 of 30. Add a second class" in caption.value for caption in app.caption)
    for number in range(10):
        teach(app, SEVEN if number % 2 else ONE, "heart" if number % 2 else "1")
    app.button(key="hand_as_data").click().run()
    session = session_of(app)
    assert session.dataset_key == UPLOADED
    assert session.dataset.class_names == ("1", "heart")


def test_what_comes_next_is_said_until_each_class_of_ones_own_has_drawings_enough() -> None:
    session = Session()
    session.hand_classes = ["heart", "star"]
    session.hand = [MyDrawing("heart", "", np.zeros((28, 28), np.uint8))] * 30
    assert next_step(session).startswith("`heart`: 30 of 30, `star`: 0 of 30. Draw")
    session.hand += [MyDrawing("star", "", np.zeros((28, 28), np.uint8))] * 30
    assert "use them as a data set" in next_step(session)
