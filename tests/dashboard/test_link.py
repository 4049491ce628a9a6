"""The settings of a visitor in the address of a page, and a link that somebody opens."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.link import FORMER_RECIPES, parameters_of, take_parameters
from dashboard.recipe import use_recipe
from dashboard.session import UPLOADED, Session
from mlcore import RECIPES, Dataset, NetworkConfig, SplitSettings
from tests.pages.visits import opened, session_of


def own_data(name: str = "digits") -> Dataset:
    images = np.zeros((100, 8, 8), np.uint8)
    images[:, 0, 0] = np.arange(100)
    return Dataset(images, np.arange(100) % 2, ("no", "yes"), name)


def choices(session: Session) -> tuple[object, ...]:
    return (
        session.recipe,
        session.dataset_key,
        session.split_settings,
        session.network_config,
        session.training_config,
    )


def given(session: Session) -> dict[str, str]:
    return {name: value for name, value in parameters_of(session).items() if value is not None}


def test_settings_that_nobody_changed_need_no_word_in_the_address() -> None:
    assert given(Session()) == {}


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("key", ["mnist", "digits-8x8"])
def test_a_link_shows_another_visitor_the_same_settings(recipe: str, key: str) -> None:
    session, other = Session(), Session()
    use_recipe(session, recipe)
    session.use_dataset(key)
    session.network_config = replace(session.network_config, dropout=0.25)
    session.training_config = replace(session.training_config, epochs=3)
    session.split_settings = replace(session.split_settings, seed=9, dev_size=0.25, train_size=None)
    assert take_parameters(other, given(session)) == ()
    assert choices(other) == choices(session)
    assert given(other) == given(session)


@pytest.mark.parametrize("former", FORMER_RECIPES)
def test_an_address_with_the_former_name_of_a_recipe_opens_it(former: str) -> None:
    session = Session()
    assert take_parameters(session, {"recipe": former}) == ()
    assert session.recipe == FORMER_RECIPES[former] in RECIPES


def test_only_what_differs_from_the_recipe_stands_in_the_address() -> None:
    session = Session()
    use_recipe(session, "deep")
    session.use_dataset("digits-8x8")
    session.training_config = replace(session.training_config, learning_rate=0.003)
    assert given(session) == {
        "recipe": "deep",
        "data": "digits-8x8",
        "settings": "1~learning_rate-0.003",
    }


def test_what_a_link_does_not_say_is_as_usual_whatever_was_set_before() -> None:
    session = Session()
    session.network_config, session.split_settings = NetworkConfig(dropout=0.5), SplitSettings(seed=4)
    take_parameters(session, {"recipe": "pure-python"})
    recipe = RECIPES["pure-python"]
    expected = ("pure-python", "digits-8x8", recipe.split, recipe.network, recipe.training)
    assert choices(session) == expected
    take_parameters(session, {"settings": "1~epochs-4"})
    assert choices(session)[:4] == ("standard", "mnist", SplitSettings(), NetworkConfig())
    assert session.training_config == replace(RECIPES["standard"].training, epochs=4)


def test_a_rate_that_a_link_carries_counts_as_chosen() -> None:
    session = Session()
    take_parameters(session, {"settings": "1~learning_rate-0.5"})
    assert session.rate_is_chosen
    take_parameters(session, {"settings": "1~epochs-4"})
    assert not session.rate_is_chosen


def test_ones_own_data_set_cannot_travel_and_whoever_opens_the_link_is_told_which_file_is_missing() -> None:
    session, other = Session(), Session()
    session.use_upload(own_data("my digits"))
    session.training_config = replace(session.training_config, epochs=3)
    assert given(session) == {"file": "my digits", "settings": "1~epochs-3"}
    (note,) = take_parameters(other, given(session))
    assert "made with the data set my digits" in note
    assert (other.dataset_key, other.training_config.epochs) == ("mnist", 3)
    other.use_upload(own_data("my digits"))
    other.use_dataset("mnist")
    assert take_parameters(other, given(session)) == ()
    assert other.dataset_key == UPLOADED


def test_a_link_to_shipped_data_says_that_ones_own_is_kept() -> None:
    session = Session()
    session.use_upload(own_data())
    (note,) = take_parameters(session, {"settings": "1~epochs-3"})
    assert "uses MNIST. Your own data set is kept" in note
    assert session.uploaded is not None


def test_what_is_wrong_in_a_link_is_told_in_one_sentence_of_bounded_length() -> None:
    session = Session()
    wrong = "~".join(f"wings{n}-{'9' * 100}" for n in range(15))
    query = {"recipe": "<b>x</b>" * 99, "data": "mnist-test", "settings": f"1~{wrong}~epochs-2"}
    (note,) = take_parameters(session, query)
    assert len(note) < 300
    assert note.endswith(" ….")
    assert session.training_config.epochs == 2


# In the address of a page


def test_the_address_follows_the_settings_and_a_wrong_part_is_removed_and_told_until_the_next_change() -> (
    None
):
    app = opened("network", recipe="deep", settings="1~dropout-0.4~wings-2", kept="yes")
    assert dict(app.query_params) == {"recipe": "deep", "settings": "1~dropout-0.4", "kept": "yes"}
    assert ["wings-2" in info.value for info in app.info] == [True]
    assert len(app.run().info) == 1
    session = session_of(app)
    session.network_config = replace(session.network_config, dropout=0.3)
    app.run()
    assert app.query_params["settings"] == "1~dropout-0.3"
    assert not app.info


def test_an_address_without_settings_takes_nothing_back_and_is_filled_again() -> None:
    app = opened("data", settings="1~split_seed-5")
    app.query_params.clear()
    app.switch_page("pages/network.py").run()
    assert session_of(app).split_settings.seed == 5
    assert app.query_params["settings"] == "1~split_seed-5"


def test_going_back_to_an_address_takes_its_settings() -> None:
    app = opened("network", settings="1~epochs-3")
    session_of(app).training_config = replace(RECIPES["standard"].training, epochs=4)
    app.run()
    assert app.query_params["settings"] == "1~epochs-4"
    app.query_params["settings"] = "1~epochs-3"
    app.run()
    assert session_of(app).training_config.epochs == 3
