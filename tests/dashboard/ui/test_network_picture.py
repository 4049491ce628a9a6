"""The picture of the network.

These are the tests of `dashboard.ui.network_picture`.
"""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.ui.network_picture import network_rows, network_svg
from dashboard.ui.pictures import Picture
from mlcore import NetworkConfig, network_summary

DIGITS = tuple("0123456789")
EXAMPLE = Picture(np.zeros((28, 28), np.uint8), "An image")


def picture(config: NetworkConfig, names: tuple[str, ...] = DIGITS) -> str:
    return network_svg(config, network_summary(config, (28, 28), len(names)), names, EXAMPLE)


def test_each_layer_has_a_row_with_its_size_and_parameters() -> None:
    config = NetworkConfig(hidden_sizes=(64, 32), activation="tanh", dropout=0.25)
    rows = network_rows(config, network_summary(config, (28, 28), 10), DIGITS)
    assert [row.title for row in rows] == ["Input", "Hidden layer 1", "Hidden layer 2", "Output"]
    assert rows[1].notes == ("64 neurons, tanh, dropout 25 %", "50,240 parameters")
    assert rows[3].notes[1] == "330 parameters"


def test_convolutions_are_maps_and_the_image_itself_is_their_input() -> None:
    config = NetworkConfig(filters=(4,))
    rows = network_rows(config, network_summary(config, (28, 28), 10), DIGITS)
    assert rows[1].notes[0] == "4 maps of 24 × 24"
    assert picture(config).count("<rect") == 4 + 4


def test_few_neurons_are_all_drawn_and_many_by_the_first_and_last() -> None:
    few = picture(NetworkConfig(hidden_sizes=(3,)))
    many = picture(NetworkConfig(hidden_sizes=(300,)))
    assert few.count('class="neuron"') == 8 + 3 + 10
    assert many.count('class="neuron"') == 8 + 8 + 10


@given(
    sizes=st.lists(st.integers(1, 2048), max_size=8),
    names=st.lists(st.text(min_size=1, max_size=9), min_size=2, max_size=30),
)
def test_any_network_and_any_class_names_give_well_formed_svg_without_a_script(
    sizes: list[int], names: list[str]
) -> None:
    names = [re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "?", name) for name in names]
    root = ET.fromstring(picture(NetworkConfig(hidden_sizes=tuple(sizes)), tuple(names)))
    assert {element.tag for element in root.iter()} <= {"svg", "image", "title", "text", "path", "circle"}
    width = float(root.get("viewBox", "").split()[2])
    for circle in root.iter("circle"):
        assert 0 <= float(circle.get("cx", "nan")) <= width


@pytest.mark.parametrize("mark", ["<", "&", '"', "'"])
def test_a_class_name_cannot_leave_its_place(mark: str) -> None:
    root = ET.fromstring(picture(NetworkConfig(hidden_sizes=()), (mark, "b")))
    assert [text.text for text in root.iter("text") if text.get("class") == "digit"] == [mark, "b"]


def test_someone_who_cannot_see_it_is_told_all_of_it() -> None:
    label = re.search('aria-label="([^"]+)"', picture(NetworkConfig()))
    assert label is not None
    assert "Hidden layer 1: 128 neurons, ReLU, 100,480 parameters." in label[1]
