"""The page Train as a visitor uses it, except for what only a browser can show.

That is in `tests/e2e/test_train_page.py`.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import estimate, run_service, starting
from dashboard.evaluate import closed
from dashboard.models import choice as model_choice
from dashboard.models import difference
from dashboard.models import passport as model_passport
from dashboard.runs.limits import Limits
from dashboard.runs.service import RunService
from dashboard.runs.status import RunStatus
from dashboard.session import RUN_MODEL, UPLOADED_MODEL, Session
from dashboard.shipped import shipped_dataset
from dashboard.train import downloads as take_home
from dashboard.train import exports, fork, race, run_choice
from dashboard.train import panel as run_view
from dashboard.train import result as run_result
from dashboard.train.exports import OFFERS, Source
from dashboard.train.panel import time_words
from mlcore import (
    BatchMetrics,
    EpochMetrics,
    NetworkConfig,
    SplitSettings,
    TrainingConfig,
    fit,
    load_dataset,
    load_model,
    replay,
    split_dataset,
)
from mlcore.training.fork import FORK_SETTINGS
from tests.dashboard.train.records import measured, status
from tests.fields import number_field, number_fields
from tests.pages.visits import figures, model_list, new_app, session_of
from tests.waiting import PATIENCE, wait_until


@pytest.fixture(scope="module")
def only_service() -> Iterator[RunService]:
    """One service for all tests; its workers are processes, as on a server."""
    made = RunService(2, Limits(live_per_owner=2), turn_seconds=0.05, clean_up_every=None)
    yield made
    made.close()


@pytest.fixture
def service(only_service: RunService, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunService]:
    """The service in the place of the server's, without runs."""
    for module in (
        closed,
        difference,
        estimate,
        exports,
        fork,
        model_choice,
        model_passport,
        race,
        run_choice,
        run_result,
        run_service,
        run_view,
        take_home,
        starting,
    ):
        monkeypatch.setattr(module, "get_run_service", lambda: only_service)
    yield only_service
    for run in list(only_service._runs.values()):
        only_service.delete(run.run_id, run.owner)


@pytest.fixture
def app(service: RunService) -> AppTest:
    """The page with a data set that is learned in no time."""
    return visit(TrainingConfig(epochs=3))


def visit(training: TrainingConfig, network: NetworkConfig | None = None, **query: str) -> AppTest:
    app = new_app()
    app.session_state["session"] = session = Session()
    session.use_dataset("digits-8x8")
    session.training_config = training
    session.network_config = network or NetworkConfig(hidden_sizes=(16,))
    for name, value in query.items():
        app.query_params[name] = value
    app.switch_page("pages/train.py").run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def labels(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


def enabled(app: AppTest) -> set[str]:
    return {button.label for button in app.button if not button.disabled}


def status_of(app: AppTest, service: RunService) -> RunStatus:
    run_id = session_of(app).run_id
    assert run_id is not None
    return service.status(run_id)


def wait(app: AppTest, service: RunService, done: Callable[[RunStatus], bool]) -> RunStatus:
    wait_until(lambda: done(status_of(app, service)))
    app.run()
    assert not app.exception
    return status_of(app, service)


def ended(status: RunStatus) -> bool:
    return not status.live


ENDLESS = TrainingConfig(batch_size=16, epochs=10_000)  # always stopped: it never comes to its end


def test_what_will_be_trained_is_shown_before_the_start(app: AppTest) -> None:
    text = " ".join(element.value for element in [*app.markdown, *app.caption])
    assert "`8×8 digits`: 1,438 training images, 359 in the dev set" in text
    assert "16 hidden neurons, ReLU; 1,210 parameters" in text
    assert "Adam, learning rate 0.001, batches of 128, 3 epochs" in text
    assert re.search(r"Takes (a few seconds|about [\d.]+ (s|min))", text)


def test_a_run_is_started_found_by_its_address_and_ends_with_its_figures(
    app: AppTest, service: RunService
) -> None:
    press(app, "Start")
    status = wait(app, service, ended)
    assert status.state == "finished"
    assert app.query_params["run"] in (status.run_id, [status.run_id])
    assert figures(app)["Epoch"] == "3 of 3"
    assert status.progress.best is not None
    assert any(f"Best at epoch {status.progress.best.epoch:g}" in box.value for box in app.success)


def test_a_run_is_paused_stepped_let_go_on_and_stopped(service: RunService) -> None:
    app = visit(ENDLESS)
    press(app, "Start")
    assert {"Pause", "Stop"} <= enabled(app)
    assert "One step" in labels(app) - enabled(app)
    press(app, "Pause")
    paused = wait(app, service, lambda status: status.state == "paused")
    press(app, "One step")
    further = wait(app, service, lambda status: status.progress.step > paused.progress.step)
    assert further.progress.step == paused.progress.step + 1
    next(button for button in app.button if (button.key or "").startswith("play_arrow")).click().run()
    wait(app, service, lambda status: status.progress.step > paused.progress.step + 1)
    press(app, "Stop")
    assert wait(app, service, ended).state == "stopped"
    assert not {"Pause", "One step", "Stop"} & enabled(app)


def test_somebody_elses_run_can_be_watched_and_not_steered(service: RunService) -> None:
    owner = press(visit(ENDLESS), "Start")
    run_id = session_of(owner).run_id
    assert run_id is not None
    guest = visit(ENDLESS, run=run_id)
    assert any("someone else" in box.value for box in guest.info)
    assert figures(guest)["Epoch"].endswith("of 10,000")
    assert not {"Pause", "One step", "Stop"} & labels(guest)


def test_whoever_watches_can_use_the_settings_of_the_run(app: AppTest, service: RunService) -> None:
    session = session_of(app)
    session.split_settings = replace(session.split_settings, seed=7)
    press(app, "Start")
    assert "Use these settings" not in enabled(app)
    run_id = str(session.run_id)
    guest = visit(TrainingConfig(), run=run_id, settings="1~epochs-2")
    assert "settings" not in guest.query_params  # it is the address of a run, and nothing of the guest's goes
    assert session_of(guest).training_config == TrainingConfig()
    press(guest, "Use these settings")
    assert any("are now yours" in box.value for box in guest.info)
    assert "Use these settings" not in enabled(guest)
    mine, theirs = session_of(app), session_of(guest)
    for name in ("dataset_key", "split_settings", "network_config", "training_config"):
        assert getattr(theirs, name) == getattr(mine, name)
    assert not any("are now yours" in box.value for box in guest.run().info)


def test_the_page_says_until_when_a_run_is_kept_and_what_happens_when_its_owner_leaves(
    app: AppTest, service: RunService
) -> None:
    press(app, "Start")
    captions = " ".join(caption.value for caption in app.caption)
    assert "for 10 minutes after its owner has left; then it is stopped" in captions
    assert re.search(r"kept until [A-Z][a-z]+day \d\d:\d\d at least, unless newer runs", captions)


def test_an_address_of_a_run_that_is_gone_says_so_and_offers_a_start(service: RunService) -> None:
    app = visit(ENDLESS, run="0123456789abcdef" * 2)
    assert "The server was restarted" in app.info[0].value
    assert "Start" in labels(app)
    assert "run" not in app.query_params


def test_a_visitor_who_comes_back_finds_the_newest_run(app: AppTest, service: RunService) -> None:
    press(app, "Start")
    run_id = session_of(app).run_id
    session_of(app).run_id = None
    app.query_params.clear()
    app.run()
    assert session_of(app).run_id == run_id


def test_starting_beside_or_instead_of_a_live_run_is_a_choice(service: RunService) -> None:
    app = press(visit(ENDLESS), "Start")
    first = session_of(app).run_id
    assert first is not None
    press(app, "Start in parallel")
    second = session_of(app).run_id
    assert second not in (None, first)
    assert service.status(first).live
    press(app, "Start in parallel")
    assert "You have 2 active runs" in app.error[0].value
    press(app, "Stop this run and start")
    assert len(service.runs_of(service._runs[first].owner)) == 3
    assert sum(status.live for status in service.runs_of(service._runs[first].owner)) == 2


def test_the_test_set_is_asked_once(app: AppTest, service: RunService) -> None:
    session = session_of(app)
    session.use_dataset("mnist")
    session.training_config = TrainingConfig(iterations=20)
    press(app.run(), "Start")
    wait(app, service, ended)
    assert figures(app)["Test accuracy"] == "–"
    assert any("second dev set" in caption.value for caption in app.caption)
    press(app, "Test on the 10,000 images")
    accuracy = status_of(app, service).test_accuracy
    assert accuracy is not None
    assert figures(app)["Test accuracy"] == f"{100 * accuracy:.2f} %"
    assert "Test on the 10,000 images" not in labels(app)


def test_evaluate_opens_the_test_set_of_a_run_once_for_its_owner(app: AppTest, service: RunService) -> None:
    session, digits = session_of(app), shipped_dataset("digits-8x8")
    session.use_upload(digits.take(slice(1000)).detached(), digits.take(slice(1000, None)))
    press(app.run(), "Start")
    run_id = wait(app, service, ended).run_id
    app.query_params["set"] = "test"
    app.switch_page("pages/evaluate.py").run()
    assert any("The test set of this run is closed." in text.value for text in app.markdown)
    assert not app.metric
    assert service.status(run_id).test_accuracy is None
    press(app, "Open the test set: 797 images")
    accuracy = service.status(run_id).test_accuracy
    assert accuracy is not None
    assert figures(app)["Accuracy"] == f"{100 * accuracy:.1f} %"
    assert any("The test set of this run is open" in caption.value for caption in app.caption)


def test_data_without_test_images_offer_no_test(app: AppTest, service: RunService) -> None:
    press(app, "Start")
    wait(app, service, ended)
    assert not [label for label in labels(app) if label.startswith("Test on")]


def test_a_run_that_blows_up_leads_to_a_good_rate(service: RunService) -> None:
    app = visit(
        TrainingConfig(optimizer="gradient_descent", learning_rate=100.0, epochs=50, weight_decay=1.0)
    )
    press(app, "Start")
    assert wait(app, service, ended).state == "diverged"
    assert "diverged" in app.error[0].value
    press(app, "Set Learning rate to 0.1")
    assert session_of(app).training_config.learning_rate == 0.1
    assert app.title[0].value == "Network"


def test_a_finished_run_goes_on_with_more_epochs_and_another_rate(app: AppTest, service: RunService) -> None:
    press(app, "Start")
    wait(app, service, ended)
    rate, more = number_field(app, "Learning rate"), number_field(app, "More epochs")
    assert (rate.text, more.text) == ("0.001", "5")
    rate.type("0,01")
    number_field(app, "More epochs").type(2)
    press(app, "Continue")
    status = wait(app, service, ended)
    assert status.training.learning_rate == 0.01
    assert figures(app)["Epoch"] == "5 of 5"


def test_at_the_end_of_a_schedule_a_tenth_of_its_highest_rate_is_offered_from_which_it_falls_again(
    service: RunService,
) -> None:
    app = visit(TrainingConfig(epochs=2, schedule="one_cycle", learning_rate=0.01))
    press(app, "Start")
    status = wait(app, service, ended)
    last = [record for record in status.history if isinstance(record, BatchMetrics)][-1].learning_rate
    assert last < float(number_field(app, "Learning rate").text) == 0.001
    assert any("Schedule “One cycle”" in caption.value for caption in app.caption)
    number_field(app, "More epochs").type(2)
    press(app, "Continue")
    status = wait(app, service, lambda found: ended(found) and found.progress.step > status.progress.step)
    assert status.history[-1].learning_rate < 0.001 == status.training.learning_rate


def test_what_cannot_be_started_is_told_in_a_sentence(app: AppTest, service: RunService) -> None:
    session_of(app).network_config = NetworkConfig(filters=(8, 8))
    app.run()
    assert not app.exception
    assert "Traceback" not in " ".join(box.value for box in app.error)
    assert app.error


def test_an_early_stop_is_explained(service: RunService) -> None:
    app = visit(TrainingConfig(epochs=500, patience=1, learning_rate=0.01))
    press(app, "Start")
    wait(app, service, ended)
    assert any("stopped early" in box.value for box in app.success)


def page_of_a_run_that_learned_nothing() -> None:
    from typing import Any

    from dashboard.runs.status import DataFacts, History, Progress, RunStatus
    from dashboard.session import get_session
    from dashboard.train.result import show_result
    from mlcore import EpochMetrics, NetworkConfig, TrainingConfig

    facts: dict[str, Any] = dict.fromkeys(RunStatus.__dataclass_fields__)
    untrained = EpochMetrics(0, 0.0, 0, 2.3, 0.1, 2.3, 0.1, 100.0)
    facts |= {"state": "finished", "run_id": "it", "progress": Progress(9, 1.0, 90, best=untrained)}
    facts["data"] = DataFacts("digits", "", n_train=90, n_dev=10, one_answer=0.2)
    facts["history"] = History([EpochMetrics(9, 1.0, 90, 9.9, 0.1, 9.9, 0.1, 100.0)])
    facts |= {
        "network": NetworkConfig(),
        "training": TrainingConfig(batch_size=10, epochs=1, learning_rate=100.0),
    }
    show_result(get_session(), RunStatus(**facts), may_change=True)


def page_of_a_run_that_was_stopped_early() -> None:
    from dataclasses import replace

    from dashboard.runs.status import Progress
    from dashboard.session import get_session
    from dashboard.train.result import show_result
    from tests.dashboard.train.records import measured, status

    untrained, early = measured(0, dev_accuracy=0.1), measured(10, dev_accuracy=0.1)
    run = replace(status(untrained, early), state="stopped", run_id="it")
    show_result(get_session(), replace(run, progress=Progress(38, 0.38, 380, best=untrained)), True)


def test_a_run_that_was_stopped_in_its_first_epoch_is_not_blamed_for_an_early_evaluation() -> None:
    app = AppTest.from_function(page_of_a_run_that_was_stopped_early, default_timeout=PATIENCE).run()
    assert not app.exception
    assert not app.warning
    assert "evaluated, at epoch 0.1, it had learned nothing yet" in app.info[0].value


def test_a_run_that_learns_nothing_says_so_and_offers_a_good_rate() -> None:
    app = AppTest.from_function(page_of_a_run_that_learned_nothing, default_timeout=PATIENCE).run()
    assert not app.exception
    assert "learned nothing" in app.warning[0].value
    assert "Set Learning rate to 0.001" in labels(app)


DEAD = {
    "raw pixels": (
        NetworkConfig(hidden_sizes=(10,), scaling="none"),
        TrainingConfig(optimizer="gradient_descent", learning_rate=1.0, epochs=3),
        "pixels, up to 255, are not scaled",
    ),
    "a high rate": (
        NetworkConfig(hidden_sizes=(64, 64)),
        TrainingConfig(learning_rate=1.0, epochs=3),
        "The learning rate 1 is 1,000 times what usually works with Adam. Try 0.001.",
    ),
    "zero weights": (
        NetworkConfig(hidden_sizes=(64,), initialization="zeros"),
        TrainingConfig(epochs=3),
        "All weights started at zero",
    ),
    "many sigmoid layers": (
        NetworkConfig(hidden_sizes=(32,) * 8, activation="sigmoid"),
        TrainingConfig(epochs=3),
        "through 8 sigmoid layers",
    ),
}


@pytest.mark.parametrize("way", DEAD)
def test_a_network_that_gives_one_answer_to_everything_is_told_with_the_likely_cause(
    way: str, service: RunService
) -> None:
    network, training, cause = DEAD[way]
    app = press(visit(training, network), "Start")
    wait(app, service, ended)
    assert "learned nothing" in app.warning[0].value
    assert cause in app.warning[0].value
    assert not app.success
    assert ("Set Learning rate to 0.001" in labels(app)) == (way == "a high rate")
    press(app, "See its mistakes")
    assert "gives every image the same answer" in app.warning[0].value
    assert cause in app.warning[0].value


def test_a_run_that_blew_up_before_it_was_saved_has_no_mistakes_to_show(service: RunService) -> None:
    app = visit(
        TrainingConfig(optimizer="gradient_descent", learning_rate=100.0, epochs=50, weight_decay=1.0)
    )
    press(app, "Start")
    status = wait(app, service, ended)
    assert (status.state, status.progress.saved_step) == ("diverged", None)
    assert labels(app).isdisjoint({"See its mistakes", "Draw a digit for it", "Trained model (.npz)"})


def test_a_new_network_answers_the_drawing_whichever_model_was_chosen_before(
    app: AppTest, service: RunService
) -> None:
    one = [["M", 140, 50], ["L", 140, 230]]
    session_of(app).drawing = {"objects": [{"type": "Path", "strokeWidth": 20, "path": one}]}
    session_of(app).model_key = "mnist"
    press(app, "Start")
    wait(app, service, ended)
    app.switch_page("pages/draw.py").run()
    assert model_list(app).value == RUN_MODEL
    assert "Your own network now reads your drawing." in [text.value for text in app.markdown]
    assert session_of(app).play.now is not None
    assert any("The pre-trained network says 1" in caption.value for caption in app.caption)


def test_the_numbers_and_the_health_of_the_layers_are_shown_on_request(
    app: AppTest, service: RunService
) -> None:
    press(app, "Start")
    status = wait(app, service, ended)
    assert [health.step for health in status.health] == [
        record.step for record in status.history if isinstance(record, EpochMetrics)
    ]
    assert not any("Nine in ten weights" in text.value for text in app.markdown)
    app.session_state[f"health of {status.run_id}"] = True
    app.session_state[f"numbers of {status.run_id}"] = True
    app.run()
    assert not app.exception
    (numbers,) = [table.value for table in app.dataframe if "train_accuracy" in table.value]
    assert len(numbers) == len(status.health)
    choose(app, "Weights of the layer", 1)
    (words,) = [text.value for text in app.markdown if "Nine in ten weights" in text.value]
    assert words.startswith("Nine in ten weights of linear 2 are between -")


def files_of(app: AppTest) -> list[str]:
    """The labels of all buttons that download something, with *More files* open."""
    app.session_state[f"files of {session_of(app).run_id}"] = True
    app.run()
    assert not app.exception
    return [button.label for button in app.get("download_button")]


def test_the_program_of_a_run_prints_the_accuracies_that_the_page_has_shown(
    app: AppTest, service: RunService, tmp_path: Path
) -> None:
    press(app, "Start")
    status = wait(app, service, ended)
    assert files_of(app)[:2] == ["Trained model (.npz)", "History (.csv)"]
    assert set(files_of(app)[2:]) == {offer.label for offer in OFFERS}
    run_id = status.run_id
    source = Source(
        status,
        lambda: service.model(run_id),
        lambda: service.model(run_id, best=True),
        lambda: service.split(run_id),
    )
    made = {
        offer.ending: offer.make(source) for offer in OFFERS if offer.ending.startswith(("train", "images"))
    }
    (tmp_path / source.images_name).write_bytes(made["images.npz"])
    (tmp_path / "train.py").write_text(made["train.py"], "utf-8")
    command = [sys.executable, "-I", "-X", "utf8", "train.py"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE, check=True
    )
    printed = re.findall(r"step (\d+):.*dev accuracy ([\d.]+%)$", done.stdout, re.MULTILINE)
    after_epochs = [record for record in status.history if isinstance(record, EpochMetrics)]
    assert printed == [(str(record.step), f"{record.dev_accuracy:.2%}") for record in after_epochs]


def run_service_owner(app: AppTest) -> str:
    owner: str = app.session_state["run_owner"]
    return owner


def open_fork(app: AppTest, run_id: str) -> AppTest:
    app.session_state[f"fork {run_id}"] = True
    app.run()
    assert not app.exception
    return app


def choose(app: AppTest, label: str, option: object) -> AppTest:
    next(box for box in app.selectbox if box.label == label).set_value(option).run()
    assert not app.exception
    return app


def test_a_run_is_forked_with_another_rate_and_the_difference_is_told_with_its_luck(
    service: RunService,
) -> None:
    app = press(visit(TrainingConfig(epochs=3)), "Start")
    parent = wait(app, service, ended)
    open_fork(app, parent.run_id)
    moments = next(box for box in app.selectbox if box.label == "From")
    assert [words.split(":")[0] for words in moments.options] == ["epoch 0", "epoch 1", "epoch 2"]
    assert any("ends with the same weights" in caption.value for caption in app.caption)
    *_others, rate = [field for field in number_fields(app) if field.label == "Learning rate"]
    rate.type("0.01")
    assert not any("ends with the same weights" in caption.value for caption in app.caption)
    press(app, "Fork")
    child = wait(app, service, ended)
    assert child.fork is not None
    assert (child.fork.run_id, child.fork.epoch, child.training.learning_rate) == (parent.run_id, 1, 0.01)
    assert "Race" in [heading.value for heading in app.header]
    told = [text.value for text in app.markdown]
    assert any("Learning rate 0.01 instead of 0.001" in text for text in told)
    assert any("Of 359 dev images" in text for text in told)


def test_a_fork_with_nothing_changed_shows_no_difference(service: RunService) -> None:
    app = press(visit(TrainingConfig(epochs=3)), "Start")
    open_fork(app, wait(app, service, ended).run_id)
    press(app, "Fork")
    child = wait(app, service, ended)
    assert any("There is no difference." in text.value for text in app.markdown)
    assert child.fork is not None
    service.delete(child.fork.run_id, run_service_owner(app))
    app.run()
    assert any("from which this one was forked no longer exists" in box.value for box in app.info)


def test_another_optimizer_brings_its_rate_into_the_fork_and_another_setting_takes_it_back(
    service: RunService,
) -> None:
    app = press(visit(TrainingConfig(epochs=3)), "Start")
    run_id = wait(app, service, ended).run_id
    choose(open_fork(app, run_id), "Change", "optimizer")
    choose(app, "Optimizer", "momentum")
    plan = app.session_state[f"fork_plan {run_id}"]
    assert (plan.training.optimizer, plan.training.learning_rate) == ("momentum", 0.05)
    choose(app, "Change", "weight_decay")
    assert (plan.training.optimizer, plan.training.learning_rate) == ("adam", 0.001)
    for setting in FORK_SETTINGS:
        choose(app, "Change", setting)
        assert not plan.changed


def test_a_run_may_be_forked_by_its_owner_alone(service: RunService) -> None:
    owner = press(visit(TrainingConfig(epochs=1)), "Start")
    run_id = wait(owner, service, ended).run_id
    guest = visit(TrainingConfig(), run=run_id)
    forks = [[part.label for part in app.expander].count("Fork this run") for app in (owner, guest)]
    assert forks == [1, 0]


def passport_of(app: AppTest) -> AppTest:
    """Evaluate, with the part open that says how the model was trained."""
    app.session_state["passport"] = True
    app.switch_page("pages/evaluate.py").run()
    assert not app.exception
    return app


def test_a_model_file_shows_its_run_and_is_proved_by_training_it_again(service: RunService) -> None:
    first = visit(TrainingConfig(epochs=2, seed=7), NetworkConfig(hidden_sizes=(9,)))
    session_of(first).split_settings = split = SplitSettings(dev_size=0.1, seed=4)
    press(first, "Start")
    run_id = wait(first, service, ended).run_id
    file = take_home.model_file(service.model(run_id, best=True))
    assert replay(file, load_dataset("digits-8x8")).is_same

    app = visit(TrainingConfig())
    session = session_of(app)
    session.split_settings = split
    session.uploaded_model, session.model_key = load_model(file), UPLOADED_MODEL
    assert any(
        "9 hidden neurons" in text.value and "Seed 7" in text.value for text in passport_of(app).markdown
    )
    assert any(np.__version__ in caption.value for caption in app.caption)
    press(app, "Train it again and compare")
    assert app.title[0].value == "Train"
    assert (session.network_config.hidden_sizes, session.training_config.seed) == ((9,), 7)
    wait(app, service, ended)
    assert any("The same model, to the last bit." in box.value for box in passport_of(app).success)


def test_a_model_file_of_other_images_says_which_are_needed_to_train_it_again(service: RunService) -> None:
    app = visit(TrainingConfig())
    session = session_of(app)
    data = load_dataset("digits-8x8")
    model = fit(split_dataset(data, 300, seed=5), training=TrainingConfig(epochs=1), progress=False)
    session.uploaded_model, session.model_key = model, UPLOADED_MODEL
    assert any("1,497 of 8×8 digits to learn from" in box.value for box in passport_of(app).info)
    assert "Train it again and compare" not in labels(app)


def test_images_of_a_run_are_for_its_owner_alone(service: RunService) -> None:
    owner = press(visit(TrainingConfig(epochs=1)), "Start")
    run_id = wait(owner, service, ended).run_id
    guest = visit(TrainingConfig(), run=run_id)
    assert {"Notebook (.ipynb)", "Program (.py)"} <= set(files_of(guest))
    assert {"Images (.npz)", "Report (.html)"}.isdisjoint(files_of(guest))


def test_its_mistakes_are_those_of_the_run(app: AppTest, service: RunService) -> None:
    session_of(app).model_key = "mnist"
    press(app, "Start")
    wait(app, service, ended)
    press(app, "See its mistakes")
    assert session_of(app).model_key == RUN_MODEL
    assert app.title[0].value == "Evaluate"
    words = next(caption.value for caption in app.caption if caption.value.startswith("`Model: "))
    assert (
        "16 hidden neurons, ReLU · Adam, learning rate 0.001, batches of 128, 3 epochs · 8×8 digits" in words
    )
    assert "with the weights that were best on the dev set (epoch" in words
    assert words.endswith("Images: Dev set of 8×8 digits, 359 images.`")


def test_the_page_follows_a_stop_while_paused(service: RunService) -> None:
    app = visit(ENDLESS)
    press(app, "Start")
    wait(app, service, lambda status: status.progress.step > 0)
    press(app, "Pause")
    wait(app, service, lambda status: status.state == "paused")
    press(app, "Stop")
    wait(app, service, ended)
    assert "Train again" in [heading.value for heading in app.header]


def test_a_second_click_on_start_does_nothing(service: RunService) -> None:
    app = visit(TrainingConfig(epochs=3))
    session_of(app).run_id = "another one, started by the first click"
    press(app, "Start")
    assert not service._runs


def test_a_run_that_was_stopped_before_it_was_measured_is_not_blamed(service: RunService) -> None:
    app = visit(replace(ENDLESS, evaluate_every=1_000_000))
    press(app, "Start")
    wait(app, service, lambda status: status.progress.step > 0)
    press(app, "Stop")
    wait(app, service, ended)
    app.run()
    assert not app.warning
    assert any("before the first evaluation" in box.value for box in app.info)
    assert (figures(app)["Dev accuracy"], figures(app)["Best epoch"]) == ("–", "–")
    assert "best on the dev set" not in " ".join(element.value for element in [*app.info, *app.caption])


def page_of_a_run_that_was_stopped_at_once() -> None:
    from dataclasses import replace

    from dashboard.runs.status import Progress
    from dashboard.session import get_session
    from dashboard.train.result import show_result
    from tests.dashboard.train.records import status

    run = replace(status(), state="stopped", run_id="it", progress=Progress())
    show_result(get_session(), run, may_change=True)


def test_a_run_that_was_stopped_before_its_first_step_offers_nothing_to_judge() -> None:
    app = AppTest.from_function(page_of_a_run_that_was_stopped_at_once, default_timeout=PATIENCE).run()
    assert not app.exception
    assert "before its first step" in app.info[0].value
    assert not app.button


def page_of_a_run_that_got_worse() -> None:
    from dataclasses import replace

    from dashboard.session import get_session
    from dashboard.train.panel import run_figures, show_state
    from dashboard.train.result import show_summary
    from tests.dashboard.train.records import measured, status

    best, last = measured(100, dev_accuracy=0.9, train_accuracy=0.9), measured(200, dev_accuracy=0.5)
    run = status(measured(0, dev_accuracy=0.1), best, last, best=best)
    run = replace(run, state="finished", seconds_trained=9.0, images_per_second=1.0, run_id="it")
    show_state(run)
    show_summary(get_session(), run)
    assert dict(figure[:2] for figure in run_figures(run))["Dev accuracy"] == "50.0 %"


def test_a_run_that_got_worse_has_no_green_tick() -> None:
    app = AppTest.from_function(page_of_a_run_that_got_worse, default_timeout=PATIENCE).run()
    assert not app.exception
    assert not app.success
    assert "After epoch 1 it got worse" in app.warning[0].value
    assert "Set Learning rate to 0.0001" in labels(app)
    assert ":orange-badge[:material/flag: Finished]" in [text.value for text in app.markdown]


def test_the_time_is_told_as_promised_and_again_when_it_goes_slower() -> None:
    run = replace(status(measured(0)), state="running", seconds_trained=10.0, seconds_promised=60.0)
    assert time_words(replace(run, state="queued")) == "Waiting for a worker: runs take turns."
    assert time_words(replace(run, seconds_left=None)) == "Takes about 1 min."
    assert time_words(replace(run, seconds_left=70.0)) == "Takes about 1 min."
    slower = "Takes about 1 min 40 s instead of about 1 min: the server is busy."
    assert time_words(replace(run, seconds_left=90.0)) == slower
    assert time_words(replace(run, seconds_promised=None, seconds_left=50.0)) == "Takes about 1 min."
    assert time_words(replace(run, seconds_left=20.0)) == "Takes about 30 s."
    assert time_words(replace(run, seconds_promised=0.5, seconds_left=1.0)) == "Takes a few seconds."
    assert time_words(replace(run, state="stopped")) == "Took 10 s."
    done = replace(run.progress, step=run.total_steps)
    assert time_words(replace(run, state="finished", progress=done)) == "Took 10 s. Expected: about 1 min."


def test_with_full_batches_steps_are_counted(service: RunService) -> None:
    app = press(visit(TrainingConfig(batch_size=None, epochs=30, learning_rate=0.01)), "Start")
    status = wait(app, service, ended)
    assert figures(app)["Step"] == "30 of 30"
    assert "Epoch" not in figures(app)
    assert status.best is not None
    assert figures(app)["Best step"] == f"{status.best.step}"
    boxes = [box.value for box in [*app.success, *app.warning]]
    assert any(f"Best at step {status.best.step}:" in box for box in boxes)
    assert number_field(app, "More steps").text == "100"


def test_the_boldest_button_after_a_run_is_the_next_step(app: AppTest, service: RunService) -> None:
    session = session_of(app)
    session.use_dataset("mnist")
    session.training_config = TrainingConfig(iterations=20)
    press(app.run(), "Start")
    wait(app, service, ended)
    bold = [button.label for button in app.button if button.proto.type == "primary"]
    assert bold == ["See its mistakes"]


def test_a_run_that_has_ended_can_be_deleted(app: AppTest, service: RunService) -> None:
    press(app, "Start")
    wait(app, service, ended)
    press(app, "Delete permanently")
    assert not service._runs
    assert "Start" in labels(app)


def test_who_watches_somebody_elses_run_finds_the_way_back_to_their_own(
    app: AppTest, service: RunService
) -> None:
    press(app, "Start")
    own = wait(app, service, ended).run_id
    session = session_of(app)
    other = service.start("somebody else", session.split, session.network_config, TrainingConfig(epochs=3))
    app.query_params["run"] = other
    app.run()
    assert not app.exception
    runs = next(box for box in app.selectbox if box.label == "Your runs")
    assert runs.value == other
    runs.set_value(own).run()
    assert app.query_params["run"] in (own, [own])


def test_a_run_that_ends_while_its_page_is_drawn_is_shown_as_one_that_has_ended(
    app: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(app, "Start")
    run_id = session_of(app).run_id
    assert run_id is not None
    wait_until(lambda: not service.status(run_id).live)
    ended = service.status(run_id)
    looks = iter([replace(ended, state="running")])
    monkeypatch.setattr(service, "status", lambda run_id: next(looks, ended))
    app.run()
    assert "Train again" in [heading.value for heading in app.header]
