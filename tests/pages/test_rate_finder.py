"""The learning-rate finder on the page Network: it tries, shows a curve, and its rate can be taken."""

import numpy as np
from streamlit.testing.v1 import AppTest

from dashboard.network.rate_finder import FULL_BATCH, MOST_IMAGES, few_images, rate_figure
from dashboard.runs.service import RunService
from mlcore import LearningRateSearch, TrainingConfig, load_dataset, split_dataset
from tests.pages.visits import computed, opened, session_of


def button(app: AppTest, key: str) -> bool:
    return any(button.key == key for button in app.button)


def test_rates_are_tried_when_asked_and_the_one_found_can_be_taken(service: RunService) -> None:
    app = opened("network", data="digits-8x8")
    assert not button(app, "begin_rates")
    app.session_state["rate_finder"] = True
    app.run()
    assert not button(app, "use_found_rate")
    computed(app, service, "rates")
    (found,) = service.studies._studies.values()
    search = found.status.result
    app.button(key="use_found_rate").click().run()
    rate = session_of(app).training_config.learning_rate
    assert rate == float(f"{search.suggestion:.2g}")
    assert 1e-5 < rate < 1
    assert session_of(app).rate_is_chosen
    assert app.button(key="use_found_rate").disabled
    session_of(app).training_config = TrainingConfig(optimizer="gradient_descent")
    app.run()
    assert button(app, "begin_rates")
    assert not button(app, "use_found_rate"), "What was found for other settings was still shown."


def test_the_figure_shows_both_curves_and_where_the_suggestion_lies() -> None:
    rates = np.geomspace(1e-5, 10, 50)
    smoothed = np.concatenate([np.linspace(2.3, 0.5, 35), np.linspace(0.6, 2.2, 15)])
    figure = rate_figure(LearningRateSearch(rates, smoothed + 0.1, smoothed, 0.003))
    assert [list(curve.x) for curve in figure.data] == [[float(f"{rate:.4g}") for rate in rates]] * 2
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.shapes[0].x0 == 0.003
    assert figure.layout.yaxis.range == (0, 2.3 * 1.5)
    assert "suggested is 0.003" in figure.layout.meta["alt"]


def test_a_trial_is_sent_few_images_and_fewer_when_a_step_takes_all() -> None:
    split = split_dataset(load_dataset("mnist"), 1000)
    few = few_images(split, TrainingConfig(batch_size=64))
    assert len(few.train) == MOST_IMAGES
    assert len(few.dev) == 1
    assert len(few_images(split, TrainingConfig(batch_size=None)).train) == FULL_BATCH
