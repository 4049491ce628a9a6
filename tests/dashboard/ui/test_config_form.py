"""The form that is made from what settings say about themselves.

These are the tests of `dashboard.ui.config_form`.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mlcore import NetworkConfig, TrainingConfig, settings_of
from mlcore.errors import SettingError
from mlcore.settings import setting
from tests.fields import number_field, number_fields
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Kitchen:
    """One field of every kind, as a later config may have them."""

    dish: str = setting("soup", "Dish", "What is cooked.", choices=lambda: {"soup": "Soup", "pie": "Pie"})
    hot: bool = setting(True, "Hot", "Whether it is served hot.")
    guests: int = setting(2, "Guests", "Who comes.", minimum=1, maximum=9, step=1, unit="people")
    salt: float = setting(0.0001, "Salt", "How much.", minimum=0.0, maximum=1.0, step=0.1)
    sugar: float | None = setting(None, "Sugar", "How much.", minimum=0.0, maximum=1.0, none="no sugar")
    plates: tuple[int, ...] = setting((3,), "Plates", "On each table.", minimum=1, maximum=9, unit="plates")
    bowls: tuple[int, ...] = setting((), "Bowls", "On each table.", minimum=1, maximum=20, unit="bowls")
    candles: int = setting(0, "Candles", "For the mood.", minimum=0, maximum=9, step=1, more=True)
    music: bool = setting(False, "Music", "For the mood.", more=True, group="Evening")

    def __post_init__(self) -> None:
        if self.guests > 5 and self.dish == "pie":
            raise SettingError("A pie is too small for six.")


def page() -> None:
    import streamlit as st

    from dashboard.ui.config_form import Form

    Form(
        lambda: st.session_state["config"],
        lambda name, config: st.session_state.update(config=config),
        "form",
    ).show("More of it")


def show(config: Any) -> AppTest:
    app = AppTest.from_function(page, default_timeout=PATIENCE)
    app.session_state["config"] = config
    app.run()
    assert not app.exception
    return app


def labels(app: AppTest) -> set[str]:
    return {element.label for kind in (app.selectbox, number_fields(app), app.toggle) for element in kind}  # type: ignore[attr-defined]


@pytest.mark.parametrize("config", [NetworkConfig(), TrainingConfig()], ids=["network", "training"])
def test_every_setting_of_the_core_has_its_control_and_its_line_of_help(config: Any) -> None:
    app = show(config)
    shown = " ".join(labels(app))
    words = [caption.value for caption in app.caption] + [box.help for box in app.selectbox]
    for about in settings_of(config).values():
        assert about.label in shown
        assert any(about.help in (text or "") for text in words)


def test_showing_a_form_changes_nothing() -> None:
    for config in (NetworkConfig(), TrainingConfig(), Kitchen()):
        assert show(config).run().session_state["config"] == config


def test_every_kind_of_field_can_be_changed() -> None:
    app = show(Kitchen())
    app.selectbox[0].select("pie")
    app.toggle[0].set_value(False)
    number_field(app, "Guests (people)").type(4)
    number_field(app, "Salt").type(0.25)
    number_field(app, "Sugar").type(0.5)
    number_field(app, "Layer 1 (plates)").type(7)
    app.run()
    assert app.session_state["config"] == Kitchen(
        dish="pie", hot=False, guests=4, salt=0.25, sugar=0.5, plates=(7,)
    )


def test_an_emptied_number_is_none_and_says_what_that_means() -> None:
    app = show(Kitchen(sugar=0.5))
    number_field(app, "Sugar").type("")
    app.run()
    assert app.session_state["config"].sugar is None
    assert number_field(app, "Sugar").data["none"] == "no sugar"
    assert any("Leave empty: no sugar." in caption.value for caption in app.caption)


def test_sizes_grow_by_the_last_one_and_shrink_from_the_end() -> None:
    app = show(Kitchen(plates=(3, 5)))
    number_field(app, "Plates").type(4)
    assert app.session_state["config"].plates == (3, 5, 5, 5)
    number_field(app, "Layer 2 (plates)").type(8)
    number_field(app, "Plates").type(2)
    assert app.session_state["config"].plates == (3, 8)
    number_field(app, "Plates").type(0)
    assert app.session_state["config"].plates == ()
    number_field(app, "Plates").type(1)
    assert app.session_state["config"].plates == (3,)
    number_field(app, "Bowls").type(1)
    assert app.session_state["config"].bowls == (8,)


def test_what_is_more_stands_apart_and_each_group_by_itself() -> None:
    app = show(Kitchen())
    assert [expander.label for expander in app.expander] == ["More of it", "Evening"]
    assert [box.label for box in number_fields(app.expander[0])] == ["Candles"]
    assert [box.label for box in app.expander[1].toggle] == ["Music"]


def test_a_combination_that_cannot_be_gets_its_sentence_and_changes_nothing() -> None:
    app = show(Kitchen(dish="pie"))
    number_field(app, "Guests (people)").type(6)
    assert number_field(app, "Guests (people)").problem == "A pie is too small for six. The value stays 2."
    assert app.session_state["config"] == Kitchen(dish="pie")
    assert number_field(app, "Guests (people)").text == "2"
    number_field(app, "Guests (people)").type(3)
    assert number_field(app, "Guests (people)").problem == ""


def test_small_numbers_are_shown_as_they_are() -> None:
    assert number_field(show(Kitchen()), "Salt").text == "0.0001"


def test_a_config_that_changes_elsewhere_is_shown() -> None:
    app = show(Kitchen())
    app.session_state["config"] = dataclasses.replace(Kitchen(), guests=5, plates=(1, 2, 3))
    app.run()
    assert number_field(app, "Guests (people)").text == "5"
    assert number_field(app, "Layer 3 (plates)").text == "3"
