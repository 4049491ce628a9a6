"""Every setting describes itself, and a value that it cannot have is refused with a sentence."""

import dataclasses
import math
from types import UnionType
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import NetworkConfig, Setting, SettingError, TrainingConfig, settings_of
from mlcore.settings import check_settings, setting

CONFIGS = [NetworkConfig, TrainingConfig]
SETTINGS = [(config, name, about) for config in CONFIGS for name, about in settings_of(config).items()]
every_setting = pytest.mark.parametrize(
    ("config", "name", "about"), SETTINGS, ids=[f"{config.__name__}.{name}" for config, name, _ in SETTINGS]
)


def kinds(config: type, name: str) -> list[Any]:
    """The plain types that the field may have."""
    hint = get_type_hints(config)[name]
    return list(get_args(hint)) if isinstance(hint, UnionType) else [hint]


def wrapped(config: type, name: str, value: Any) -> Any:
    """The value as the field takes it: the hidden sizes are a tuple."""
    return (value,) if kinds(config, name)[0] not in (int, float, bool, str) else value


@pytest.mark.parametrize("config", CONFIGS)
def test_every_field_has_a_setting(config: type) -> None:
    assert list(settings_of(config)) == [field.name for field in dataclasses.fields(config)]
    assert settings_of(config) == settings_of(config())


@every_setting
def test_every_setting_has_a_label_and_a_line_of_help(config: type, name: str, about: Setting) -> None:
    assert about.label
    assert about.label[0].isupper() or not about.label[0].isalpha()
    assert about.help.endswith(".")
    assert "\n" not in about.help
    assert len(about.help) < 120


@every_setting
def test_every_setting_knows_its_bounds_or_choices(config: type, name: str, about: Setting) -> None:
    if bool in kinds(config, name):
        return
    numbers = about.minimum is not None and about.maximum is not None and about.step is not None
    assert numbers != (about.choices is not None)
    if numbers:
        assert about.minimum < about.maximum
        assert 0 < about.step <= about.maximum - about.minimum
    assert (type(None) in kinds(config, name)) == (about.none is not None)


@every_setting
def test_every_value_within_the_bounds_is_taken(config: type, name: str, about: Setting) -> None:
    values = list(about.choices()) if about.choices else [about.minimum, about.maximum]
    if bool in kinds(config, name):
        values = [True, False]
    for value in values:
        assert getattr(config(**{name: wrapped(config, name, value)}), name) == wrapped(config, name, value)
    if about.none is not None:
        assert getattr(config(**{name: None}), name) is None


@every_setting
def test_what_lies_outside_is_refused_with_the_label_and_what_is_allowed(
    config: type, name: str, about: Setting
) -> None:
    bad: list[Any] = ["no such choice", math.nan, math.inf, object()]
    if about.maximum is not None:
        bad += [about.minimum - 1, about.maximum + 1, 10**400, True, "3"]
    if int in kinds(config, name):
        bad += [about.minimum + 0.5, np.float64(about.minimum + 0.5)]
    if about.none is None:
        bad += [None]
    for value in bad:
        with pytest.raises(SettingError, match=r".") as caught:
            config(**{name: value if value is None else wrapped(config, name, value)})
        assert str(caught.value).startswith(about.label)


def test_sentences_of_refusal() -> None:
    sentences = {
        "Epochs: 0 is out of bounds. Choose a value from 1 to 10000.": {"epochs": 0},
        "Epochs: 1.5 is not a whole number.": {"epochs": 1.5},
        "Epochs: '3' is not a number.": {"epochs": "3"},
        "Epochs: a value is needed.": {"epochs": None},
    }
    for sentence, values in sentences.items():
        with pytest.raises(SettingError) as caught:
            TrainingConfig(**values)
        assert str(caught.value) == sentence
    with pytest.raises(SettingError, match=r"Activation: 'step' is not known. Choose one of: relu, "):
        NetworkConfig(activation="step")
    with pytest.raises(SettingError, match=r"Standardise: 1 is neither True nor False"):
        NetworkConfig(standardize=1)
    for sizes in (128, [128], "128"):
        with pytest.raises(SettingError, match=r"Hidden layers: write the numbers as a tuple"):
            NetworkConfig(hidden_sizes=sizes)


@given(st.lists(st.integers(1, 2048), max_size=6))
def test_any_number_of_hidden_layers_is_a_config(sizes: list[int]) -> None:
    assert NetworkConfig(hidden_sizes=tuple(sizes)).hidden_sizes == tuple(sizes)


def test_a_config_is_frozen_and_can_be_a_key() -> None:
    config = TrainingConfig()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.epochs = 3
    assert {config: 1}[TrainingConfig()] == 1
    assert hash(NetworkConfig()) == hash(NetworkConfig())


def test_a_bound_on_one_side_is_enough() -> None:
    @dataclasses.dataclass(frozen=True)
    class Half:
        size: int = setting(3, "Size", "How large.", minimum=1)
        share: float = setting(0.5, "Share", "How much.", maximum=1)

    check_settings(Half(size=10**9, share=-5.0))
    with pytest.raises(SettingError, match="from 1 to inf"):
        check_settings(Half(size=0))
    with pytest.raises(SettingError, match="from -inf to 1"):
        check_settings(Half(share=2))


def test_numbers_of_numpys_are_taken_as_pythons_own() -> None:
    config = TrainingConfig(epochs=np.int64(5), learning_rate=np.float32(0.5))
    assert (type(config.epochs), config.epochs) == (int, 5)
    assert (type(config.learning_rate), config.learning_rate) == (float, 0.5)
    assert NetworkConfig(hidden_sizes=(np.int32(7),)).hidden_sizes == (7,)
    with pytest.raises(SettingError, match="Epochs: 0 is out of bounds"):
        TrainingConfig(epochs=np.int64(0))
