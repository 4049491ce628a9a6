"""What the browser asks the Draw page for.

These are the tests of `dashboard.draw.live`.
"""

import streamlit as st

from dashboard.draw.live import WANTED, _note_wanted


def test_a_question_for_weights_that_comes_after_the_page_was_left_is_none() -> None:
    _note_wanted()
    assert WANTED not in st.session_state
