"""How the layers are as numbers: a band of weights against the start, and a curve for each layer.

These are the tests of `dashboard.train.health_figures`.
"""

import json
import math

from dashboard.train.health_figures import layer_figures, weights_figure
from mlcore import LayerHealth, NetworkHealth


def noted(step: int, spread: float, dead: float = 0.25) -> NetworkHealth:
    weights = tuple(spread * part for part in (-2.0, -1.0, 0.0, 1.0, 2.0))
    hidden = LayerHealth("linear 1", weights, 0.01, 0.001, dead)
    return NetworkHealth(
        step, step / 10, 0.0, (hidden, LayerHealth("linear 2", weights, 0.02, 0.002, math.nan))
    )


NOTED = (noted(0, 0.1), noted(10, 0.2), noted(20, 0.3, dead=0.5))


def test_the_weights_stand_against_those_of_the_start() -> None:
    figure = weights_figure(NOTED, in_steps=False, layer=0)
    edges = {(trace.name, trace.y) for trace in figure.data}
    assert ("90 % of the weights", (-0.2, -0.4, -0.6)) in edges
    assert ("90 % of the weights", (0.2, 0.4, 0.6)) in edges
    assert ("Median", (0.0, 0.0, 0.0)) in edges
    assert figure.data[0].x == (0.0, 1.0, 2.0)
    assert [line.y0 for line in figure.layout.shapes] == [-0.2, 0.2]
    assert "between -0.6 and 0.6; at the start, between -0.2 and 0.2" in figure.layout.meta["alt"]


def test_each_layer_has_its_curve_and_one_without_neurons_none_of_dead_ones() -> None:
    gradient, update, dead = layer_figures(NOTED, in_steps=True)
    assert [trace.name for trace in gradient.data] == ["linear 1", "linear 2"]
    assert gradient.data[0].x == (0, 10, 20)
    assert update.data[1].y == (0.2, 0.2, 0.2)
    assert update.layout.yaxis.exponentformat == "power"  # "100µ" of a percentage says nothing
    assert [(trace.name, trace.y) for trace in dead.data] == [("linear 1", (25.0, 25.0, 50.0))]
    assert dead.layout.meta["alt"] == "Dead neurons, % of the neurons. linear 1: 50"
    looks = [(trace.line.color, trace.line.dash) for trace in gradient.data]
    assert len({color for color, _dash in looks}) == len({dash for _color, dash in looks}) == 2


def test_what_is_no_number_leaves_a_gap() -> None:
    blown_up = NetworkHealth(30, 3.0, 0.0, (LayerHealth("linear 1", (0.0,) * 5, math.inf, math.nan, 1.0),))
    gradient, update, _dead = layer_figures((blown_up,), in_steps=True)
    assert (gradient.data[0].y, len(update.data)) == ((None,), 0)
    assert json.loads(gradient.to_json())["data"][0]["y"] == [None]
