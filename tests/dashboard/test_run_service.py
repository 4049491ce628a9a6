"""Who a visitor is to the run service: the same browser owns its runs after a reload, another may only watch.

These are the tests of `dashboard.run_service`.
"""

import binascii
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard import run_service
from dashboard.browser import browser_token
from dashboard.runs.service import RunService
from mlcore import NetworkConfig, TrainingConfig, load_dataset, split_dataset
from tests.waiting import PATIENCE


def cookie(token: bytes, mask: bytes, time: int = 1_790_000_000) -> str:
    """Return a token as Streamlit writes it, with a mask."""
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(token))
    return f"2|{binascii.hexlify(mask).decode()}|{binascii.hexlify(masked).decode()}|{time}"


@given(
    token=st.binary(min_size=1, max_size=32),
    one=st.binary(min_size=4, max_size=4),
    other=st.binary(min_size=4, max_size=4),
)
def test_a_browser_is_known_again_whatever_mask_its_cookie_wears(
    token: bytes, one: bytes, other: bytes
) -> None:
    assert browser_token(cookie(token, one)) == browser_token(f'"{cookie(token, other)}"')


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_two_browsers_are_two_owners(one: bytes, other: bytes) -> None:
    same = browser_token(cookie(one, b"mask")) == browser_token(cookie(other, b"mask"))
    assert same == (one == other)


@given(st.text())
def test_any_cookie_gives_a_token_or_none(text: str) -> None:
    assert browser_token(text) is None or len(browser_token(text) or "") == 64


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunService]:
    """A service with threads for workers, in the place of the server's."""
    made = RunService(1, make_executor=lambda: ThreadPoolExecutor(1), turn_seconds=0.01, clean_up_every=None)
    monkeypatch.setattr(run_service, "get_run_service", lambda: made)
    yield made
    made.close()


def page() -> None:
    """Watch a run as a page does."""
    import streamlit as st

    from dashboard.run_service import run_owner, watch_run

    st.session_state["owner"] = run_owner()
    if "run" in st.session_state:
        st.session_state["state"] = watch_run(st.session_state["run"]).state


def test_a_session_keeps_its_owner_and_no_two_share_one(service: RunService) -> None:
    first, second = (
        AppTest.from_function(page, default_timeout=PATIENCE).run(),
        AppTest.from_function(page, default_timeout=PATIENCE).run(),
    )
    owner = first.session_state["owner"]
    assert first.run().session_state["owner"] == owner != second.session_state["owner"]


def test_a_session_that_watches_its_run_keeps_it(service: RunService) -> None:
    visitor = AppTest.from_function(page, default_timeout=PATIENCE).run()
    split = split_dataset(load_dataset("digits-8x8"), dev_size=200)
    config = TrainingConfig(epochs=10_000)
    run_id = service.start(visitor.session_state["owner"], split, NetworkConfig(), config)
    visitor.session_state["run"] = run_id
    visitor.run()
    assert not visitor.exception
    assert len(service._runs[run_id].sessions) == 1
    stranger = AppTest.from_function(page, default_timeout=PATIENCE)
    stranger.session_state["run"] = run_id
    stranger.run()
    assert stranger.session_state["state"] in ("queued", "running")
    assert len(service._runs[run_id].sessions) == 1
