"""A trained network changed by hand: neurons switched off, small weights cut, fewer bits, noise, temperature.

The lab bench of the Inside page calls `change_model` and runs the result on images at once.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array
from mlcore.errors import SettingError
from mlcore.language import _
from mlcore.model import Model
from mlcore.network.convolution import Conv2d
from mlcore.network.layers import Layer, Linear
from mlcore.network.network import Network

BITS = (32, 8, 4, 1)
"""To how many bits a weight can be rounded; 32 leaves it as it is."""


@dataclass(frozen=True)
class UnitChange:
    """One neuron or filter of a hidden layer whose output is changed: factor · output + shift.

    Attributes
    ----------
    layer : int
        Of the hidden layers with weights, from 0.
    unit : int
        The neuron or filter, from 0.
    factor : float
        0 switches it off, 1 leaves it as it is.
    shift : float
        What is added to each of its outputs.
    """

    layer: int
    unit: int
    factor: float = 0.0
    shift: float = 0.0


@dataclass(frozen=True)
class LabChanges:
    """All that is changed, in this order.

    Attributes
    ----------
    units : tuple of UnitChange
    noise : float
        Standard deviation of the noise that is added to each weight, as a fraction of that of its layer's
        weights.
    seed : int
        Of the noise.
    pruned : float
        Fraction of all weights that are set to 0, the smallest ones.
    bits : int
        One of `BITS`.
    temperature : float
        What all logits are divided by: above 1 the network becomes less sure, below 1 surer.
    """

    units: tuple[UnitChange, ...] = ()
    noise: float = 0.0
    seed: int = 0
    pruned: float = 0.0
    bits: int = BITS[0]
    temperature: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what no network can be changed by."""
        if self.bits not in BITS:
            message = _("Weights can be rounded to {known} bits, not to {bits}.")
            raise SettingError(message.format(known=", ".join(map(str, BITS)), bits=self.bits))
        if not (self.noise >= 0 and 0 <= self.pruned <= 1 and self.temperature > 0):
            raise SettingError(
                _("The noise is at least 0, the pruned fraction from 0 to 1, and the temperature above 0.")
            )


@dataclass(frozen=True)
class HiddenUnits:
    """The neurons or filters of one hidden layer.

    Attributes
    ----------
    layer : str
        Its name, as in `Network.layer_summaries`.
    count : int
    are_filters : bool
    """

    layer: str
    count: int
    are_filters: bool


def hidden_units(model: Model) -> tuple[HiddenUnits, ...]:
    """Return the hidden layers with weights, the first one first."""
    summaries = model.network.layer_summaries()[1:]
    found = [
        HiddenUnits(summary.name, layer.output_shape[-1], isinstance(layer, Conv2d))
        for layer, summary in zip(model.network.layers, summaries, strict=True)
        if layer.parameter_shapes
    ]
    return tuple(found[:-1])


def change_model(model: Model, changes: LabChanges) -> Model:
    """Return a model of its own with these changes; the given one stays as it is.

    Examples
    --------
    >>> from mlcore import NetworkConfig, Preparation
    >>> model = Model(NetworkConfig(hidden_sizes=(2,)), Preparation((1, 2)), ("a", "b"), np.arange(12.0))
    >>> change_model(model, LabChanges((UnitChange(0, 1),), pruned=0.5)).parameters.tolist()
    [0.0, 0.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0, 0.0, 10.0, 11.0]

    Raises
    ------
    SettingError
        When the network has no such layer or unit.
    """
    network = model.network.copy(micro_batch=1)  # it is not asked, only changed
    for change in changes.units:
        _change_unit(network, change)
    _add_noise(network, changes.noise, changes.seed)
    _prune(network, changes.pruned)
    if changes.bits != BITS[0]:
        for rows in _weight_rows(network):
            rows[...] = dequantise(*quantise(rows, changes.bits))
    _cool(network, changes.temperature)
    card = {"title": _("Changed in the lab"), "changed": dataclasses.asdict(changes)}
    return Model(
        model.network_config,
        model.preparation,
        model.class_names,
        network.parameters,
        model.training_config,
        card,
    )


def quantise(rows: Array, bits: int) -> tuple[NDArray[np.int8], NDArray[np.floating]]:
    """Round weights to whole numbers of a few bits, with one scale for each neuron or filter.

    With 8 and 4 bits, the scale is s = max |w| / (2ᵇ⁻¹ − 1) and the code is w / s, rounded. With 1 bit, the
    code is the sign and s the mean of |w|, which is nearest to the weights (Rastegari et al., 2016). A weight
    of 0 stays 0.

    Parameters
    ----------
    rows : float array (units, weights of each)
    bits : {8, 4, 1}

    Returns
    -------
    codes : int8 array (units, weights of each)
    scales : float array (units, 1)
    """
    sizes = np.abs(rows)
    if bits == 1:
        scales = sizes.sum(axis=1, keepdims=True) / np.maximum((rows != 0).sum(axis=1, keepdims=True), 1)
        return np.sign(rows).astype(np.int8), scales.astype(rows.dtype)
    scales = sizes.max(axis=1, keepdims=True) / rows.dtype.type(2 ** (bits - 1) - 1)
    codes = np.rint(np.divide(rows, scales, out=np.zeros_like(rows), where=scales > 0))
    return codes.astype(np.int8), scales


def dequantise(codes: NDArray[np.int8], scales: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the weights that codes and scales stand for: w = s · code."""
    weights: NDArray[np.floating] = codes.astype(scales.dtype) * scales
    return weights


def left_weights(model: Model) -> int:
    """Return how many weights are not 0; biases do not count."""
    return sum(int(np.count_nonzero(rows)) for rows in _weight_rows(model.network))


def packed_bytes(model: Model, bits: int) -> int:
    """Return how many bytes the parameters take when the weights are written with so many bits each.

    Where zeros are many, a bit for each weight says whether it is there. Biases are written whole, and one
    scale for each neuron or filter besides when weights are rounded.
    """
    network = model.network
    whole = 8 * network.dtype.itemsize
    each = whole if bits == BITS[0] else bits
    weights = sum(rows.size for rows in _weight_rows(network))
    biases, left = network.parameter_count - weights, left_weights(model)
    plain, masked = weights * each, weights + left * each
    packed = masked if each == 1 and left < weights else min(plain, masked)
    scales = 0 if each == whole else sum(len(rows) for rows in _weight_rows(network))
    return -(-(packed + (biases + scales) * whole) // 8)


def _weighted(network: Network) -> list[Layer]:
    return [layer for layer in network.layers if layer.parameter_shapes]


def _weight_rows(network: Network) -> list[Array]:
    """Return views of the weights of each layer as rows, (neurons or filters, weights of each)."""
    rows = []
    for layer in _weighted(network):
        weights = layer.parameters["weights"]
        rows.append(weights.T if isinstance(layer, Linear) else weights.reshape(len(weights), -1))
    return rows


def _change_unit(network: Network, change: UnitChange) -> None:
    """Change what the next layer makes of a unit, which is the same as to change the unit's output.

    So it is exact with every activation: what is switched off adds nothing, also where f(0) is not 0.
    """
    layers = _weighted(network)
    if not (0 <= change.layer < len(layers) - 1 and 0 <= change.unit < layers[change.layer].output_shape[-1]):
        message = _("The network has no unit {unit} in its hidden layer {layer}; both are counted from 0.")
        raise SettingError(message.format(unit=change.unit, layer=change.layer))
    units, following = layers[change.layer].output_shape[-1], layers[change.layer + 1]
    weights = following.parameters["weights"]
    if isinstance(following, Linear):  # behind a convolution, the filters lie side by side in each place
        outgoing = weights.reshape(-1, units, weights.shape[1])[:, change.unit]
        together = outgoing.sum(axis=0)
    else:
        outgoing = weights[:, change.unit]
        together = outgoing.sum(axis=(1, 2))
    following.parameters["biases"] += change.shift * together
    outgoing *= change.factor


def _add_noise(network: Network, noise: float, seed: int) -> None:
    if noise == 0:
        return
    generator = np.random.default_rng(seed)
    for rows in _weight_rows(network):
        rows += noise * rows.std() * generator.standard_normal(rows.shape)


def _prune(network: Network, fraction: float) -> None:
    """Set the smallest weights of all layers to 0 (magnitude pruning: Han et al., 2015)."""
    rows = _weight_rows(network)
    sizes = np.abs(np.concatenate([part.ravel() for part in rows]))
    cut = round(fraction * len(sizes))
    if cut == 0:
        return
    border = np.partition(sizes, cut - 1)[cut - 1]
    for part in rows:
        part[np.abs(part) <= border] = 0


def _cool(network: Network, temperature: float) -> None:
    last = _weighted(network)[-1].parameters
    for name in last:
        last[name] /= temperature
