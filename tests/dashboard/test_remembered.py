"""The settings that a visitor's tab hands back to a server that was started again.

These are the tests of `dashboard.remembered`.
"""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.link import parameters_of
from dashboard.remembered import LONGEST_TEXT, as_text, take_back
from dashboard.session import UPLOADED, Session
from mlcore import RECIPES, Dataset


def remembered(session: Session) -> str:
    return as_text(parameters_of(session))


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_new_session_gets_the_settings_that_the_tab_remembers(recipe: str) -> None:
    before, after = Session(recipe=recipe), Session()
    before.network_config = replace(RECIPES[recipe].network, dropout=0.25)
    before.training_config = replace(RECIPES[recipe].training, epochs=3)
    before.split_settings = replace(before.split_settings, seed=9)
    take_back(after, remembered(before))
    assert remembered(after) == remembered(before)
    assert (after.recipe, after.network_config, after.training_config, after.split_settings) == (
        before.recipe,
        before.network_config,
        before.training_config,
        before.split_settings,
    )


def test_settings_that_were_changed_meanwhile_stay() -> None:
    session = Session()
    session.training_config = replace(session.training_config, epochs=4)
    take_back(session, "settings=1~epochs-3")
    assert session.training_config.epochs == 4


def test_an_upload_that_went_with_the_server_is_named_and_the_settings_stay() -> None:
    before, after = Session(), Session()
    images = np.zeros((40, 8, 8), np.uint8)
    images[:, 0, 0] = np.arange(40)
    before.use_upload(Dataset(images, np.arange(40) % 2, ("no", "yes"), "my *own*"))
    before.training_config = replace(before.training_config, epochs=3)
    take_back(after, remembered(before))
    assert after.dataset_key == "mnist" != before.dataset_key == UPLOADED
    assert (after.lost_upload, after.training_config.epochs) == ("my *own*", 3)


@pytest.mark.parametrize(
    "text", ["7", "&&&", "settings=", "settings=9~x", "recipe=none&data=none", "a=b&" * LONGEST_TEXT]
)
def test_nonsense_changes_nothing(text: str) -> None:
    session = Session()
    take_back(session, text)
    assert session == Session()
