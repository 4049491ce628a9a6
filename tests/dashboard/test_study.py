"""A study on a page: begun by a button, cancelled, failed with its sentence, and shown once it is found."""

import threading
from collections.abc import Generator, Iterator
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.study
from dashboard.runs.service import RunService
from mlcore.errors import DatasetError
from tests.dashboard.runs.in_threads import CountingExecutor
from tests.waiting import PATIENCE, wait_until

gate = threading.Event()


def count(n: int) -> Generator[float, None, str]:
    while not gate.wait(0.01):
        yield 0.5
    if n < 0:
        raise DatasetError("There are no images.")
    return f"{n} images"


def page() -> None:
    import streamlit as st

    from dashboard.study import show_study
    from tests.dashboard.test_study import count

    n = st.number_input("n", value=7)
    st.text(show_study("count", n, "Count them", lambda: (count, (n,))) or "not known")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunService]:
    made = RunService(1, make_executor=CountingExecutor, clean_up_every=None)
    monkeypatch.setattr(dashboard.study, "get_run_service", lambda: made)
    monkeypatch.setattr(dashboard.study, "heartbeat", lambda: None)
    monkeypatch.setattr(dashboard.study, "run_owner", lambda: "ada")
    gate.clear()
    yield made
    gate.set()
    made.close()


def shown(app: AppTest) -> SimpleNamespace:
    assert not app.exception
    return SimpleNamespace(
        text=app.text[0].value,
        buttons=[button.label for button in app.button],
        errors=[error.value for error in app.error],
    )


def test_a_study_is_offered_goes_on_is_cancelled_and_shows_what_it_found(service: RunService) -> None:
    app = AppTest.from_function(page, default_timeout=PATIENCE).run()
    assert shown(app) == SimpleNamespace(text="not known", buttons=["Count them"], errors=[])
    app.button(key="begin_count").click().run()
    assert shown(app).buttons == ["Cancel"]
    app.button(key="cancel_count").click().run()
    assert shown(app).buttons == ["Count them"]
    app.button(key="begin_count").click().run()
    gate.set()
    wait_until(lambda: not service.studies.status(("count", 7)).live)  # type: ignore[union-attr]
    assert shown(app.run()) == SimpleNamespace(text="7 images", buttons=[], errors=[])


def test_why_a_study_failed_is_said_and_it_can_be_begun_again(service: RunService) -> None:
    gate.set()
    app = AppTest.from_function(page, default_timeout=PATIENCE).run()
    app.number_input[0].set_value(-1).run()
    app.button(key="begin_count").click().run()
    wait_until(lambda: not service.studies.status(("count", -1)).live)  # type: ignore[union-attr]
    state = shown(app.run())
    assert state.buttons == ["Count them"]
    assert "There are no images." in state.errors[0]
