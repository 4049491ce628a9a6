"""The page Data as a visitor uses it: choosing, viewing, splitting, uploading.

What needs a browser is in `tests/e2e/test_data_page.py`.
"""

import re
import threading
from typing import Any

import numpy as np
import pytest
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.testing.v1 import AppTest

from dashboard.budget import NoRoom
from dashboard.data.quality import PROBLEMS
from dashboard.recipe import use_recipe
from dashboard.server.server import server
from dashboard.session import UPLOADED
from dashboard.shipped import shipped_dataset
from dashboard.ui.glossary import GLOSSARY
from dashboard.ui.pictures import first_pictures
from mlcore import Dataset
from tests.fields import number_field, number_fields
from tests.mlcore.datasets.readers import data_files as make
from tests.pages.visits import figures, grids, opened, session_of
from tests.waiting import wait_until


@pytest.fixture
def app() -> AppTest:
    return opened("data")


def captions(grid: str) -> list[str]:
    return re.findall("<figcaption>(.*?)</figcaption>", grid, re.DOTALL)


def choose(app: AppTest, source: str) -> AppTest:
    return app.segmented_control(key="data_source").set_value(source).run()


def bring(app: AppTest, files: dict[str, bytes]) -> AppTest:
    for name, content in files.items():
        app.file_uploader[0].upload(name, content, "application/octet-stream")
    return app.run()


def some_digits(n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    digits = shipped_dataset("digits-8x8")
    return digits.images[:n], digits.labels[:n]


def table(n: int = 300) -> bytes:
    return make.csv(*some_digits(n)).encode()


# Choosing and looking


def test_mnist_is_shown_with_its_counts_size_range_and_credit(app: AppTest) -> None:
    assert figures(app) == {
        "Images": "60,000",
        "Classes": "10",
        "Pixels": "28 × 28",
        "Grey levels": "0 – 255",
        "Training": "59,000",
        "Dev set": "1,000",
        "Test set": "10,000",
    }
    assert any("LeCun" in caption.value and "CC BY-SA" in caption.value for caption in app.caption)


def test_another_data_set_is_in_use_once_it_was_chosen_and_the_address_says_so(app: AppTest) -> None:
    choose(app, "digits-8x8")
    assert session_of(app).dataset_key == "digits-8x8"
    assert figures(app)["Images"] == "1,797"
    assert app.query_params["data"] == "digits-8x8"


def test_the_address_chooses_a_data_set() -> None:
    assert figures(opened("data", data="digits-8x8"))["Images"] == "1,797"


@pytest.mark.parametrize("value", ["mnist-test", "upload", "nonsense", ""])
def test_an_address_that_names_no_data_set_to_choose_changes_nothing(value: str) -> None:
    assert figures(opened("data", data=value))["Images"] == "60,000"


def test_a_small_data_set_gets_a_smaller_dev_set(app: AppTest) -> None:
    choose(app, "digits-8x8")
    assert figures(app)["Dev set"] == "359"
    choose(app, "mnist")
    assert figures(app)["Dev set"] == "1,000"


def test_the_samples_show_each_class_alike_in_order(app: AppTest) -> None:
    assert captions(grids(app)[0]) == [str(digit) for digit in range(10) for _copy in range(6)]


def test_the_images_can_be_seen_in_order_and_as_a_table(app: AppTest) -> None:
    app.segmented_control(key="samples_shown").set_value("order").run()
    data = session_of(app).dataset
    assert captions(grids(app)[0]) == [str(label) for label in data.labels[:50]]
    assert f"Images 1 to 50 of {len(data):,}" in [caption.value for caption in app.caption]
    app.session_state["samples_table"] = True
    app.run()
    assert not app.exception
    pixels, targets = (next(t.value for t in app.dataframe if name in t.value) for name in ("pixel0", "0"))
    assert pixels["image"].tolist() == targets["image"].tolist() == [1, 2, 3, 4, 5]
    assert pixels["label"].tolist() == [str(label) for label in data.labels[:5]]
    np.testing.assert_array_equal(pixels.iloc[2, 2:], data.images[2].ravel())
    np.testing.assert_array_equal(targets.iloc[:, 1:].to_numpy().argmax(axis=1), data.labels[:5])
    assert targets.iloc[:, 1:].to_numpy().sum() == 5


def test_the_samples_can_be_of_one_class_and_then_be_others(app: AppTest) -> None:
    app.button_group(key="sample_class").set_value(7).run()
    first = grids(app)[0]
    assert set(captions(first)) == {"7"}
    next(button for button in app.button if button.label == "Show other images").click().run()
    assert grids(app)[0] != first
    assert set(captions(grids(app)[0])) == {"7"}


def test_there_is_an_average_image_of_each_class(app: AppTest) -> None:
    assert captions(grids(app)[1]) == [str(digit) for digit in range(10)]
    assert "The average image of class 7" in grids(app)[1]


# The split


def test_the_size_of_the_dev_set_is_a_count_or_a_share(app: AppTest) -> None:
    number_field(app, "Dev set").type(6000)
    assert figures(app)["Dev set"] == "6,000"
    app.selectbox(key="dev_unit").select("percent").run()
    assert number_field(app, "Dev set").text == "10"
    number_field(app, "Dev set").type(25)
    assert figures(app)["Dev set"] == "15,000"
    assert session_of(app).split_settings.dev_size == 0.25
    app.selectbox(key="dev_unit").select("images").run()
    assert session_of(app).split_settings.dev_size == 15_000


def test_fewer_training_images_leave_some_unused(app: AppTest) -> None:
    number_field(app, "Training images").type(5000)
    assert (figures(app)["Training"], figures(app)["Not used"]) == ("5,000", "54,000")
    number_field(app, "Training images").type("")
    assert "Not used" not in figures(app)


def test_seed_and_stratified_are_taken_over_into_the_split(app: AppTest) -> None:
    before = session_of(app).split.dev.fingerprint
    number_field(app, "Seed").type(5)
    app.toggle(key="stratify").set_value(True).run()
    settings = session_of(app).split_settings
    assert (settings.seed, settings.stratify) == (5, True)
    assert session_of(app).split.dev.fingerprint != before


def test_each_part_of_the_split_shows_its_first_images_and_they_follow_the_seed(app: AppTest) -> None:
    training, dev, test = grids(app)[2:5]
    assert [part.count("<img") for part in (training, dev, test)] == [5, 5, 5]
    assert first_pictures(session_of(app).split.dev, 1)[0].alt in dev
    number_field(app, "Seed").type(5)
    assert grids(app)[3] != dev
    assert grids(app)[4] == test


def test_the_table_counts_each_class_in_each_part(app: AppTest) -> None:
    table = app.dataframe[0].value
    assert list(table.columns) == ["Class", "Training", "Dev set", "Not used", "All"]
    np.testing.assert_array_equal(table["All"], shipped_dataset("mnist").class_counts)
    np.testing.assert_array_equal(table["Dev set"], session_of(app).split.dev.class_counts)


def test_a_split_that_cannot_be_had_is_refused_with_a_sentence_and_the_old_one_stays(app: AppTest) -> None:
    number_field(app, "Training images").type(59_000)
    number_field(app, "Dev set").type(2000)
    problem = number_field(app, "Dev set").problem
    assert "at most 58,000" in problem
    assert problem.endswith("The value stays 1,000.")
    assert figures(app)["Dev set"] == "1,000"
    number_field(app, "Training images").type("")
    number_field(app, "Dev set").type(2000)
    assert number_field(app, "Dev set").problem == ""


# Data quality


def checked(app: AppTest) -> AppTest:
    """Return the page as it is once the images were checked."""
    wait_until(lambda: not any("Checking" in caption.value for caption in app.run().caption))
    return app


def lines(app: AppTest) -> list[str]:
    labels = tuple(f"**{GLOSSARY[term].name}**" for term in PROBLEMS.values())
    return [line.value for line in app.markdown if line.value.startswith(labels)]


def with_problems() -> dict[str, bytes]:
    images, labels = some_digits(60)
    images = np.concatenate(
        [images, images[:20], np.maximum(images[20:25], 3), np.zeros((1, 8, 8), np.uint8)]
    )
    labels = np.concatenate([labels, labels[:19], (labels[19:20] + 1) % 10, labels[20:25], [0]])
    return {"mine.npz": make.npz(images=images, labels=labels)}


def test_of_good_images_one_line_says_so(app: AppTest) -> None:
    checked(choose(app, "digits-8x8"))
    assert any("No problems found" in line.value for line in app.markdown)
    assert lines(app) == []


def test_problems_are_told_in_a_line_each_and_the_copies_that_the_dev_set_shares_with_training(
    app: AppTest,
) -> None:
    checked(bring(choose(app, UPLOADED), with_problems()))
    copies, near, contradicting, blank, rare = lines(app)
    assert copies.startswith("**Exact copies** – 20 of 86 images; ")
    assert re.search("[0-9] of 17 in the dev set have a copy in the training set", copies)
    assert near.startswith("**Near copies** – 5 of 86 images")
    assert contradicting == "**Contradicting labels** – 2 of 86 images"
    assert blank == "**Blank images** – 1 of 86 images"
    assert re.match(r"\*\*Rare classes\*\* – `1 \([0-9]\), ", rare)


def test_copies_can_be_looked_at_beside_their_originals(app: AppTest) -> None:
    checked(bring(choose(app, UPLOADED), with_problems()))
    app.toggle(key="show_copies").set_value(True).run()
    shown = captions(grids(app)[2])
    assert len(shown) == 40
    classes = [caption.split("\n")[0] for caption in shown[:38]]
    assert classes[::2] == classes[1::2]
    assert {caption.split("\n")[1] for caption in shown} == {"Training", "Dev set"}


def test_images_are_left_out_of_the_split_and_put_back(app: AppTest) -> None:
    checked(bring(choose(app, UPLOADED), with_problems()))
    app.button(key="leave_out_copies").click().run()
    assert figures(app)["Images"] == "66"
    assert int(figures(app)["Training"]) + int(figures(app)["Dev set"]) == 66
    assert lines(app)[0] == "**Exact copies** – 20 left out"
    assert "in the training set" not in lines(app)[0]
    app.button(key="put_back_copies").click().run()
    assert figures(app)["Images"] == "86"
    assert lines(app)[0].startswith("**Exact copies** – 20 of 86 images; ")


def let_checks_end() -> None:
    """Wait for all checks of images: what takes the memory away must not take that of another test's."""
    wait_until(lambda: all(thread.name != "check" for thread in threading.enumerate()))


def test_what_a_check_had_no_memory_for_can_be_checked_again(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_checks_end()
    with monkeypatch.context() as patch:
        patch.setattr(server().budget, "limit", 0)
        images, labels = some_digits(50)
        session_of(app).use_upload(Dataset(images, labels, [*"0123456789"], "fifty"))
        checked(app.run())
        assert "the server has 0 MB left" in app.error[0].value
    app.button(key="check_again").click().run()
    checked(app)
    assert not app.error


# Bringing files


def test_an_uploaded_table_is_shown_and_in_use(app: AppTest) -> None:
    choose(app, UPLOADED)
    assert session_of(app).dataset_key == "mnist"
    bring(app, {"digits.csv": table()})
    session = session_of(app)
    assert (session.dataset_key, session.dataset.name, len(session.dataset)) == (UPLOADED, "digits", 300)
    assert app.header[0].value == "`digits`"
    assert (figures(app)["Images"], figures(app)["Dev set"]) == ("300", "60")
    assert "data" not in app.query_params


def test_an_upload_is_let_go_of_and_read_once(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    read = server().readings.read
    monkeypatch.setattr(server().readings, "read", lambda *a, **k: calls.append(a) or read(*a, **k))
    choose(app, UPLOADED)
    bring(app, {"digits.csv": table()})
    assert len(calls) == 1
    assert app.file_uploader[0].value == []
    app.run()
    assert len(calls) == 1


def test_a_file_that_comes_while_others_are_read_is_not_let_go_of_with_them(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, seen = server().readings.read, []

    def read_slowly(*arguments: Any, **options: Any) -> Any:
        context = get_script_run_ctx()
        assert context is not None
        seen.append((context.uploaded_file_mgr, context.session_id))
        files: Any = context.uploaded_file_mgr
        files.add_file(context.session_id, UploadedFileRec("the next", "next.csv", "text/csv", table()))
        return read(*arguments, **options)

    monkeypatch.setattr(server().readings, "read", read_slowly)
    bring(choose(app, UPLOADED), {"digits.csv": table()})
    assert session_of(app).dataset.name == "digits"
    [(files, session_id)] = seen
    assert [file.name for file in files.file_storage[session_id].values()] == ["next.csv"]


def decided(app: AppTest) -> list[str]:
    """Return what is said to have been decided, and the buttons beside it."""
    said = [text.value.strip("`") for text in app.markdown if "inverted" in text.value]
    return [*said, *(button.label for button in app.button if str(button.key).startswith("change_"))]


def test_what_was_decided_is_told_undone_and_done_again_in_all_parts_of_the_upload(app: AppTest) -> None:
    images, labels = some_digits()
    dark = 255 - images
    content = make.npz(x_train=dark[:200], y_train=labels[:200], x_test=dark[200:], y_test=labels[200:])
    bring(choose(app, UPLOADED), {"dark.npz": content})
    session = session_of(app)
    number_field(app, "Dev set").type(30)
    fingerprint, settings = session.dataset.fingerprint, session.split_settings
    sentence = "The images are dark on light; they were inverted to white ink on black."
    assert decided(app) == [sentence, "Do not invert"]

    app.button(key="change_invert").click().run()
    np.testing.assert_array_equal(session.dataset.images, dark[:200])
    assert session.test_set is not None
    np.testing.assert_array_equal(session.test_set.images, dark[200:])
    assert decided(app) == [f"Undone: {sentence}", "Invert"]
    assert session.split_settings == settings

    app.button(key="change_invert").click().run()
    assert session.dataset.fingerprint == fingerprint
    assert decided(app) == [sentence, "Do not invert"]


def test_what_needs_the_file_again_is_told_without_a_button(app: AppTest) -> None:
    images, labels = some_digits()
    bring(choose(app, UPLOADED), {"fractions.npz": make.npz(X=images / 255, y=labels)})
    assert any("ranged from 0 to 1" in text.value for text in app.markdown)
    assert decided(app) == []


def test_what_there_is_no_room_for_is_not_undone_and_a_sentence_says_so(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, labels = some_digits()
    bring(choose(app, UPLOADED), {"digits.csv": make.csv(255 - images, labels).encode()})
    before = session_of(app).dataset

    def full(*_arguments: object) -> None:
        raise NoRoom(10_000_000, 1_000_000)

    let_checks_end()
    monkeypatch.setattr(server().budget, "reserve", full)
    app.button(key="change_invert").click().run()
    assert any("10 MB of memory" in error.value for error in app.error)
    assert session_of(app).dataset is before


def test_images_and_labels_may_come_one_after_the_other(app: AppTest) -> None:
    pair = make.idx_pair(*some_digits())
    images_file = next(iter(pair.items()))
    bring(choose(app, UPLOADED), dict([images_file]))
    assert "without labels" in app.error[0].value
    assert [file.name for file in app.file_uploader[0].value] == ["train-images-idx3-ubyte"]
    bring(app, pair)
    assert len(app.error) == 0
    assert len(session_of(app).dataset) == 300


def test_test_images_that_came_along_are_kept_for_the_test(app: AppTest) -> None:
    images, labels = some_digits()
    content = make.npz(x_train=images[:200], y_train=labels[:200], x_test=images[200:], y_test=labels[200:])
    bring(choose(app, UPLOADED), {"mnist.npz": content})
    assert (figures(app)["Images"], figures(app)["Test set"]) == ("200", "100")


def test_a_bad_file_gives_a_sentence_and_loses_nothing(app: AppTest) -> None:
    choose(app, UPLOADED)
    bring(app, {"good.csv": table()})
    good = session_of(app).dataset
    bring(app, {"bad.csv": table().replace(b"\n3,", b"\nthree,", 1)})
    assert "bad.csv, row" in app.error[0].value
    assert session_of(app).dataset is good
    assert session_of(app).dataset_key == UPLOADED


def test_the_sentence_stays_while_the_bad_file_does_and_goes_with_it(app: AppTest) -> None:
    bring(choose(app, UPLOADED), {"bad.csv": b"no table"})
    app.run()
    assert len(app.error) == 1
    app.file_uploader[0].clear()
    app.run()
    assert len(app.error) == 0


def test_a_second_upload_takes_the_place_of_the_first_and_both_are_told_of_it(app: AppTest) -> None:
    def told() -> list[str]:
        return [text.value.replace("`", "") for text in app.caption if "same time" in text.value]

    bring(choose(app, UPLOADED), {"train.csv": table(200)})
    drop = "Drop files that belong together at the same time."
    assert told() == [f"Files that you drop now replace train. {drop}"]
    bring(app, {"test.csv": table(100)})
    assert session_of(app).dataset.name == "test"
    assert told() == ["test replaced train. Drop files that belong together at the same time."]
    bring(app, {"test.csv": table(100)})
    assert told() == [f"Files that you drop now replace test. {drop}"]


def test_ones_own_data_set_is_still_there_after_a_look_at_another(app: AppTest) -> None:
    bring(choose(app, UPLOADED), {"digits.csv": table()})
    choose(app, "mnist")
    assert figures(app)["Images"] == "60,000"
    choose(app, UPLOADED)
    assert figures(app)["Images"] == "300"


def test_an_error_that_nobody_foresaw_keeps_the_data_set_too(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_anything: Any, **_more: Any) -> Dataset:
        raise ZeroDivisionError

    monkeypatch.setattr(server().readings, "read", fail)
    bring(choose(app, UPLOADED), {"digits.csv": table()})
    assert "Something went wrong" in app.error[0].value
    assert not app.exception
    assert figures(app)["Images"] == "60,000"


def test_what_there_was_no_room_for_stays_and_is_read_when_the_visitor_tries_again(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_anything: Any, **_more: Any) -> Dataset:
        raise NoRoom(50_000_000, 10_000_000)

    with monkeypatch.context() as patch:
        patch.setattr(server().readings, "read", refuse)
        bring(choose(app, UPLOADED), {"digits.csv": table()})
    assert "takes about 50 MB of memory, and the server has 10 MB left" in app.error[0].value
    assert [file.name for file in app.file_uploader[0].value] == ["digits.csv"]
    next(button for button in app.button if button.label == "Try again").click().run()
    assert not app.error
    assert session_of(app).dataset.name == "digits"


def test_files_of_one_name_are_told_apart(app: AppTest) -> None:
    pair = list(make.idx_pair(*some_digits()).values())
    uploader = choose(app, UPLOADED).file_uploader[0]
    for content in pair:
        uploader.upload("a-idx3-ubyte", content, "application/octet-stream")
    app.run()
    assert not app.error
    assert (session_of(app).dataset.name, len(session_of(app).dataset)) == ("a-idx3-ubyte", 300)


def test_the_validation_images_of_a_file_are_offered_as_the_dev_set(app: AppTest) -> None:
    images, labels = some_digits()
    members: dict[str, bytes | str] = {}
    for part, rows in (("train", slice(0, 250)), ("val", slice(250, 300))):
        found = make.picture_folders(images[rows], labels[rows])
        members |= {f"{part}/{path}": content for path, content in found.items()}
    bring(choose(app, UPLOADED), {"digits.zip": make.archive(members)})
    assert (figures(app)["Training"], figures(app)["Dev set"]) == ("250", "50")
    assert not number_fields(app)
    app.segmented_control(key="dev_source").set_value("drawn").run()
    assert (figures(app)["Training"], figures(app)["Dev set"]) == ("240", "60")
    number_field(app, "Dev set").type(10)
    assert figures(app)["Dev set"] == "30"
    app.segmented_control(key="dev_source").set_value("given").run()
    assert (figures(app)["Training"], figures(app)["Dev set"]) == ("250", "50")


def test_labels_in_the_names_of_pictures_are_shown_before_they_are_used(app: AppTest) -> None:
    images, labels = some_digits()
    members: dict[str, bytes | str] = {
        f"scans/{label}_{k:03}.png": make.picture(image)
        for k, (image, label) in enumerate(zip(images, labels, strict=True))
    }
    bring(choose(app, UPLOADED), {"scans.zip": make.archive(members)})
    assert f"{labels[0]}_000.png" in app.error[0].value
    assert session_of(app).uploaded is None
    next(button for button in app.button if button.label == "Read the labels from the names").click().run()
    assert not app.error
    assert (session_of(app).dataset.name, len(session_of(app).dataset)) == ("scans", 300)
    assert session_of(app).upload_tray.labels == "folders"


def test_a_files_name_is_shown_as_it_is(app: AppTest) -> None:
    bring(choose(app, UPLOADED), {"my_*best*_$5$ digits.csv": table()})
    assert app.header[0].value == "`my_*best*_$5$ digits`"
    assert session_of(app).dataset.name == "my_*best*_$5$ digits"


def test_a_data_set_that_a_recipe_brought_is_the_one_that_is_lit(app: AppTest) -> None:
    use_recipe(session_of(app), "pure-python")
    app.run()
    assert app.segmented_control(key="data_source").value == "digits-8x8"
    choose(app, "mnist")
    assert session_of(app).dataset_key == "mnist"


def test_ones_own_data_set_stays_when_a_recipe_is_made_for_another(app: AppTest) -> None:
    choose(app, UPLOADED)
    bring(app, {"digits.csv": table()})
    use_recipe(session_of(app), "pure-python")
    app.run()
    assert app.segmented_control(key="data_source").value == UPLOADED
    assert session_of(app).dataset.name == "digits"


def test_a_data_set_that_had_to_go_is_named_until_another_is_in_use(app: AppTest) -> None:
    session_of(app).lost_upload = "my *own*"
    app.run()
    assert "Your data set my *own* is no longer here" in app.warning[0].value
    choose(app, UPLOADED)
    bring(app, {"table.csv": table()})
    assert not app.warning


def test_the_page_tells_how_long_an_upload_stays(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(app, UPLOADED)
    assert any("if you reload the page, your data set is gone" in text.value for text in app.caption)
    monkeypatch.setattr("dashboard.data.choice.known_browser", lambda: "anna")
    app.run()
    assert any("for 60 minutes after you leave" in text.value for text in app.caption)
