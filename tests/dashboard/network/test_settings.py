"""What a recipe changes, and what of the visitor's stays: the data set, and how it is split."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.recipe import is_changed, use_recipe
from dashboard.session import UPLOADED, Session
from mlcore import RECIPES, Dataset, NetworkConfig, SplitSettings, TrainingConfig
from tests.pages.visits import new_app
from tests.waiting import PATIENCE

OWN_SPLIT = "Your own data set and its split stay."


def kaggle(rows: int = 42_000) -> Dataset:
    """A table of as many rows as Kaggle's; its images are tiny."""
    images = np.zeros((rows, 2, 2), np.uint8)
    images[:, 0, 0] = np.arange(rows) % 251
    return Dataset(images, np.arange(rows) % 10, tuple("0123456789"), "train.csv")


@pytest.mark.parametrize(("recipe", "dev", "lost"), [("notebook-1", 1000, 0), ("notebook-3", 999, 1)])
@pytest.mark.parametrize("upload_first", [True, False], ids=["upload first", "recipe first"])
def test_a_notebooks_recipe_takes_the_very_rows_of_kaggle(
    recipe: str, dev: int, lost: int, upload_first: bool
) -> None:
    session = Session()
    if upload_first:
        session.use_upload(kaggle())
        use_recipe(session, recipe)
    else:
        use_recipe(session, recipe)
        session.use_upload(kaggle())
    assert session.dataset_key == UPLOADED
    assert session.split_settings == RECIPES[recipe].split
    assert (len(session.split.train), len(session.split.dev)) == (42_000 - dev - lost, dev)
    assert not is_changed(session)
    use_recipe(session, "standard")
    assert session.dataset_key == UPLOADED
    assert len(session.split.train) + len(session.split.dev) == 42_000


def test_a_split_that_ones_own_rows_are_too_few_for_leaves_theirs() -> None:
    session = Session()
    session.use_upload(kaggle(500))
    before = session.split_settings
    use_recipe(session, "notebook-1")
    assert (session.dataset_key, session.split_settings) == (UPLOADED, before)
    assert is_changed(session)


def test_the_validation_images_of_a_file_stay_the_dev_set() -> None:
    session = Session()
    session.use_upload(kaggle(), n_dev=2000)
    use_recipe(session, "notebook-1")
    assert session.split_settings == session.given_split
    assert len(session.split.dev) == 2000


def test_class_weights_are_offered_where_the_classes_are_uneven() -> None:
    app: AppTest = new_app()
    app.session_state["session"] = session = Session()
    labels = np.repeat([0, 1], [90, 10])
    session.use_upload(Dataset(np.zeros((100, 4, 4), np.uint8), labels, ("no", "yes"), "rare"))
    app.switch_page("pages/network.py").run(timeout=PATIENCE)
    assert any("no has 90 images, yes only 10." in caption.value for caption in app.caption)
    app.button(key="weigh_classes").click().run()
    assert session.training_config.class_weights == "balanced"
    assert not [button for button in app.button if button.key == "weigh_classes"]
    session.use_dataset("mnist")
    session.training_config = TrainingConfig()
    assert not [button for button in app.run().button if button.key == "weigh_classes"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (0, "brings its own split of MNIST: 41,000 training images, 1,000 in the dev set."),
        (42_000, "Your own data set stays, split as in the recipe: 1,000 images"),
        (500, OWN_SPLIT),
    ],
)
def test_the_page_says_what_a_recipe_brings_and_what_stays(rows: int, words: str) -> None:
    app: AppTest = new_app()
    app.session_state["session"] = session = Session()
    if rows:
        session.use_upload(kaggle(rows))
    use_recipe(session, "notebook-1")
    app.switch_page("pages/network.py").run(timeout=PATIENCE)
    assert not app.exception
    assert any(words in caption.value for caption in app.caption)


def test_a_recipe_takes_back_the_data_and_the_split_that_it_brought() -> None:
    session = Session()
    session.leave_out("copies", np.array([1, 2]))
    session.split_settings = own = SplitSettings(dev_size=500, seed=5)
    use_recipe(session, "pure-python")
    assert (session.dataset_key, session.left_out) == ("digits-8x8", {})
    use_recipe(session, "notebook-1")
    assert session.split_settings == RECIPES["notebook-1"].split
    use_recipe(session, "standard")
    assert (session.dataset_key, session.split_settings) == ("mnist", own)
    assert session.left_out["copies"].tolist() == [1, 2]


def test_data_or_a_split_chosen_since_stay_with_another_recipe() -> None:
    session = Session()
    use_recipe(session, "pure-python")
    session.split_settings = own = SplitSettings(dev_size=100, seed=5)
    use_recipe(session, "standard")
    assert (session.dataset_key, session.split_settings) == ("digits-8x8", own)
    session = Session()
    use_recipe(session, "notebook-1")
    session.leave_out("blank", np.array([7]))  # 59,999 images are enough for its split
    use_recipe(session, "standard")
    assert session.left_out["blank"].tolist() == [7]
    assert session.split_settings == SplitSettings()


def test_the_page_names_what_comes_back_and_what_was_replaced_and_gives_it_back() -> None:
    app: AppTest = new_app()
    app.session_state["session"] = session = Session()
    session.network_config = mine = NetworkConfig(dropout=0.5)
    session.training_config = replace(session.training_config, epochs=3)
    session.split_settings = SplitSettings(seed=5)
    app.switch_page("pages/network.py").run(timeout=PATIENCE)
    app.selectbox[0].select("pure-python").run()
    captions = [caption.value for caption in app.caption]
    brings = "This recipe brings 8×8 digits and its own split: 1,257 training images, 540 in the dev set."
    assert f"{brings} MNIST and your split come back with another recipe." in captions
    assert "It replaced your own settings: Dropout, Epochs." in captions
    app.button(key="take_back").click().run()
    assert not app.exception
    assert (session.network_config, session.training_config.epochs) == (mine, 3)
    assert (session.recipe, session.dataset_key, session.split_settings.seed) == ("standard", "mnist", 5)
    assert not any("It replaced" in caption.value for caption in app.caption)
    app.selectbox[0].select("standard").run()
    app.selectbox[0].select("deep").run()
    assert not any("It replaced" in caption.value for caption in app.caption)  # nothing of one's own
