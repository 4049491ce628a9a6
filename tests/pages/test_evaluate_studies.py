"""The studies of the page Evaluate, each computed for a small network on the 8×8 digits."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.study
from dashboard.runs.service import RunService
from dashboard.session import UPLOADED_MODEL
from dashboard.shipped import shipped_split
from mlcore import DISTORTIONS, Model, SplitSettings, TrainingConfig, evaluate, fit
from tests.dashboard.runs.in_threads import CountingExecutor
from tests.pages.visits import grids, opened, session_of
from tests.waiting import wait_until

SPLIT = shipped_split("digits-8x8", SplitSettings(dev_size=200))


@pytest.fixture(scope="module")
def model() -> Model:
    return fit(SPLIT, training=TrainingConfig(epochs=4, seed=1), progress=False)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunService]:
    made = RunService(1, make_executor=CountingExecutor, clean_up_every=None)
    monkeypatch.setattr(dashboard.study, "get_run_service", lambda: made)
    monkeypatch.setattr(dashboard.study, "heartbeat", lambda: None)
    monkeypatch.setattr(dashboard.study, "run_owner", lambda: "ada")
    yield made
    made.close()


def looking(look: str, model: Model) -> AppTest:
    """Open one look at the small network and the 8×8 digits."""
    app = opened("evaluate", look=look)
    session = session_of(app)
    session.use_dataset("digits-8x8")
    session.split_settings = SplitSettings(dev_size=200)
    session.uploaded_model, session.uploaded_model_name = model, "small"
    session.model_key = UPLOADED_MODEL
    return app.run()


def computed(app: AppTest, service: RunService, name: str) -> AppTest:
    """Begin the study whose name begins so, wait for it, and return the page with what it found."""
    button = next(button for button in app.button if (button.key or "").startswith(f"begin_{name}"))
    button.click().run()
    wait_until(lambda: not any(study.status.live for study in service.studies._studies.values()))
    app.run()
    assert not app.exception
    return app


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
