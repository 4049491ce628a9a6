"""The page Evaluate as a visitor uses it, except for the confusion matrix.

Its cells are chosen in `tests/e2e/test_evaluate_page.py`.
"""

import re
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.evaluate.confusions import most_confused_in_words
from dashboard.evaluate.gallery import MOST_SLICES
from dashboard.evaluate.own_images import ROWS_A_PAGE
from dashboard.evaluate.slices import answered_in_words
from dashboard.models import evaluations as cache
from dashboard.models.answers import IMAGES_A_PAGE
from dashboard.models.evaluations import evaluate, widths
from dashboard.navigation import ROOT
from dashboard.session import UPLOADED_MODEL
from dashboard.shipped import shipped_dataset, shipped_model
from mlcore import Dataset, Evaluation, Model, Slice, TrainingConfig, fit
from mlcore.datasets.shipped import disputed_labels
from mlcore.evaluation import Wanted
from tests.mlcore.datasets.readers import data_files as make
from tests.pages.visits import figures, grids, model_list, opened, press_picture, session_of


@pytest.fixture
def app() -> AppTest:
    return opened("evaluate")


@pytest.fixture(scope="module")
def tested() -> Evaluation:
    """The shipped model on the test images."""
    return evaluate(shipped_model("mnist"), shipped_dataset("mnist-test"))


def captions(grid: str) -> list[tuple[str, str]]:
    """Return true class and guess of each picture."""
    return re.findall(r"<figcaption>(\S+) → (\S+)\n", grid)


def cell(app: AppTest) -> tuple[int, int]:
    return app.selectbox(key="cell_true").value, app.selectbox(key="cell_guessed").value


def test_the_accuracy_is_shown_with_its_counts_and_what_to_expect(tested: Evaluation) -> None:
    app = opened("evaluate", set="test")
    shown = figures(app)
    assert shown["Right"] == f"{tested.right:,}"
    assert shown["Wrong"] == f"{tested.wrong:,}"
    assert shown["Accuracy"] == f"{100 * tested.accuracy:.1f} %"
    assert any("of 10,000 images were classified correctly" in caption.value for caption in app.caption)


def test_the_set_can_be_changed_and_the_address_says_so(app: AppTest) -> None:
    assert sum_of(app) == 1000
    app.segmented_control(key="evaluate_set").set_value("test").run()
    assert sum_of(app) == 10_000
    assert app.query_params["set"] == "test"


def sum_of(app: AppTest) -> int:
    shown = figures(app)
    return int(shown["Right"].replace(",", "")) + int(shown["Wrong"].replace(",", ""))


def test_the_page_begins_with_the_most_confused_pair(tested: Evaluation) -> None:
    true, guessed = tested.confusions()[0]
    n, of = tested.matrix[true, guessed], tested.matrix[true].sum()
    words = f"It takes {true} for {guessed} most often: {n} of {of:,} images"
    assert most_confused_in_words(tested).startswith(words)
    assert cell(opened("evaluate", set="test")) == tested.confusions()[0]


def test_a_cell_chosen_by_the_lists_shows_exactly_its_images(tested: Evaluation) -> None:
    app = opened("evaluate", set="test")
    true, guessed = tested.confusions()[1]
    app.selectbox(key="cell_true").set_value(true).run()
    app.selectbox(key="cell_guessed").set_value(guessed).run()
    shown = captions(grids(app)[0])
    assert shown == [(str(true), str(guessed))] * tested.matrix[true, guessed]
    for position in tested.cell(true, guessed):
        assert f"Image {position + 1:,}:" in grids(app)[0]
    assert (app.query_params["true"], app.query_params["guessed"]) == (str(true), str(guessed))


def test_a_pair_chosen_from_the_most_confused_leads_to_its_cell(tested: Evaluation) -> None:
    app = opened("evaluate", set="test")
    pair = tested.confusions()[2]
    app.button_group(key="cell_pair").set_value(pair).run()
    assert cell(app) == pair


def test_the_address_can_name_a_cell() -> None:
    assert cell(opened("evaluate", set="test", true="3", guessed="5")) == (3, 5)


@pytest.mark.parametrize("names", [{"true": "3"}, {"true": "x", "guessed": "5"}, {"true": "", "guessed": ""}])
def test_an_address_that_names_no_cell_leads_to_the_usual_one(
    names: dict[str, str], tested: Evaluation
) -> None:
    assert cell(opened("evaluate", set="test", **names)) == tested.confusions()[0]


def test_a_full_cell_is_shown_a_page_at_a_time(tested: Evaluation) -> None:
    app = opened("evaluate", set="test", true="1", guessed="1")
    assert len(captions(grids(app)[0])) == IMAGES_A_PAGE
    assert 50 <= IMAGES_A_PAGE <= 100
    assert tested.matrix[1, 1] > 2 * IMAGES_A_PAGE


def test_the_most_confident_mistakes_come_first(tested: Evaluation) -> None:
    shown = grids(opened("evaluate", set="test"))[1]
    numbers = [int(number.replace(",", "")) - 1 for number in re.findall(r"Image ([\d,]+):", shown)]
    assert numbers == tested.mistakes[:IMAGES_A_PAGE].tolist()
    assert (np.diff(tested.confidence[numbers]) <= 0).all()


def positions(grid: str) -> list[int]:
    return [int(number.replace(",", "")) - 1 for number in re.findall(r"Image ([\d,]+):", grid)]


def test_the_gallery_is_filtered_and_sorted(tested: Evaluation) -> None:
    app = opened("evaluate", set="test")
    app.selectbox(key="gallery_order").set_value("loss").run()
    wanted = Wanted(order="loss")
    assert positions(grids(app)[1]) == tested.select(wanted)[:IMAGES_A_PAGE].tolist()
    app.segmented_control(key="gallery_outcome").set_value("right").run()
    app.selectbox(key="gallery_class_10").set_value(4).run()
    app.slider(key="gallery_sure").set_value((0, 80)).run()
    wanted = Wanted(true=4, outcome="right", most=0.8, order="loss")
    assert positions(grids(app)[1]) == tested.select(wanted)[:IMAGES_A_PAGE].tolist()
    app.selectbox(key="gallery_guess_10").set_value(9).run()
    assert any("No image matches" in text.value for text in app.markdown)


def test_the_disputed_labels_are_marked_and_counted(tested: Evaluation) -> None:
    app = opened("evaluate", set="test")
    rest = tested.without(disputed_labels(shipped_dataset("mnist-test")))
    words = f"{rest.right:,} of 9,985 right"
    assert any("labels of 15 of these images" in text.value and words in text.value for text in app.caption)
    mistakes = {*tested.mistakes[:IMAGES_A_PAGE].tolist()}
    marked = mistakes & {*disputed_labels(shipped_dataset("mnist-test")).tolist()}
    assert marked
    assert grids(app)[1].count("; label disputed") == len(marked)
    assert not any("label" in text.value and "dispute" in text.value for text in opened("evaluate").caption)


def test_the_threshold_says_what_is_answered(tested: Evaluation) -> None:
    app = opened("evaluate", set="test", look="confidence")
    app.slider(key="least_sure").set_value(99.0).run()
    n = tested.above(0.99).n
    assert any(text.value.startswith(f"It answers {n:,} of 10,000 images") for text in app.markdown)


def with_weaker_model(app: AppTest) -> Model:
    """Let the visitor have brought a model that is worse than the one that ships."""
    first = shipped_model("mnist")
    weaker = first.parameters.copy()
    weaker[-10:] -= np.linspace(0, 9, 10, dtype=weaker.dtype)
    session = session_of(app)
    session.uploaded_model_name, session.model_key = "weaker.npz", "mnist"
    session.uploaded_model = Model(first.network_config, first.preparation, first.class_names, weaker)
    return session.uploaded_model


def test_models_are_compared_in_words_and_side_by_side(app: AppTest) -> None:
    weaker = with_weaker_model(app)
    app.query_params["look"] = "models"
    app.run()
    assert not app.dataframe
    app.multiselect(key="compared_models").set_value([UPLOADED_MODEL]).run()
    assert not app.exception
    assert any(
        "weaker.npz: " in text.value and "Only the first is right about" in text.value
        for text in app.markdown
    )
    images = session_of(app).split.dev
    both = [evaluate(model, images) for model in (shipped_model("mnist"), weaker)]
    differ = np.flatnonzero(both[0].guesses != both[1].guesses)
    table = app.dataframe[0].value
    assert {int(number.replace(",", "")) - 1 for number in table["number"]} <= {*differ.tolist()}
    assert len(table) == min(50, len(differ))
    position = int(table["number"][0].replace(",", "")) - 1
    assert table["label"][0] == str(images.labels[position])
    assert f"{both[1].guesses[position]}, " in table["weaker.npz"][0]
    assert table["weaker.npz"][0].startswith("✗") == (both[1].guesses[position] != images.labels[position])
    app.segmented_control(key="side_by_side").set_value("lost").run()
    lost = (both[0].guesses != images.labels) & (both[1].guesses == images.labels)
    assert any(text.value == f"{lost.sum()} images." for text in app.markdown)


def test_a_filter_is_kept_as_a_slice_and_followed_over_models(app: AppTest) -> None:
    with_weaker_model(app)
    app.segmented_control(key="gallery_outcome").set_value("all").run()
    app.segmented_control(key="gallery_strokes").set_value("thick").run()
    app.selectbox(key="gallery_class_10").set_value(4).run()
    app.button(key="keep_slice").click().run()
    (fours,) = session_of(app).slices
    images = session_of(app).split.dev
    assert fours.name == "labelled 4, thick strokes"
    thick = widths(images) >= np.quantile(widths(images), 0.75)
    assert set(fours.positions) == set(np.flatnonzero(thick & (images.labels == 4)))
    assert any("Kept as labelled 4, thick strokes" in text.value for text in app.success)
    app.text_input(key="slice_name").set_value("fours").run()
    app.button(key="keep_slice").click().run()
    assert app.text_input(key="slice_name").value == ""
    app.selectbox(key="evaluate_look_list").set_value("slices").run()  # what a phone has for the buttons
    assert app.segmented_control(key="evaluate_look").value == "slices"
    assert app.query_params["look"] == "slices"
    app.multiselect(key="compared_models").set_value([UPLOADED_MODEL]).run()
    table = app.dataframe[0].value
    assert table["slice"].tolist() == ["All images", "labelled 4, thick strokes", "fours"]
    assert table["n"].tolist() == [1000, fours.n, fours.n]
    found = evaluate(shipped_model("mnist"), images).among(fours.positions)
    assert table.iloc[1, 1] == answered_in_words(found)
    assert any(text.value.startswith("`Its accuracy is lowest on the slice ") for text in app.markdown)
    app.button_group(key="slice_shown_2").set_value(0).run()
    assert len(positions(grids(app)[0])) == min(IMAGES_A_PAGE, fours.n)
    app.button(key="delete_slice").click().run()
    assert [one.name for one in session_of(app).slices] == ["fours"]
    assert not app.exception


def test_there_is_room_for_some_slices_only(app: AppTest) -> None:
    session = session_of(app)
    session.slices = [Slice.of(session.split.dev, np.array([k]), f"no. {k}") for k in range(MOST_SLICES)]
    app.button(key="keep_slice").click().run()
    assert len(session_of(app).slices) == MOST_SLICES
    assert any("Delete one first" in error.value for error in app.error)


def test_there_are_recall_precision_f1_and_support_of_each_class(tested: Evaluation) -> None:
    table = opened("evaluate", set="test").dataframe[0].value
    assert list(table.columns) == ["name", "support", "recall", "interval", "precision", "f1"]
    np.testing.assert_array_equal(table["support"], tested.matrix.sum(axis=1))
    found = np.diag(tested.matrix) / tested.matrix.sum(axis=1)
    np.testing.assert_allclose(table["recall"], 100 * found)


def test_a_model_for_other_images_is_not_asked_and_the_page_says_why(app: AppTest) -> None:
    session_of(app).use_dataset("digits-8x8")
    app.run()
    assert "28×28 pixels, but those of the data set have 8×8" in app.warning[0].value
    assert len(app.metric) == 0
    assert not app.exception


def test_images_that_the_model_may_have_learned_from_are_told_of(app: AppTest) -> None:
    assert len(app.info) == 0
    session_of(app).split_settings = session_of(app).split_settings.fitted_to(100)
    app.run()
    assert "may have been trained on some of these images" in app.info[0].value


def test_the_page_says_which_model_is_judged_by_which_images(app: AppTest) -> None:
    words = next(caption.value for caption in app.caption if caption.value.startswith("`Model: "))
    assert "MNIST, pre-trained" in words
    assert "trained on 68,992 images of" in words
    assert words.endswith("Images: Dev set of MNIST, 1,000 images.`")


def test_without_test_images_there_is_no_choice_of_them(app: AppTest) -> None:
    digits = shipped_dataset("mnist-test")
    session_of(app).use_upload(digits.take(slice(500)))
    app.run()
    assert app.segmented_control(key="evaluate_set").options == ["Dev set", "Images without labels"]
    assert sum_of(app) == 100


def test_a_model_without_a_mistake_is_said_to_have_none(app: AppTest) -> None:
    model = shipped_model("mnist")
    test = shipped_dataset("mnist-test").take(slice(500))
    right = np.flatnonzero(model.predict(test.images) == test.labels)
    session_of(app).use_upload(test.take(right))
    app.run()
    assert not app.exception
    assert figures(app)["Accuracy"] == "100.0 %"
    assert any(text.value == "The model made no mistakes on these images." for text in app.markdown)


def test_of_two_classes_there_are_no_three_best_answers(app: AppTest) -> None:
    labels = np.arange(60) % 2
    images = np.full((60, 8, 8), 200, np.uint8) * labels[:, None, None].astype(np.uint8)
    session = session_of(app)
    session.use_upload(Dataset(images, labels, ("no", "yes"), "two"))
    session.uploaded_model = fit(session.split, training=TrainingConfig(epochs=20), progress=False)
    session.model_key = UPLOADED_MODEL
    app.run()
    assert not app.exception
    assert {*figures(app)} == {"Accuracy", "Right", "Wrong"}


def test_a_model_file_can_be_brought_here_too(app: AppTest) -> None:
    app.file_uploader(key="evaluate_model_file").upload("mine.npz", b"no model", "application/zip").run()
    assert "not a model file" in app.error[0].value
    content: Any = (ROOT / "models" / "mnist.npz").read_bytes()
    app.file_uploader(key="evaluate_model_file").set_value(("mine.npz", content, "application/zip")).run()
    assert model_list(app).value == "your file"
    assert len(app.error) == 0


# One image


def test_a_pressed_image_is_opened_with_its_answer_and_what_adds_up_to_it(tested: Evaluation) -> None:
    app = press_picture(opened("evaluate", set="test"), 1, grid=1)
    position = tested.mistakes[1]
    words = " ".join(text.value for text in app.markdown)
    guess, label = tested.guesses[position], tested.labels[position]
    assert f"Image {position + 1:,} of MNIST test images, labelled {label}. The model reads {guess}" in words
    assert f"The logit of {guess} is" in words
    assert f"The logit of {label} is" in words
    assert any("dl-bars" in html.proto.body for html in app.get("html"))
    pulls = next(grid for grid in grids(app) if "What each pixel adds to" in grid)
    assert pulls.count("<img") == 2
    (nearest,) = (grid for grid in grids(app) if "A training image with the label" in grid)
    assert nearest.count("<img") == 10
    assert not app.exception


@pytest.mark.parametrize("place", [-1, 60, 10**9])
def test_a_place_that_is_on_no_page_opens_nothing(place: int) -> None:
    app = press_picture(opened("evaluate", set="test"), place, grid=1)
    assert not any("The logit of" in text.value for text in app.markdown)
    assert not app.exception


# Images without labels


def bring(app: AppTest, files: dict[str, bytes]) -> AppTest:
    for name, content in files.items():
        app.file_uploader[1].upload(name, content, "application/octet-stream")
    return app.run()


def test_a_table_without_labels_is_answered_the_least_sure_first() -> None:
    images = shipped_dataset("mnist-test").images[:70]
    app = bring(opened("evaluate", set="unlabelled"), {"test.csv": make.unlabelled_csv(images).encode()})
    probabilities = shipped_model("mnist").predict_probabilities(images)
    order = np.argsort(probabilities.max(axis=1), kind="stable")[:ROWS_A_PAGE]
    shown = app.dataframe[0].value
    assert shown["name"].tolist() == [str(position + 1) for position in order]
    assert shown["answer"].tolist() == [str(guess) for guess in probabilities[order].argmax(axis=1)]
    np.testing.assert_allclose(shown["probability"], 100 * probabilities[order].max(axis=1), rtol=1e-4)
    assert app.header[0].value == "`test`"
    assert not app.exception


def test_another_model_answers_the_images_that_are_there_and_says_what_was_done_to_them() -> None:
    images = shipped_dataset("digits-8x8").images[:50]
    app = bring(opened("evaluate", set="unlabelled"), {"mine.npz": make.npz(x=images)})
    assert "8×8 pixels; they were scaled to the 28×28" in app.info[0].value
    session = session_of(app)
    session.uploaded_model, session.model_key = (
        fit(shipped_dataset("digits-8x8"), progress=False),
        UPLOADED_MODEL,
    )
    app.run()
    assert not app.info
    assert len(app.dataframe[0].value) == 50
    assert app.file_uploader[1].value == []


def test_what_cannot_be_answered_gives_a_sentence_and_keeps_what_was_there() -> None:
    app = bring(
        opened("evaluate", set="unlabelled"),
        {"mine.npz": make.npz(x=shipped_dataset("digits-8x8").images[:9])},
    )
    bring(app, {"bad.csv": b"no table"})
    assert "bad.csv" in app.error[0].value
    assert len(app.dataframe[0].value) == 9


def test_more_images_than_a_model_can_answer_in_time_are_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_MULTIPLY_ADDS", 8 * shipped_model("mnist").multiply_adds)
    app = bring(
        opened("evaluate", set="unlabelled"),
        {"mine.npz": make.npz(x=shipped_dataset("digits-8x8").images[:9])},
    )
    assert "about 8 are possible" in app.warning[0].value
    assert not app.dataframe
