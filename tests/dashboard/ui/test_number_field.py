"""The field for a number: what it reads, what it refuses, and what stays in force then."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard.ui.number_field import MOST_TEXTS, Bounds, read_number
from mlcore.errors import SettingError
from tests.fields import number_field
from tests.waiting import PATIENCE

SHARES = Bounds(0.001, 1.0, 0.001, whole=False)
IMAGES = Bounds(1, 4096, 1)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0,005", 0.005), ("0.005", 0.005), (",5", 0.5), ("5e-1", 0.5), ("1,0", 1.0), (" 0,5 ", 0.5)],
)
def test_a_decimal_comma_is_read(text: str, number: float) -> None:
    assert SHARES.read(text) == number


@pytest.mark.parametrize("text", ["1.000,5", "nan", "inf", "1e999", "--1", "1,2,3", "0x1", "half", "0"])
def test_what_is_no_number_within_bounds_is_refused(text: str) -> None:
    with pytest.raises(SettingError):
        SHARES.read(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("4,096", 4096), ("4.096", 4096), ("4 096", 4096), ("4’096", 4096), ("12.0", 12), ("1e3", 1000)],
)
def test_a_whole_number_may_be_grouped(text: str, number: int) -> None:
    assert IMAGES.read(text) == number


@pytest.mark.parametrize("text", ["2,5", "2.5", "40,96", "0", "4097", "-3", "1e999"])
def test_a_fraction_and_what_is_out_of_bounds_are_no_whole_number(text: str) -> None:
    with pytest.raises(SettingError):
        IMAGES.read(text)


@given(st.text(max_size=50), st.booleans())
def test_any_text_is_a_number_or_a_sentence(text: str, whole: bool) -> None:
    try:
        number = read_number(text, whole)
    except SettingError as error:
        assert str(error).endswith("number.")  # noqa: PT017  the other end of the alternative
    else:
        assert isinstance(number, int if whole else float)


@given(st.floats(1e-6, 1e6))
def test_a_number_means_the_same_with_a_comma(number: float) -> None:
    assert read_number(f"{number:.8f}".replace(".", ","), whole=False) == float(f"{number:.8f}")


def page() -> None:
    import streamlit as st

    from dashboard.ui.number_field import Bounds, number_field

    st.session_state.setdefault("taken", [])
    number_field(
        "Images",
        (st.session_state["taken"] or [128])[-1],
        st.session_state["taken"].append,
        key="images",
        bounds=Bounds(1, 4096, 1),
    )


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(page, default_timeout=PATIENCE).run()


def taken(app: AppTest) -> Any:
    assert not app.exception
    return app.session_state["taken"]


def test_what_is_refused_says_the_limit_and_what_is_in_force(app: AppTest) -> None:
    number_field(app, "Images").type("5000")
    assert number_field(app, "Images").problem == "At most 4,096. The value stays 128."
    number_field(app, "Images").type("0")
    assert number_field(app, "Images").problem == "At least 1. The value stays 128."
    number_field(app, "Images").type("many")
    assert number_field(app, "Images").problem == "many is not a number. The value stays 128."
    assert number_field(app, "Images").text == "128"
    assert taken(app) == []
    number_field(app, "Images").type("4,096")
    assert number_field(app, "Images").problem == ""
    assert taken(app) == [4096]


def test_what_was_refused_is_no_longer_told_once_another_value_is_in_force(app: AppTest) -> None:
    number_field(app, "Images").type("5000")
    app.session_state["taken"] = [64]  # as a recipe does
    app.run()
    assert (number_field(app, "Images").text, number_field(app, "Images").problem) == ("64", "")


def test_an_emptied_field_keeps_its_value(app: AppTest) -> None:
    number_field(app, "Images").type("")
    assert taken(app) == []
    assert (number_field(app, "Images").text, number_field(app, "Images").problem) == ("128", "")


def test_no_text_is_lost_that_was_typed_before_the_page_had_answered_the_last(app: AppTest) -> None:
    number_field(app, "Images").type("6", "")
    assert taken(app) == [6]
    number_field(app, "Images").type("7", "5000")
    assert taken(app) == [6, 7]
    assert number_field(app, "Images").problem == "At most 4,096. The value stays 7."
    number_field(app, "Images").type(*map(str, range(1, MOST_TEXTS + 2)))
    assert taken(app) == [6, 7]


def test_what_the_browser_sends_once_more_is_not_taken_again(app: AppTest) -> None:
    field = number_field(app, "Images")
    field.type("7")
    number_field(app, "Images").type("9")
    field.type("7")
    assert taken(app) == [7, 9]
