"""The words of the panel that shows a network at work, and whether one can be shown.

These are the tests of `mlcore.exports.lights`; what it draws is tested in `tests/e2e/test_network_lights.py`.
"""

import re

import numpy as np
import pytest

from mlcore import Model, NetworkConfig, Preparation
from mlcore.exports import lights
from mlcore.exports.lights import can_be_shown, lights_script, lights_words


def test_the_script_uses_every_word_that_it_is_given_and_no_other() -> None:
    used = set(re.findall(r"\bwords\.(\w+)", lights_script()))
    assert used == set(lights_words())


def test_the_script_fills_in_all_that_stands_in_braces() -> None:
    filled = set(re.findall(r'replace\("\{(\w+)\}"', lights_script()))
    assert filled == set(re.findall(r"\{(\w+)\}", " ".join(lights_words().values())))


def model(*, of_a_table: bool) -> Model:
    preparation = Preparation((1, 2), floats=of_a_table)
    return Model(NetworkConfig(hidden_sizes=()), preparation, ("0", "1"), np.zeros(6))


def test_a_network_of_images_is_shown_unless_it_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_be_shown(model(of_a_table=False))
    assert not can_be_shown(model(of_a_table=True))
    monkeypatch.setattr(lights, "MOST_PARAMETERS", 5)
    assert not can_be_shown(model(of_a_table=False))
