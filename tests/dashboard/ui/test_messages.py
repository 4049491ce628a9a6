"""How errors become sentences.

These are the tests of `dashboard.ui.messages`.
"""

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard.ui.messages import LONGEST_MESSAGE, distinct, html_text, plain, sentence
from mlcore import DatasetError, ModelFileError
from mlcore.quote import quoted
from tests.waiting import PATIENCE


@pytest.mark.parametrize("error", [DatasetError("Row 3 has no label."), ModelFileError("This is no model.")])
def test_what_the_core_says_is_shown_as_it_is(error: Exception) -> None:
    assert sentence(error) == str(error)


@given(st.text(max_size=300))
def test_a_code_span_holds_all_of_a_text_and_ends_where_it_ends(text: str) -> None:
    shown = plain(text)
    fence = re.match("`*", shown)
    assert fence is not None
    inside = shown[fence.end() : len(shown) - fence.end()]
    assert shown == f"{fence[0]}{inside}{fence[0]}"
    # A span ends at the first run of as many backticks as it began with.
    assert fence.end() not in map(len, re.findall("`+", inside))
    assert inside.strip() == quoted(text, LONGEST_MESSAGE)
    assert "\n" not in shown


def test_html_and_length_are_held_at_the_door() -> None:
    assert html_text("<img src=x onerror=alert(1)>") == "&lt;img src=x onerror=alert(1)&gt;"
    assert len(plain("x" * 5_000_000)) < 1100
    assert len(html_text("x" * 5_000_000)) < 1100


@given(st.lists(st.text(max_size=100)))
def test_names_that_look_alike_are_told_apart(names: list[str]) -> None:
    shown = distinct(names)
    assert len({*shown}) == len(names)


def test_details_of_an_unforeseen_error_go_to_the_log_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        said = sentence(KeyError("/home/someone/secret"))
    assert "secret" not in said
    assert "secret" in caplog.text


def test_running_out_of_memory_tells_what_to_try() -> None:
    assert "fewer images" in sentence(MemoryError())


def test_an_error_on_a_page_is_shown_and_what_comes_after_it_too() -> None:
    def page() -> None:
        import streamlit as st

        from dashboard.ui.messages import friendly_errors
        from mlcore import DatasetError

        with friendly_errors():
            raise DatasetError("Row 3 has no label.")
        st.write("after")

    app = AppTest.from_function(page, default_timeout=PATIENCE).run()
    assert [error.value for error in app.error] == ["`Row 3 has no label.`"]
    assert app.markdown[0].value == "after"
    assert not app.exception


def test_a_rerun_inside_the_block_is_no_error() -> None:
    def page() -> None:
        import streamlit as st

        from dashboard.ui.messages import friendly_errors

        with friendly_errors():
            if "again" not in st.session_state:
                st.session_state["again"] = True
                st.rerun()
            st.write("second run")

    app = AppTest.from_function(page, default_timeout=PATIENCE).run()
    assert app.markdown[0].value == "second run"
    assert not app.error


def page_with_a_button() -> AppTest:
    """A page whose button fails until the visitor has paid."""

    def page() -> None:
        import streamlit as st

        from dashboard.ui.messages import forget_problems, keeping_problem, show_problem
        from mlcore import DatasetError

        def buy() -> None:
            with keeping_problem("shop"):
                if not st.session_state["paid"]:
                    raise DatasetError("Pay first.")

        st.checkbox("Paid", key="paid")
        st.button("Buy", key="buy", on_click=buy)
        st.button("Leave", key="leave", on_click=forget_problems)
        show_problem("shop")
        show_problem("elsewhere")

    return AppTest.from_function(page, default_timeout=PATIENCE).run()


def test_a_callbacks_problem_is_shown_once_in_its_place_until_the_next_try_succeeds() -> None:
    page = page_with_a_button()
    assert not page.error
    page.button("buy").click().run()
    assert [error.value for error in page.error] == ["`Pay first.`"]
    page.checkbox("paid").check().run()
    assert [error.value for error in page.error] == ["`Pay first.`"]
    page.button("buy").click().run()
    assert not page.error


def test_a_kept_problem_can_be_forgotten() -> None:
    page = page_with_a_button()
    page.button("buy").click().run()
    page.button("leave").click().run()
    assert not page.error
