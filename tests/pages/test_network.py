"""The page Network as a visitor uses it: recipes, settings, the picture, the estimate.

What needs a browser is in `tests/e2e/test_network_page.py`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import estimate
from dashboard.runs.service import RunService
from mlcore import OPTIMIZERS, RECIPES, NetworkConfig
from tests.fields import number_field
from tests.pages.visits import grids, new_app, opened, session_of
from tests.waiting import PATIENCE


@pytest.fixture(scope="module")
def only_service() -> Iterator[RunService]:
    """One service for all tests; its worker is a process, as on a server."""
    made = RunService(1, clean_up_every=None)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def service(only_service: RunService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the service in the place of the server's."""
    monkeypatch.setattr(estimate, "get_run_service", lambda: only_service)


def visit(**query: str) -> AppTest:
    app = new_app().switch_page("pages/network.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error
    return app


def box(app: AppTest, label: str) -> Any:
    return next(found for found in app.selectbox if found.label == label)


def figure(app: AppTest, label: str) -> str:
    return str(next(metric.value for metric in app.metric if metric.label == label))


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_carried_by_a_link(name: str) -> None:
    app = visit(recipe=name)
    session, recipe = session_of(app), RECIPES[name]
    assert (session.network_config, session.training_config) == (recipe.network, recipe.training)
    assert box(app, "Recipe").value == name
    assert recipe.dataset in (None, session.dataset_key)


def test_every_recipe_can_be_chosen() -> None:
    app, first = visit(), next(iter(RECIPES))
    for name, recipe in [*RECIPES.items(), (first, RECIPES[first])]:
        box(app, "Recipe").select(name).run()
        assert session_of(app).training_config == recipe.training
        assert app.query_params.get("recipe") == (None if name == first else name)


def test_a_recipe_that_is_no_recipe_in_a_link_is_passed_over() -> None:
    assert session_of(visit(recipe="<script>")).network_config == NetworkConfig()


def test_a_recipe_with_its_own_split_takes_it_away_again() -> None:
    app = visit(recipe="notebook-3")
    assert len(session_of(app).split.dev) == 999
    box(app, "Recipe").select("standard").run()
    assert len(session_of(app).split.dev) == 1000
    assert len(session_of(app).split.train) == 59_000


def test_settings_of_ones_own_are_no_recipe() -> None:
    app = visit()
    number_field(app, "Epochs").type(3)
    assert box(app, "Recipe").value == ""
    assert box(app, "Recipe").format_func("") == "Standard (modified)"
    assert session_of(app).training_config == replace(RECIPES["standard"].training, epochs=3)
    box(app, "Recipe").select("standard").run()
    assert session_of(app).training_config == RECIPES["standard"].training


def test_choices_stay_when_the_page_changes() -> None:
    app = visit()
    box(app, "Activation").select("tanh")
    number_field(app, "Hidden layers").type(2)
    app.run()
    number_field(app, "Layer 2 (neurons)").type(32)
    app.switch_page("pages/home.py").run().switch_page("pages/network.py").run()
    assert box(app, "Activation").value == "tanh"
    assert number_field(app, "Layer 2 (neurons)").text == "32"
    assert session_of(app).network_config == NetworkConfig(hidden_sizes=(128, 32), activation="tanh")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_brings_a_rate_that_suits_it(name: str) -> None:
    app = visit()
    box(app, "Optimizer").select(name).run()
    recipe = RECIPES["standard"].training
    good = recipe.learning_rate if name == recipe.optimizer else OPTIMIZERS[name].good_rate
    assert session_of(app).training_config.learning_rate == good
    assert float(number_field(app, "Learning rate").text) == good


def test_a_rate_that_was_chosen_is_not_overridden_but_another_is_offered() -> None:
    app = visit()
    number_field(app, "Learning rate").type(0.002)
    box(app, "Optimizer").select("gradient_descent").run()
    assert session_of(app).training_config.learning_rate == 0.002
    assert any("A good learning rate for Gradient descent is about 0.1" in c.value for c in app.caption)
    app.button("use_rate").click().run()
    assert number_field(app, "Learning rate").text == "0.1"
    assert app.button("use_rate").disabled


def test_the_rate_of_a_recipe_is_not_contradicted() -> None:
    app = visit(recipe="convolution")
    rate = session_of(app).training_config.learning_rate
    assert any(f"This recipe uses Adam with a learning rate of {rate:g}." in c.value for c in app.caption)
    assert app.button("use_rate").disabled
    box(app, "Optimizer").select("gradient_descent").run()
    box(app, "Optimizer").select("adam").run()
    assert session_of(app).training_config.learning_rate == rate


def test_a_setting_without_effect_is_inactive_and_says_why() -> None:
    app = visit()
    assert number_field(app, "Momentum").data["disabled"]
    assert any("only the optimizers Momentum" in caption.value for caption in app.caption)
    box(app, "Optimizer").select("nesterov").run()
    assert not number_field(app, "Momentum").data["disabled"]
    assert not box(app, "Activation").disabled
    number_field(app, "Hidden layers").type(0)
    assert box(app, "Activation").disabled


def test_a_recipe_that_was_changed_keeps_its_story_and_the_address_says_what_was_changed() -> None:
    app = visit(recipe="notebook-1")
    assert any("bias" in text.value for text in app.expander[0].markdown)
    number_field(app, "Seed").type(7)
    assert any("bias" in text.value for text in app.expander[0].markdown)
    assert dict(app.query_params) == {"recipe": "notebook-1", "settings": "1~seed-7"}


def test_the_number_of_parameters_follows_the_network() -> None:
    app = visit()
    assert figure(app, "Parameters") == "101,770"
    number_field(app, "Hidden layers").type(0)
    assert figure(app, "Parameters") == "7,850"


def test_the_time_is_measured_on_this_machine_and_follows_the_length() -> None:
    app = visit(recipe="softmax-regression")
    assert re.fullmatch(r"a few seconds|about .+ s|about .+ min", figure(app, "Training takes"))


def test_what_does_not_go_together_is_told_in_a_sentence_and_nothing_is_lost() -> None:
    app = visit()
    number_field(app, "Convolutions").type(1)
    number_field(app, "Drop rare pixels").type(0.01)
    problem = number_field(app, "Drop rare pixels").problem
    assert problem.startswith("Convolutions need whole images")
    assert problem.endswith("The field stays empty.")
    assert session_of(app).network_config == NetworkConfig(filters=(8,))


def test_a_network_that_the_images_are_too_small_for_is_told_in_a_sentence() -> None:
    app = visit()
    session_of(app).use_dataset("digits-8x8")
    session_of(app).network_config = NetworkConfig(filters=(8, 8))
    app.run()
    assert not app.exception
    assert len(app.error) >= 1
    assert "Traceback" not in app.error[0].value


def test_augmentation_is_shown_on_training_images_and_drawn_again_at_a_click() -> None:
    app = visit()
    assert app.button(key="other_changes").disabled
    above, below = pictures_of(grids(app)[1])
    assert above == below  # every change is 0
    number_field(app, "Rotation (degrees)").type(30)
    above, below = pictures_of(grids(app)[1])
    assert len(above) == len(below) == 8
    assert not set(above) & set(below)
    assert pictures_of(grids(visited_again(app))[1]) == (above, below)  # the same settings show the same
    app.button(key="other_changes").click().run()
    assert pictures_of(grids(app)[1])[0] == above
    assert not set(pictures_of(grids(app)[1])[1]) & set(below)


def test_the_preparation_is_shown_on_training_images() -> None:
    app = visit()
    assert any("784 numbers" in caption.value and "from 0 to 1." in caption.value for caption in app.caption)
    number_field(app, "Downsampling (pixels)").type(2)
    assert any("196 numbers" in caption.value for caption in app.caption)
    app.toggle(key="network_standardize 0").set_value(True).run()
    assert any("Mid-grey" in caption.value for caption in app.caption)


def pictures_of(grid: str) -> tuple[list[str], list[str]]:
    """Return the pictures above and those below in a row of pairs."""
    shown = re.findall('src="([^"]*)"', grid)
    return shown[::2], shown[1::2]


def visited_again(app: AppTest) -> AppTest:
    return app.switch_page("pages/home.py").run().switch_page("pages/network.py").run()


def test_of_two_quick_changes_the_first_one_stays_though_the_browser_was_late() -> None:
    app = opened("network", recipe="deep")
    number_field(app, "Epochs").type(30)
    del app.query_params["settings"]  # what the browser still had when the second change left it
    number_field(app, "Batch size (images)").type(2000)
    training = session_of(app).training_config
    assert (training.epochs, training.batch_size) == (30, 2000)
    assert "settings" in app.query_params


def test_an_address_that_comes_back_alone_is_one_that_the_visitor_went_back_to() -> None:
    app = opened("network", recipe="deep")
    number_field(app, "Epochs").type(30)
    del app.query_params["settings"]
    app.run()
    assert session_of(app).training_config.epochs == RECIPES["deep"].training.epochs


def test_an_address_from_before_a_run_was_looked_at_can_be_gone_back_to() -> None:
    def follow() -> None:
        from dataclasses import replace

        import streamlit as st

        from dashboard.link import follow_address, leave_address
        from dashboard.session import Session

        session = st.session_state.setdefault("session", Session())
        if st.query_params.pop("run", None):
            session.training_config = replace(session.training_config, epochs=31)
            leave_address()
        else:
            follow_address(session)

    app = AppTest.from_function(follow, default_timeout=PATIENCE)
    app.query_params["recipe"] = "deep"
    app.run()
    session_of(app).training_config = replace(session_of(app).training_config, epochs=30)
    app.run()
    app.query_params["run"] = "1"
    app.run()
    app.query_params["recipe"] = "deep"
    app.run()
    assert session_of(app).training_config.epochs == RECIPES["deep"].training.epochs
