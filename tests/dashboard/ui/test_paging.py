"""Things shown a page at a time: which are shown, and what happens when their number changes."""

from streamlit.testing.v1 import AppTest

from tests.waiting import PATIENCE


def page() -> None:
    import streamlit as st

    from dashboard.ui.paging import choose_page

    n = st.number_input("n", value=25)
    shown = choose_page(int(n), 10, "turn")
    st.text(f"{shown.start} to {shown.stop}")


def test_the_first_page_is_shown_and_what_fits_on_one_is_shown_whole() -> None:
    app = AppTest.from_function(page, default_timeout=PATIENCE).run()
    assert app.text[0].value == "0 to 10"
    for n, shown in ((10, "0 to 10"), (3, "0 to 3"), (0, "0 to 0")):
        app.number_input[0].set_value(n).run()
        assert app.text[0].value == shown


def test_with_another_number_of_pages_the_first_is_shown_again() -> None:
    app = AppTest.from_function(page, default_timeout=PATIENCE)
    app.session_state["turn"] = 3
    assert app.run().text[0].value == "20 to 25"
    app.number_input[0].set_value(12).run()
    assert not app.exception
    assert app.text[0].value == "0 to 10"
