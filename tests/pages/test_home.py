"""The page Home: what a first visitor sees.

It must lead to the other pages.
"""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.home.showcase import IMAGES
from dashboard.navigation import PAGES
from dashboard.shipped import shipped_model
from dashboard.ui.formats import percent
from tests.pages.visits import new_app


@pytest.fixture(scope="module")
def app() -> AppTest:
    return new_app().run()


def test_the_accuracy_shown_is_that_of_the_models_card(app: AppTest) -> None:
    card = shipped_model("mnist").card
    scores = [card["test_accuracy"], card["drawing_accuracy"]]
    assert [metric.value for metric in app.metric] == [percent(score) for score in scores]


def test_a_few_test_images_are_shown_with_what_the_model_says_of_them(app: AppTest) -> None:
    (grid,) = [html.proto.body for html in app.get("html") if "<ul" in html.proto.body]
    assert grid.count("<img") == grid.count("the network says") == IMAGES


def test_the_way_on_leads_to_every_page_of_the_way_drawing_first(app: AppTest) -> None:
    links = [link.proto.page for link in app.get("page_link")]
    assert links[0] == "draw"
    assert set(links) == {entry.name for entry in PAGES} - {"home", "runs", "search"}  # for who has some runs


def test_no_chart_library_is_loaded_for_it(app: AppTest) -> None:
    for chart in ("plotly_chart", "arrow_vega_lite_chart"):
        assert not app.get(chart)
    assert {component.key for component in app.get("bidi_component")} <= {
        "number_field_code",
        "moving_picture_svg",
    }
