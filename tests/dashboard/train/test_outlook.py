"""What the Train page shows before a run: a curve that a real training gave, only where it is true.

These are the tests of `dashboard.train.outlook` and `dashboard.train.usual_curve`.
"""

import json
from dataclasses import asdict

import numpy as np
import pytest

from dashboard.session import Session
from dashboard.train.outlook import has_usual_curve
from dashboard.train.usual_curve import LOWEST, RECORDED, usual_curve, usual_figure


def test_the_usual_curve_was_recorded_with_the_settings_that_are_the_defaults_today() -> None:
    new = Session()
    defaults = {"split": new.split_settings, "network": new.network_config, "training": new.training_config}
    today = json.loads(json.dumps({name: asdict(config) for name, config in defaults.items()}))
    assert json.loads(RECORDED.read_text(encoding="utf-8"))["settings"] == today


def test_the_usual_curve_ends_where_the_default_training_does_and_is_in_sight_from_its_first_epoch() -> None:
    epochs, accuracy = usual_curve()
    assert epochs[-1] == Session().training_config.epochs
    assert epochs[0] == 1
    assert min(accuracy) > LOWEST


def test_the_figure_says_in_words_what_it_shows_and_is_dotted() -> None:
    figure = usual_figure()
    assert "97.7 % after 5" in figure.layout.meta["alt"]
    assert figure.data[0].line.dash == "dot"


@pytest.mark.parametrize(("key", "left_out", "shown"), [("mnist", False, True), ("mnist", True, False)])
def test_the_curve_is_shown_for_all_of_mnist_only(key: str, left_out: bool, shown: bool) -> None:
    reasons = {"copies": np.arange(3)} if left_out else {}
    assert has_usual_curve(Session(dataset_key=key, left_out=reasons)) is shown
    assert not has_usual_curve(Session(dataset_key="digits-8x8"))
