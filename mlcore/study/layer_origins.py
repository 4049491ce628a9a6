"""What the numbers of each layer were made of in a training step: sums over inputs, windows and filters.

`walk_through_step` asks here while it goes through a network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.language import N_, _
from mlcore.network.convolution import Conv2d, MaxPool2d
from mlcore.network.layers import Activation, Layer, Linear
from mlcore.study.origin import (
    FindOrigin,
    Origin,
    Position,
    add_up,
    function,
    indexed,
    product,
    weighted_sum,
)

Values = NDArray[Any]

PARAMETERS = {"weights": (N_("Weights"), "W"), "biases": (N_("Biases"), "b")}


@dataclass(frozen=True)
class Place:
    """A layer in the walk, with the symbols of its inputs x, its outputs y and its subscript k."""

    layer: Layer
    name: str
    x: str
    y: str
    k: str

    @property
    def formulas(self) -> dict[str, str]:
        """What the layer computes, in its own symbols."""
        return self.layer.formulas(self.x, self.y, self.k)

    @property
    def parameters(self) -> Iterator[tuple[str, str, str]]:
        """Each parameter's key in the layer, its name in words, and its symbol."""
        for key in self.layer.parameters:
            words, letter = PARAMETERS[key]
            yield key, f"{_(words)}, {self.name}", letter + self.k


@dataclass(frozen=True)
class Seen:
    """What went into a layer, what came out, and its parameters then: copies."""

    inputs: Values
    outputs: Values
    parameters: dict[str, Values]


def output_origin(place: Place, seen: Seen) -> FindOrigin | None:
    """Return what the outputs of a layer are made of; None for dropout and flatten."""
    layer, x, y = place.layer, place.x, place.y
    if isinstance(layer, Linear):
        s = "" if layer.input_scale == 1 else "s "
        weights, biases = seen.parameters["weights"], seen.parameters["biases"]
        formula = f"{y}[{{j}}] = {s}Σ {x}[i] W{place.k}[i, {{j}}] + b{place.k}[{{j}}]"
        return weighted_sum(
            formula,
            seen.inputs,
            weights,
            lambda i, j: f"{s}{x}[{i}] W{place.k}[{i}, {j}]",
            layer.input_scale,
            (f"b{place.k}", biases),
        )
    if isinstance(layer, Conv2d):
        return _convolution_origin(place, seen)
    if isinstance(layer, MaxPool2d):
        return _maximum_origin(place, seen)
    if isinstance(layer, Activation):
        return function_origin(y, layer.activation.formula, {"z": (x, seen.inputs)}, seen.outputs)
    return None


def _convolution_origin(place: Place, seen: Seen) -> FindOrigin:
    """Return what an output z[y, x, f] of a convolution is made of: window, filter and bias."""
    image = seen.inputs.reshape(place.layer.input_shape).astype(np.float64)
    weights, biases = seen.parameters["weights"], seen.parameters["biases"]
    size = weights.shape[-1]

    def find(position: Position) -> Origin:
        top, left, f = position
        window = image[top : top + size, left : left + size]
        here = indexed(place.y, position)
        return add_up(
            f"{here} = Σ {place.x}[{top} + i, {left} + j, c] W{place.k}[{f}, c, i, j] + b{place.k}[{f}]",
            window * weights[f].transpose(1, 2, 0),
            lambda at: (
                f"{indexed(place.x, (top + at[0], left + at[1], at[2]))} "
                f"W{place.k}[{f}, {at[2]}, {at[0]}, {at[1]}]"
            ),
            ((f"b{place.k}[{f}]", float(biases[f])),),
        )

    return find


def _maximum_origin(place: Place, seen: Seen) -> FindOrigin:
    """Return what the maximum of a square is made of: the four numbers that it was chosen from."""

    def words(position: Position) -> tuple[str, str]:
        top, left, f = 2 * position[0], 2 * position[1], position[2]
        four = [(top + i, left + j, f) for i in range(2) for j in range(2)]
        named = ", ".join(indexed(place.x, at) for at in four)
        return f"max({named})", f"max({', '.join(f'{float(seen.inputs[at]):.4g}' for at in four)})"

    return function(place.y, words, seen.outputs)


def _convolution_gradients(place: Place, seen: Seen, arriving: Values) -> dict[str, FindOrigin]:
    """Return what the gradients of a filter are made of: all places of the image where it was laid."""
    image = seen.inputs.reshape(place.layer.input_shape).astype(np.float64)
    rows, columns, _filters = arriving.shape

    def of_weight(position: Position) -> Origin:
        f, c, i, j = position
        return add_up(
            f"{indexed(f'∂W{place.k}', position)} = Σ {place.x}[y + {i}, x + {j}, {c}] ∂{place.y}[y, x, {f}]",
            image[i : i + rows, j : j + columns, c] * arriving[:, :, f],
            lambda at: f"{indexed(place.x, (at[0] + i, at[1] + j, c))} {indexed(f'∂{place.y}', (*at, f))}",
        )

    def of_bias(position: Position) -> Origin:
        (f,) = position
        return add_up(
            f"{indexed(f'∂b{place.k}', position)} = Σ ∂{place.y}[y, x, {f}]",
            arriving[:, :, f].astype(np.float64),
            lambda at: indexed(f"∂{place.y}", (*at, f)),
        )

    return {"weights": of_weight, "biases": of_bias}


def gradient_origins(place: Place, seen: Seen, arriving: Values) -> dict[str, FindOrigin]:
    """Return what the gradients of a layer are made of, given the one that arrived at its outputs."""
    layer, x, y, k = place.layer, place.x, place.y, place.k
    if isinstance(layer, Conv2d):
        return _convolution_gradients(place, seen, arriving)
    if isinstance(layer, Linear):
        scale = layer.input_scale
        s = "" if scale == 1 else "s "

        def weight_factors(position: Position) -> tuple[tuple[str, float], ...]:
            i, j = position
            first = (("s", scale),) if s else ()
            last = (indexed(f"∂{y}", (j,)), float(arriving[j]))
            return (*first, (indexed(x, (i,)), float(seen.inputs[i])), last)

        return {
            "weights": product(f"∂W{k}", weight_factors),
            "biases": product(f"∂b{k}", lambda at: ((indexed(f"∂{y}", at), float(arriving[at])),)),
            "input": weighted_sum(
                f"∂{x}[{{j}}] = {s}Σ ∂{y}[i] W{k}[{{j}}, i]",
                arriving,
                seen.parameters["weights"].T,
                lambda i, j: f"{s}∂{y}[{i}] W{k}[{j}, {i}]",
                scale,
            ),
        }
    if isinstance(layer, Activation):
        slopes = np.ones_like(seen.outputs)
        layer.activation.multiply_by_slope(slopes[None], seen.outputs[None])
        return {
            "input": product(
                f"∂{x}",
                lambda at: (
                    (indexed(f"∂{y}", at), float(arriving[at])),
                    (f"f'({indexed(x, at)})", float(slopes[at])),
                ),
            )
        }
    return {}


def function_origin(
    symbol: str, formula: str, given: dict[str, tuple[str, Values]], values: Values
) -> FindOrigin:
    """Return the origin of numbers that a formula makes of others at the same place, by their letters in it.

    What the formula adds up, behind a Σ, is of all places, and keeps its name.
    """
    here, sign, everywhere = formula.partition("Σ")

    def words(position: Position) -> tuple[str, str]:
        named = numbers = here
        rest = everywhere
        for letter, (name, array) in given.items():
            named = with_symbol(named, letter, indexed(name, position))
            number = float(array[position])
            numbers = with_symbol(numbers, letter, f"{number:.4g}" if number >= 0 else f"({number:.4g})")
            rest = with_symbol(rest, letter, name)
        return named + sign + rest, numbers + sign + rest

    return function(symbol, words, values)


def with_symbol(formula: str, letter: str, symbol: str) -> str:
    """Put a symbol in the place of a formula's letter.

    >>> with_symbol("e^z / Σ e^z", "z", "z₂")
    'e^z₂ / Σ e^z₂'
    """
    return re.sub(rf"\b{letter}\b", symbol, formula)
