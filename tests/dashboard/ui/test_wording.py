"""What is said of a network, a training and a run: everything that is not the default, and nothing idle.

These are the tests of `dashboard.ui.wording`.
"""

import dataclasses
from typing import Any

import pytest

from dashboard.ui.config_form import choice_label
from dashboard.ui.wording import network_words, training_words
from mlcore import NetworkConfig, TrainingConfig, settings_of
from mlcore.settings import why_idle

FIELDS = [(config, name) for config in (NetworkConfig(), TrainingConfig()) for name in settings_of(config)]
# Where a setting has an effect that has none by default.
AT_WORK: dict[str, dict[str, Any]] = {
    "kernel_size": {"filters": (8,)},
    "momentum": {"optimizer": "nesterov"},
    "warmup": {"schedule": "cosine"},
}
OTHER: dict[str, Any] = {"hidden_sizes": (31,), "filters": (7,), "kernel_size": 3, "seed": 20_260_726}


def other_value(config: Any, name: str) -> Any:
    """A value of this setting that is not its default."""
    about, usual = settings_of(config)[name], getattr(config, name)
    if name in OTHER:
        return OTHER[name]
    if about.choices is not None:
        return next(choice for choice in about.choices() if choice != usual)
    if isinstance(usual, bool):
        return not usual
    assert about.minimum is not None
    number = about.minimum + (about.step or 1)
    return number if number != usual else number + (about.step or 1)


@pytest.mark.parametrize(("config", "name"), FIELDS, ids=[name for _config, name in FIELDS])
def test_every_setting_that_is_not_the_default_is_named(config: Any, name: str) -> None:
    words = network_words if isinstance(config, NetworkConfig) else training_words
    config = dataclasses.replace(config, **AT_WORK.get(name, {}))
    value = other_value(config, name)
    changed = dataclasses.replace(config, **{name: value})
    assert not why_idle(changed, name)
    assert words(changed) != words(config)
    about = settings_of(config)[name]
    if about.choices is not None:
        assert choice_label(about.choices(), value) in words(changed)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        assert f"{value:g}" in words(changed).replace(",", "") or str(value) in words(changed)


def test_the_default_needs_no_more_words() -> None:
    assert network_words(NetworkConfig()) == "128 hidden neurons, ReLU"
    assert training_words(TrainingConfig()) == "Adam, learning rate 0.001, batches of 128, 10 epochs"


def test_what_has_no_effect_is_not_named() -> None:
    config = TrainingConfig(momentum=0.5, warmup=0.3)
    assert training_words(config) == training_words(TrainingConfig())
