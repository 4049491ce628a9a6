"""The studies of the page Evaluate, each computed for a small network on the 8×8 digits."""

import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import dashboard.run_service
import dashboard.study
from dashboard.evaluate import court, lives, slices, teachers
from dashboard.models import choice
from dashboard.runs.service import RunService
from dashboard.session import RUN_MODEL, UPLOADED_MODEL
from dashboard.shipped import shipped_split
from mlcore import DISTORTIONS, Dataset, Model, Slice, SplitSettings, TrainingConfig, evaluate, fit
from mlcore.study.influence import MOST
from tests.dashboard.runs.in_threads import CountingExecutor
from tests.pages.visits import computed, grids, opened, session_of
from tests.waiting import wait_until

SPLIT = shipped_split("digits-8x8", SplitSettings(dev_size=200))


@pytest.fixture(scope="module")
def model() -> Model:
    return fit(SPLIT, training=TrainingConfig(epochs=4, seed=1), progress=False)


def looking(look: str, model: Model) -> AppTest:
    """Open one look at the small network and the 8×8 digits."""
    app = opened("evaluate", look=look)
    session = session_of(app)
    session.use_dataset("digits-8x8")
    session.split_settings = SplitSettings(dev_size=200)
    session.uploaded_model, session.uploaded_model_name = model, "small"
    session.model_key = UPLOADED_MODEL
    return app.run()


def texts(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in (*app.markdown, *app.caption))


def test_robustness_says_a_sentence_and_shows_an_image_at_each_strength(
    model: Model, service: RunService
) -> None:
    app = computed(looking("robustness", model), service, "robustness")
    right = evaluate(model, SPLIT.dev).accuracy * 100
    assert f"As they are: {right:.0f} of 100." in texts(app)
    assert "Measured on 200 images" in texts(app)
    shown = grids(app)[-1]
    assert shown.count("<img") == len(DISTORTIONS["rotation"].strengths)
    assert "90°" in shown
    app.segmented_control(key="distortion").set_value("pen_width").run()
    assert not app.exception
    assert "strokes changed by" in texts(app)
    assert grids(app)[-1].count("<img") == len(DISTORTIONS["pen_width"].strengths)


def test_another_model_is_measured_beside_it_or_said_not_to_fit(model: Model, service: RunService) -> None:
    app = computed(looking("robustness", model), service, "robustness")
    app.multiselect(key="robust_models").set_value(["mnist"]).run()
    assert not app.exception
    assert "The model takes images of 28×28 pixels" in texts(app)


@pytest.fixture
def planted() -> tuple[Dataset, list[int]]:
    """The 8×8 digits, with three wrong labels among the training images."""
    rows = SPLIT.train.rows
    assert rows is not None
    wrong = [int(place) for place in rows[[10, 200, 700]]]
    whole = SPLIT.train.base
    return whole.relabelled(wrong, (whole.labels[wrong] + 1) % 10), wrong


def test_the_label_court_finds_wrong_labels_and_what_is_decided_is_learned_from_and_taken_back(
    model: Model,
    service: RunService,
    planted: tuple[Dataset, list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset, wrong = planted
    app = looking("labels", model)
    session = session_of(app)
    session.use_upload(dataset)
    session.split_settings = SplitSettings(dev_size=200)
    app = computed(app.run(), service, "label_court")
    assert "training images are disputed" in texts(app)
    right, dropped, kept = wrong
    for place, verdict in ((right, "relabel"), (dropped, "drop"), (kept, "keep")):
        app.checkbox(key=f"court_case_{place}").check().run()
        app.button(key=f"court_{verdict}").click().run()
        assert not app.exception
        assert f"court_case_{place}" not in [box.key for box in app.checkbox]
    assert "1 relabelled, 1 left out, 1 kept as they are." in texts(app)
    assert session.whole.labels[right] == SPLIT.train.base.labels[right]
    assert dropped not in (session.dataset.rows if session.dataset.rows is not None else [])
    assert session.whole.labels[kept] == dataset.labels[kept]

    started = []
    monkeypatch.setattr(court, "start_run", started.append)
    app.button(key="court_train").click().run()
    assert started == [session]
    app.switch_page("pages/evaluate.py")
    app.query_params["look"] = "labels"
    app.run()

    app.segmented_control(key="court_list").set_value("decided").run()
    app.checkbox(key=f"court_case_{right}").check().run()
    app.button(key="court_back").click().run()
    assert session.new_labels == {}
    app.segmented_control(key="court_list").set_value("open").run()
    app.checkbox(key=f"court_case_{right}").check().run()
    app.selectbox(key="court_new_label").set_value(4).run()
    app.button(key="court_relabel").click().run()
    assert session.new_labels == {right: 4}
    app.button(key="court_undo").click().run()
    assert session.is_as_given


def test_many_labels_are_changed_at_once_and_undone_on_the_data_page(
    model: Model, service: RunService, planted: tuple[Dataset, list[int]]
) -> None:
    dataset, wrong = planted
    app = looking("labels", model)
    session = session_of(app)
    session.use_upload(dataset)
    session.split_settings = SplitSettings(dev_size=200)
    app = computed(app.run(), service, "label_court")
    assert app.selectbox(key="court_many").options[0] == "20"
    app.button(key="court_many_relabel").click().run()
    assert {*wrong} < {*session.new_labels}
    assert len(session.new_labels) == 20
    app.button(key="court_many_drop").click().run()
    assert "There are no images left here." in texts(app)  # there were fewer than forty
    assert not {*session.left_out["disputed"]} & {*session.new_labels}
    app.switch_page("pages/data.py").run()
    assert "20 images were relabelled" in texts(app)
    app.button(key="undo_new_labels").click().run()
    app.button(key="undo_disputed").click().run()
    assert not app.exception
    assert session.is_as_given


def test_the_learning_curve_says_what_twice_as_many_images_would_bring(
    model: Model, service: RunService
) -> None:
    app = looking("more", model)
    session_of(app).training_config = TrainingConfig(epochs=1)
    app = computed(app.run(), service, "learning_curve")
    assert "Twice as many images would bring about" in texts(app)
    assert "All 1,597 bring" in texts(app)


def test_who_taught_an_answer_is_shown_and_a_run_starts_without_them(
    model: Model, service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = computed(looking("teachers", model), service, "influence")
    mistake = int(evaluate(model, SPLIT.dev).mistakes[0])
    guessed = model.predict(SPLIT.dev.take([mistake]).images)[0]
    assert f"pushed it most towards {guessed}" in texts(app)
    supporters, opponents = grids(app)[-2:]
    assert supporters.count("<img") == opponents.count("<img") == MOST
    assert "+100 %" in supporters or "-100 %" in opponents
    answer = SPLIT.dev.labels[mistake]
    app.segmented_control(key=f"taught_answer_{guessed}_{answer}").set_value(answer).run()
    app = computed(app, service, "influence")
    assert f"pushed it most towards {answer}" in texts(app)
    app = computed(app, service, "retrained")
    assert re.search(
        rf"with all images, it is [<\d.]+ % sure of {answer}; without these {MOST}, ", texts(app)
    )
    started = []
    monkeypatch.setattr(teachers, "start_run", started.append)
    app.button(key="taught_train").click().run()
    assert not app.exception
    assert started == [session_of(app)]
    assert len(session_of(app).left_out["taught"]) == MOST


def test_a_slice_is_followed_over_the_epochs_of_a_run(
    model: Model, service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (slices, choice):
        monkeypatch.setattr(module, "get_run_service", lambda: service)
        monkeypatch.setattr(module, "run_owner", lambda: "ada")
    monkeypatch.setattr(CountingExecutor, "turns", [], raising=False)
    run_id = service.start("ada", SPLIT, model.network_config, TrainingConfig(epochs=3))
    wait_until(lambda: not service.status(run_id).live)
    app = looking("slices", model)
    assert any("no slices of these images" in info.value for info in app.info)
    fours = Slice.of(SPLIT.dev, np.flatnonzero(SPLIT.dev.labels == 4), "fours")
    session_of(app).slices = [fours]
    app = computed(app.run(), service, "slices_over_run")
    moments = service.snapshots(run_id)
    assert len(moments) > 3
    last = evaluate(service.snapshot_model(run_id, moments[-1].step), SPLIT.dev).among(fours.positions)
    chart = next(
        json.loads(json.loads(element.proto.json)["figures"][0])
        for element in app.get("bidi_component")
        if "slices_chart" in element.proto.id
    )
    assert chart["data"][0]["x"] == [round(moment.epoch, 3) for moment in moments]
    assert chart["data"][0]["y"][-1] == pytest.approx(100 * last.accuracy, abs=0.01)


def test_easy_and_hard_images_are_told_apart_and_the_hard_ones_go_to_the_label_court(
    model: Model, service: RunService, planted: tuple[Dataset, list[int]]
) -> None:
    dataset, wrong = planted
    app = looking("lives", model)
    session = session_of(app)
    session.use_upload(dataset)
    session.split_settings = SplitSettings(dev_size=200)
    app = computed(app.run(), service, "image_lives")
    assert "of 1,597 training images are easy" in texts(app)
    assert "Followed over 10 epochs" in texts(app)
    assert all(f"Training image {place + 1:,}, labelled" in grids(app)[-1] for place in wrong)
    app.button(key="lives_court").click().run()
    assert not app.exception
    assert app.query_params["look"] == "labels"
    assert "of 1,597 training images are disputed" in texts(app)
    app.checkbox(key=f"court_case_{wrong[0]}").check().run()
    app.button(key="court_relabel").click().run()
    assert session.new_labels == {wrong[0]: SPLIT.train.base.labels[wrong[0]]}


def test_of_a_run_its_snapshots_tell_the_lives_of_images_and_who_taught_an_answer(
    model: Model, service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (dashboard.run_service, choice, lives, teachers):
        monkeypatch.setattr(module, "get_run_service", lambda: service)
    monkeypatch.setattr(CountingExecutor, "turns", [], raising=False)
    monkeypatch.setattr(lives, "LEAST_MOMENTS", 1)  # a quick machine keeps few
    app = looking("lives", model)
    split = session_of(app).split
    run_id = service.start("ada", split, model.network_config, TrainingConfig(epochs=3))
    wait_until(lambda: not service.status(run_id).live)
    session_of(app).run_id, session_of(app).model_key = run_id, RUN_MODEL
    app = computed(app.run(), service, "image_lives")
    moments = [moment for moment in service.snapshots(run_id) if moment.epoch >= 1]
    assert f"Followed over {len(moments)} snapshots of your run" in texts(app)
    app.segmented_control(key="evaluate_look").set_value("teachers").run()
    app = computed(app, service, "influence")
    assert "training images that pushed it most towards" in texts(app)
    assert "did not learn from exactly these" not in texts(app)
