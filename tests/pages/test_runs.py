"""The page Runs as a visitor uses it, except for what only a browser can show.

That is in `tests/e2e/test_the_way_of_runs.py`.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.proto.Common_pb2 import StringTriggerValue
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from dashboard import run_service
from dashboard.models import choice, difference
from dashboard.runs.archive import Archive, Row
from dashboard.runs.kept import row_of
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError
from dashboard.runs_page import actions, comparison, keeping, table
from dashboard.runs_page.table import USUAL_COLUMNS
from dashboard.session import PastDrawing, Session
from dashboard.train import run_choice
from mlcore import NetworkConfig, Split, TrainingConfig, load_dataset, split_dataset
from mlcore.images.strokes import Stroke
from tests.pages.visits import new_app, session_of
from tests.waiting import PATIENCE, wait_until

SHORT = TrainingConfig(batch_size=32, epochs=3)
ENDLESS = TrainingConfig(batch_size=16, epochs=10_000)


@pytest.fixture(scope="module")
def split() -> Split:
    return split_dataset(load_dataset("digits-8x8"), dev_size=200, train_size=640)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunService]:
    """A service with an archive of its own in the place of the server's; its worker is a thread."""
    archive = Archive(tmp_path)
    made = RunService(
        1,
        archive=archive,
        turn_seconds=0,
        make_executor=lambda: ThreadPoolExecutor(1),
        clean_up_every=None,
    )
    use(made, monkeypatch)
    with closing(made):
        yield made


def use(service: RunService, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (actions, choice, comparison, difference, keeping, run_choice, run_service, table):
        monkeypatch.setattr(module, "get_run_service", lambda: service)


def opened(owner: str = "ada") -> AppTest:
    """Open the page as this visitor."""
    app = new_app()
    app.session_state["run_owner"] = owner
    app.switch_page("pages/runs.py").run()
    return checked(app)


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    assert not app.error
    return app


def trained(service: RunService, split: Split, owner: str = "ada", **settings: int) -> str:
    """Train a small network to its end."""
    config = replace(SHORT, **settings)  # type: ignore[arg-type]
    run_id = service.start(owner, split, NetworkConfig(hidden_sizes=(16,)), config)
    wait_until(lambda: not service.status(run_id).live and service._runs[run_id].is_put_away)
    return run_id


def choose(app: AppTest, *rows: int) -> AppTest:
    """Choose some rows of the table."""
    key = app.dataframe[0].key
    assert key is not None
    app.session_state[key] = {"selection": {"rows": list(rows)}}
    return checked(app.run())


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    return checked(app)


def names(app: AppTest) -> list[str]:
    shown: list[str] = app.dataframe[0].value["name"].tolist()
    return shown


def words(app: AppTest) -> str:
    return " ".join(part.value for part in (*app.markdown, *app.caption, *app.info, *app.warning))


def test_without_runs_the_page_leads_to_train(service: RunService) -> None:
    app = opened()
    assert "There are no runs yet" in words(app)
    assert [link.proto.label for link in app.get("page_link")] == ["Train a network"]
    assert not app.dataframe


def test_the_table_shows_of_each_run_what_it_learned_from_and_how_well(
    service: RunService, split: Split
) -> None:
    run_id = trained(service, split, seed=3)
    accuracy = service.test(run_id, "ada", split.dev)
    table = opened().dataframe[0].value
    (row,) = table.to_dict("records")
    best = service.status(run_id).progress.best
    assert best is not None
    assert (row["name"], row["state"], row["seed"]) == ("Run 1", "Finished", 3)
    assert row["data"] == "8×8 digits, 640 images"
    assert row["settings"] == "Hidden layers: 16 neurons, Batch size 32 images, Epochs 3 epochs"
    assert row["best"] == pytest.approx(100 * best.dev_accuracy)
    assert row["test"] == pytest.approx(100 * accuracy)
    assert re.fullmatch(r"\d+\.\d % – \d+\.\d %", row["interval"])
    assert [*row["curve"]][-1] == pytest.approx(100 * service.status(run_id).history[-1].dev_accuracy)  # type: ignore[union-attr]
    assert set(table.columns) == {*USUAL_COLUMNS, "open", "star", "delete"}


def test_the_best_accuracy_is_shown_and_not_the_last(service: RunService, split: Split) -> None:
    run_id = trained(service, split, epochs=12)
    run = service._runs[run_id]
    accuracies = [record.dev_accuracy for record in run.records if hasattr(record, "dev_accuracy")]
    assert opened().dataframe[0].value["best"].tolist() == [pytest.approx(100 * max(accuracies))]


def test_a_run_that_trains_is_marked_and_cannot_be_deleted(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, NetworkConfig(hidden_sizes=(16,)), ENDLESS)
    wait_until(lambda: service.status(run_id).state == "running")
    app = choose(opened(), 0)
    assert app.dataframe[0].value["state"].tolist() == ["▶ Training"]
    assert next(button for button in app.button if button.label == "Delete").disabled


def test_a_run_that_a_restart_interrupted_is_continued_from_the_list(
    service: RunService, split: Split
) -> None:
    run_id = service.start("ada", split, NetworkConfig(hidden_sizes=(16,)), ENDLESS)
    wait_until(lambda: service.status(run_id).state == "running")
    service.pause(run_id, "ada", PATIENCE)
    app = choose(opened(), 0)
    assert app.dataframe[0].value["state"].tolist() == ["Paused"]
    press(app, "Continue")
    assert service.status(run_id).state == "running"


def test_a_run_gets_a_name_a_note_and_a_star_which_stay(service: RunService, split: Split) -> None:
    run_id = trained(service, split)
    app = choose(opened(), 0)
    app.text_input(key=f"name of {run_id}").set_value("<b>My</b> *best*").run()
    app.text_input(key=f"note of {run_id}").set_value("for the class").run()
    app = press(app, "Star")
    assert names(app) == ["★ <b>My</b> *best*"]
    assert names(opened()) == ["★ <b>My</b> *best*"]
    (kept,) = service.list_runs("ada")
    assert (kept.name, kept.note, kept.star) == ("<b>My</b> *best*", "for the class", True)
    assert "Take the star away" in [button.label for button in app.button]


def test_what_was_deleted_is_undone_and_what_is_chosen_stays_chosen(
    service: RunService, split: Split
) -> None:
    run_ids = [trained(service, split, seed=seed) for seed in (1, 2, 3)]
    app = press(choose(opened(), 1), "Delete")
    assert names(app) == ["Run 3", "Run 1"]
    with pytest.raises(RunError):
        service.status(run_ids[1])
    app = press(app, "Undo")
    assert names(app) == ["Run 3", "Run 2", "Run 1"]
    assert service.status(run_ids[1]).state == "finished"
    app = press(choose(app, 0, 2), "Delete 2 runs")
    assert names(app) == ["Run 2"]
    assert "Deleted: 2." in words(app)


def test_a_run_is_opened_starred_and_deleted_by_a_button_in_its_row(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(service, split)
    run_id = trained(service, split)
    live = service.start("ada", split, NetworkConfig(hidden_sizes=(16,)), ENDLESS)
    app = opened()
    assert app.dataframe[0].value["delete"].isna().tolist() == [True, False, False]
    service.stop(live, "ada", PATIENCE)
    app = press_in_row(opened(), "star", 1)
    assert [kept.star for kept in service.list_runs("ada")] == [False, True, False]
    assert names(app)[1] == "★ Run 2"
    app = press_in_row(app, "delete", 0)
    assert names(app) == ["★ Run 2", "Run 1"]
    app = press(app, "Undo")
    app = press_in_row(app, "open", 1)
    assert session_of(app).run_id == run_id
    assert app.title[0].value == "Train"


def press_in_row(app: AppTest, column: str, row: int) -> AppTest:
    """Press the button of a run in the table."""
    table = app.dataframe[0]
    widgets = app._tree.get_widget_states()
    click = StringTriggerValue(data=json.dumps({"row": row, "label": table.value[column][row]}))
    widget_id = table.proto.button_click_widgets[column]
    widgets.widgets.append(WidgetState(id=widget_id, string_trigger_value=click))
    return checked(app._run(widgets))


def test_a_chosen_run_opens_on_train_and_answers_on_draw(service: RunService, split: Split) -> None:
    first, _second = trained(service, split), trained(service, split)
    app = press(choose(opened(), 1), "Open on Train")
    assert session_of(app).run_id == first
    assert app.title[0].value == "Train"
    app = press(choose(opened(), 1), "Draw a digit for it")
    assert app.title[0].value == "Draw a digit"
    assert session_of(app).run_id == first


def test_runs_side_by_side_show_scores_luck_and_what_differs(service: RunService, split: Split) -> None:
    trained(service, split, seed=1)
    trained(service, split, seed=2, epochs=6)
    app = choose(opened(), 0, 1)
    _runs, scores, settings = (frame.value for frame in app.dataframe)
    assert scores["Run"].tolist() == ["Run 2", "Run 1"]
    assert settings["Setting"].tolist() == ["Epochs", "Seed"]
    assert settings["≠"].tolist() == ["≠", "≠"]
    assert settings["Run 2"].tolist() == ["6 epochs", "2"]
    assert re.search(r"Of 200 dev images, `Run \d` alone got \d+ right", words(app))
    app.toggle(key="comparison_only").set_value(False).run()
    everything = checked(app).dataframe[2].value
    marks = dict(zip(everything["Setting"], everything["≠"], strict=True))
    assert (marks["Epochs"], marks["Optimizer"], marks["Data"]) == ("≠", "", "")


def test_of_runs_that_differ_in_their_seed_alone_the_spread_is_told(
    service: RunService, split: Split
) -> None:
    for seed in (1, 2):
        trained(service, split, seed=seed)
    assert "`Run 2`, `Run 1` differ in their seed alone" in words(choose(opened(), 0, 1))


def test_a_run_that_is_called_like_a_column_keeps_its_own(service: RunService, split: Split) -> None:
    first, second = trained(service, split, seed=1), trained(service, split, seed=2)
    for run_id, name in ((first, "Setting"), (second, "≠")):
        service.describe(run_id, "ada", name=name)
    settings = choose(opened(), 0, 1).dataframe[2].value
    assert settings["Setting"].tolist() == ["Seed"]
    assert (settings["≠ (2)"].tolist(), settings["Setting (2)"].tolist()) == (["2"], ["1"])


def test_runs_side_by_side_answer_the_same_drawing_and_show_their_confusions(
    service: RunService, split: Split
) -> None:
    trained(service, split, seed=1)
    trained(service, split, seed=2, epochs=6)
    app = opened()
    assert "Draw a digit on the Draw page" in words(choose(app, 0, 1))
    one = (((140.0, 40.0), (140.0, 240.0)),)
    strokes = tuple(Stroke(points, 24.0) for points in one)
    blank = np.zeros((8, 8), np.uint8)
    session_of(app).play.now = PastDrawing(strokes, blank, "1", 0.9)
    checked(app.run())
    shown = next(html.proto.body for html in app.get("html") if "Your drawing as" in html.proto.body)
    assert [re.search(rf"Your drawing as Run {k} sees it; it answers \d", shown) is not None for k in (1, 2)]
    assert shown.count("<img") == 2
    charts = {
        json.loads(chart.proto.json)["key"]: json.loads(chart.proto.json)["figures"]
        for chart in app.get("bidi_component")
        if chart.proto.component_name == "digit_lab_plotly_chart"
    }
    assert len(charts["comparison_matrices"]) == 2
    assert "Confusion matrix of Run 2. Most often:" in charts["comparison_matrices"][0]
    assert "shapes" not in json.loads(charts["comparison_matrices"][0])["layout"]
    assert "Run 2: Epochs 6 epochs, Seed 2, Best dev accuracy" in charts["comparison_settings"][0]


def test_a_drawing_that_is_no_digit_is_told_for_each_run(service: RunService, split: Split) -> None:
    trained(service, split, seed=1)
    trained(service, split, seed=2)
    app = opened()
    two = (((60.0, 40.0), (60.0, 240.0)), ((220.0, 40.0), (220.0, 240.0)))
    strokes = tuple(Stroke(points, 24.0) for points in two)
    session_of(app).play.past = [PastDrawing(strokes, np.zeros((8, 8), np.uint8), "1", 0.9)]
    choose(app, 0, 1)
    assert len([box for box in app.info if "One digit at a time" in box.value]) == 2


def test_runs_on_different_dev_sets_are_not_called_better_or_worse(service: RunService, split: Split) -> None:
    trained(service, split)
    trained(service, split_dataset(load_dataset("digits-8x8"), dev_size=300, train_size=640))
    assert "were evaluated on different dev sets" in words(choose(opened(), 0, 1))


def test_the_columns_are_chosen_and_what_all_share_is_left_out_on_demand(
    service: RunService, split: Split
) -> None:
    trained(service, split)
    trained(service, split, epochs=6)
    app = opened()
    app.button_group(key="run_columns").set_value(["settings", "started"]).run()
    app.toggle(key="only_differing").set_value(True).run()
    table = checked(app).dataframe[0].value
    assert [*table.columns] == ["name", "open", "star", "delete", "settings", "started"]
    assert table["settings"].tolist() == ["Epochs 6 epochs", "Epochs 3 epochs"]
    assert session_of(app).run_columns == ("name", "settings", "started")
    again = opened()  # a new session, as after a restart of the server
    assert [*again.dataframe[0].value.columns] == [*table.columns]
    assert again.toggle(key="only_differing").value
    trained(service, split, owner="eve")
    assert {*opened("eve").dataframe[0].value.columns} == {*USUAL_COLUMNS, "open", "star", "delete"}


def test_the_page_shows_nobody_anothers_runs(service: RunService, split: Split) -> None:
    run_id = trained(service, split)
    app = opened("eve")
    assert not app.dataframe
    assert run_id not in str(app)


def test_the_page_says_whether_runs_train_on_a_cluster(
    service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size, sentence in ((12, "on a cluster of 12 workers"), (0, "cannot be used at the moment")):
        cluster = SimpleNamespace(cluster=SimpleNamespace(size=size))
        monkeypatch.setattr(keeping, "server", lambda cluster=cluster: cluster)
        assert sentence in words(opened())


def test_the_page_says_how_many_runs_are_kept_and_what_is_wrong_with_keeping_them(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(service, split)
    assert "1 of at most 500 runs" in words(opened())
    without = RunService(1, why_not_kept="The folder cannot be used.", clean_up_every=None)
    use(without, monkeypatch)
    with closing(without):
        shown = words(opened())
    assert "The folder cannot be used." in shown
    assert "until the server stops" in shown


def test_who_wants_to_be_forgotten_loses_all_runs_and_settings(service: RunService, split: Split) -> None:
    trained(service, split)
    trained(service, split, owner="eve")
    app = opened()
    session_of(app).training_config = ENDLESS
    app = press(app, "Delete everything")
    assert "There are no runs yet" in words(app)
    assert session_of(app).training_config == Session().training_config
    assert service.list_runs("ada") == []
    assert len(service.list_runs("eve")) == 1


def test_five_hundred_runs_are_read_and_shown_together(service: RunService, split: Split) -> None:
    run_id = trained(service, split)
    archive = service._shelf.archive
    assert archive is not None
    made = row_of(service._runs[run_id], archive.folder)
    for number in range(2, 501):
        about = {**made.about, "number": number}
        archive.put(Row(f"{number:032x}", "ada", made.started + number, True, False, about))
    assert len(names(opened())) == 500
