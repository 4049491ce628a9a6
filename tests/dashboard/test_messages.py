"""How errors become sentences.

It stands between whatever goes wrong and what a visitor reads about it.
"""

import logging

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.messages import sentence
from mlcore import DatasetError, ModelFileError


@pytest.mark.parametrize("error", [DatasetError("Row 3 has no label."), ModelFileError("This is no model.")])
def test_what_the_core_says_is_shown_as_it_is(error: Exception) -> None:
    assert sentence(error) == str(error)


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

        from dashboard.messages import friendly_errors
        from mlcore import DatasetError

        with friendly_errors():
            raise DatasetError("Row 3 has no label.")
        st.write("after")

    app = AppTest.from_function(page).run()
    assert [error.value for error in app.error] == ["Row 3 has no label."]
    assert app.markdown[0].value == "after"
    assert not app.exception


def test_a_rerun_inside_the_block_is_no_error() -> None:
    def page() -> None:
        import streamlit as st

        from dashboard.messages import friendly_errors

        with friendly_errors():
            if "again" not in st.session_state:
                st.session_state["again"] = True
                st.rerun()
            st.write("second run")

    app = AppTest.from_function(page).run()
    assert app.markdown[0].value == "second run"
    assert not app.error
