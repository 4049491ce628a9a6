"""One step of training on one image, value by value, each with its name, symbol, shape and formula.

Notebooks and lessons call `walk_through_step`. It works on copies: the run or network that it is given does
not change.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlcore.config import TrainingConfig
from mlcore.formulas.optimizers import OPTIMIZERS, Optimizer
from mlcore.language import N_, _
from mlcore.network.network import Network
from mlcore.study.layer_origins import (
    Place,
    Seen,
    Values,
    function_origin,
    gradient_origins,
    output_origin,
    with_symbol,
)
from mlcore.study.origin import (
    FindOrigin,
    Origin,
    changed,
)
from mlcore.training.batches import step_generator
from mlcore.training.known_bugs import KnownBug, known_bug_hook
from mlcore.training.run import TrainingRun

STAGES = {
    "forward": N_("Forward: from the image to the outputs"),
    "loss": N_("Loss: how wrong the outputs are"),
    "backward": N_("Backward: which way each parameter should move"),
    "update": N_("Update: the step itself"),
}

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class StepValue:
    """One value of the step.

    Attributes
    ----------
    stage : {"forward", "loss", "backward", "update"}
        A key of `STAGES`.
    name : str
        What it is, in words.
    symbol, formula : str
        Its letter, and how it comes from the values before it; empty for what is given.
    values : array
        Of one image, so without the batch; a single number has shape ().
    find_origin : callable or None
        Returns what the number at a position was made of; None where there is nothing to tell.
    """

    stage: str
    name: str
    symbol: str
    formula: str
    values: Values
    find_origin: FindOrigin | None = field(default=None, compare=False, repr=False)

    def origin(self, place: int) -> Origin | None:
        """Return what one of the numbers was made of, by its place in the flattened array."""
        if self.find_origin is None:
            return None
        return self.find_origin(tuple(int(k) for k in np.unravel_index(place, self.shape)))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the values."""
        return self.values.shape


def walk_through_step(
    learner: TrainingRun | Network,
    image: NDArray[np.uint8],
    label: int,
    training_config: TrainingConfig | None = None,
    bug: KnownBug | None = None,
) -> list[StepValue]:
    """Return every value of one training step on one image, in the order in which it comes about.

    The step is the one that training would take with a batch of this one image, to the last bit; the image is
    taken as it is, without augmentation.

    Parameters
    ----------
    learner : TrainingRun or Network
        A run (once built) brings its optimizer, with what that remembers, and its learning rate.
    image : uint8 array (height, width)
    label : int
        Its true class.
    training_config : TrainingConfig, optional
        For a network: optimizer, learning rate and weight decay.
    bug : KnownBug, optional
        A bug of `KNOWN_BUGS` that the step is to have.

    Examples
    --------
    >>> from mlcore import NetworkConfig, Preparation
    >>> network = Network(NetworkConfig(hidden_sizes=(3,)), Preparation((4, 4)), n_classes=2, seed=0)
    >>> for value in walk_through_step(network, np.full((4, 4), 200, np.uint8), 1)[1:6]:
    ...     print(f"{value.symbol:3} {value.shape!s:8} {value.formula}".rstrip())
    x   (16,)    x = the pixels, in a row
    s   ()       z₁ is multiplied by it, which is the same as scaling x
    W₁  (16, 3)
    b₁  (3,)
    z₁  (3,)     z₁ = s x W₁ + b₁
    """
    walk = _Walk(learner, training_config or TrainingConfig(), bug)
    return [*walk.forward(image), *walk.loss(label), *walk.backward(), *walk.update()]


def _places(network: Network) -> list[Place]:
    """Number the layers: those between one set of weights and the next share a subscript."""
    places = []
    x, number = "x", 0
    for layer, summary in zip(network.layers, network.layer_summaries()[1:], strict=True):
        number += bool(layer.parameters) or number == 0
        k = str(number).translate(SUBSCRIPTS)
        places.append(Place(layer, summary.name, x, layer.symbol + k, k))
        x = places[-1].y
    return places


class _Walk:
    """A network and an optimizer of its own, and how far the step has come."""

    def __init__(self, learner: TrainingRun | Network, config: TrainingConfig, bug: KnownBug | None) -> None:
        self.optimizer: Optimizer
        if isinstance(learner, TrainingRun):
            network, config = learner.network, learner.training_config
            self.optimizer = copy.deepcopy(learner.optimizer)
            self.rate, self.generator = learner.learning_rate, learner.step_generator()
            self.gradient_hook, self.class_weights = learner.gradient_hook, learner.class_weights
        else:
            network = learner
            self.optimizer = config.make_optimizer(network.parameter_count, network.dtype)
            self.rate, self.generator = config.learning_rate, step_generator(config.seed, 0, 0)
            self.gradient_hook, self.class_weights = known_bug_hook(config), None
        self.rule = OPTIMIZERS[config.optimizer].formula
        self.decay = config.cost_decay
        self.network = network.copy(micro_batch=1)
        if bug is not None:
            bug.plant(self.network)
            self.gradient_hook = known_bug_hook(bug.training(config)) or self.gradient_hook
        self.places = _places(self.network)
        self.seen: list[Seen] = []

    def forward(self, image: Values) -> Iterator[StepValue]:
        """Image, inputs, then what each layer makes of them."""
        preparation, scale = self.network.preparation, getattr(self.network.layers[0], "input_scale", 1.0)
        yield StepValue("forward", _("Image"), "", "", image)
        values = self.network.read(preparation.compact(image[None]))
        scaled = preparation.mean is None and scale == 1.0
        yield StepValue("forward", _("Inputs"), "x", f"x = {preparation.describe(scaled)}", values[0].copy())
        if scale != 1.0:
            formula = _("{symbol} is multiplied by it, which is the same as scaling x").format(
                symbol=self.places[0].y
            )
            yield StepValue("forward", _("Scale of the pixels"), "s", formula, np.array(scale))
        for place in self.places:
            inputs, given = values[0].copy(), {}
            for key, name, symbol in place.parameters:
                given[key] = place.layer.parameters[key].copy()
                yield StepValue("forward", name, symbol, "", given[key])
            values = place.layer.forward(values, training=True, generator=self.generator)
            name = _("Output of {layer}").format(layer=place.name)
            outputs = values[0].copy()
            self.seen.append(Seen(inputs, outputs, given))
            origin = output_origin(place, self.seen[-1])
            yield StepValue("forward", name, place.y, place.formulas["output"], outputs, origin)
        self.values = values

    def loss(self, label: int) -> Iterator[StepValue]:
        """Outputs, target, loss, and what weight decay adds to it."""
        loss, z = self.network.loss, self.places[-1].y
        self.labels = np.array([label])
        weight = 1.0 if self.class_weights is None else float(self.class_weights[label])
        total = weight * float(loss.losses(self.values, self.labels)[0])
        loss.activate(self.values)
        target = loss.targets(self.network.n_classes, self.network.dtype)[label]
        p = self.values[0].copy()
        self.p, self.target, self.logits = p, target, self.seen[-1].outputs
        origin = function_origin("p", loss.output, {"z": (z, self.logits)}, p)
        yield StepValue("loss", _("Outputs"), "p", f"p = {with_symbol(loss.output, 'z', z)}", p, origin)
        yield StepValue("loss", _("Target"), "y", self._target_words(), target)
        if self.class_weights is not None:
            words = _("so that each class counts the same")
            yield StepValue("loss", _("Weight of the class"), "a", words, np.array(weight))
        yield StepValue("loss", _("Loss"), "L", f"L = {self._weighted(loss.formula)}", np.array(total))
        if self.decay:
            penalty = self.network.penalty(self.decay)
            formula = f"R = λ/2 Σ W², λ = {self.decay:g}"
            yield StepValue("loss", _("Penalty for large weights"), "R", formula, np.array(penalty))
            yield StepValue("loss", _("Cost"), "C", "C = L + R", np.array(total + penalty))

    def _target_words(self) -> str:
        n, smoothing = self.network.n_classes, self.network.loss.smoothing
        words = _("y = {true:g} for the true class, {other:g} elsewhere")
        return words.format(true=1 - smoothing + smoothing / n, other=smoothing / n)

    def _weighted(self, formula: str) -> str:
        return formula if self.class_weights is None else f"a ({formula})"

    def backward(self) -> Iterator[StepValue]:
        """The gradient of the cost with respect to every value above, the last one first; ∂v means ∂C/∂v."""
        loss, z = self.network.loss, self.places[-1].y
        loss.to_gradient(self.values, self.labels)
        gradient = self.values
        if self.class_weights is not None:
            gradient *= self.class_weights[self.labels, None]
        origin = None
        if self.class_weights is None:
            named = {"p": ("p", self.p), "y": ("y", self.target)}
            origin = function_origin(f"∂{z}", loss.gradient, named, gradient[0].copy())
        yield self._gradient(_("logits"), z, f"∂{z} = {self._weighted(loss.gradient)}", gradient[0], origin)
        for place, seen in zip(reversed(self.places), reversed(self.seen), strict=True):
            arriving = gradient[0].copy()
            gradient = place.layer.backward(gradient)
            origins = gradient_origins(place, seen, arriving)
            for key, name, symbol in place.parameters:
                values = place.layer.gradients[key]
                yield self._gradient(name, symbol, place.formulas[key], values, origins.get(key))
            if place.layer.needs_input_gradient:
                name = _("input of {layer}").format(layer=place.name)
                yield self._gradient(
                    name, place.x, place.formulas["input"], gradient[0], origins.get("input")
                )
        if self.gradient_hook is not None:
            before = self.network.gradients.copy()
            self.gradient_hook(self.network, 1)
            yield from self._changed(before, _("as the notebook computed it"))
        if self.decay:
            before = self.network.gradients.copy()
            self.network.add_penalty_gradient(self.decay)
            yield from self._changed(before, "∂{symbol} ← ∂{symbol} + λ {symbol}")

    def _changed(self, before: Values, formula: str) -> Iterator[StepValue]:
        """The gradients that are no longer what they were."""
        start = 0
        for place in self.places:
            for key, name, symbol in place.parameters:
                now = place.layer.gradients[key]
                old = before[start : start + now.size].reshape(now.shape)
                if not np.array_equal(old, now):
                    why = formula.format(symbol=symbol)
                    origin = changed(f"∂{symbol}", old, now.copy(), _("the change"))
                    yield self._gradient(name, symbol, why, now, origin)
                start += now.size

    def _gradient(
        self, name: str, symbol: str, formula: str, values: Values, origin: FindOrigin | None = None
    ) -> StepValue:
        words = _("Gradient: {name}").format(name=name)
        return StepValue("backward", words, f"∂{symbol}", formula, values.copy(), origin)

    def update(self) -> Iterator[StepValue]:
        """The learning rate, what the optimizer remembers, and the new parameters."""
        network = self.network
        before = network.parameters.copy()
        self.optimizer.step(network.parameters, network.gradients, self.rate, network.decayed)
        formula = _("the rule, for each parameter w with gradient g: {rule}").format(rule=self.rule)
        yield StepValue("update", _("Learning rate"), "η", formula, np.array(self.rate))
        memory = self.optimizer.memory()
        start = 0
        for place in self.places:
            for key, name, symbol in place.parameters:
                new = place.layer.parameters[key]
                part = slice(start, start + new.size)
                for letter, flat in memory.items():
                    words = _("Memory: {name}").format(name=name)
                    values = flat[part].reshape(new.shape)
                    yield StepValue("update", words, f"{letter}({symbol})", "", values)
                words = _("New {name}").format(name=name)
                old, now = before[part].reshape(new.shape), new.copy()
                origin = changed(symbol, old, now, _("the step"))
                yield StepValue("update", words, symbol, with_symbol(self.rule, "w", symbol), now, origin)
                start += new.size
