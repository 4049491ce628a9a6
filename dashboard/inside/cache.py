"""What was worked out about networks, kept for all visitors, and what would be too much to work out here.

The looks of the Inside page ask here instead of `mlcore.study`.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from dashboard.latest import Latest
from mlcore import (
    KNOWN_BUGS,
    Change,
    Contributions,
    Dataset,
    GradientCheck,
    KnownBug,
    LayerOutput,
    Model,
    NeuronStudy,
    PrincipalComponents,
    StepValue,
    change_towards,
    check_gradients,
    contributions,
    evaluate,
    fooling_change,
    layer_outputs,
    principal_components,
    study_neurons,
    walk_through_step,
)
from mlcore.arrays import Float64Array, UInt8Array
from mlcore.language import _
from mlcore.study.contributions import carriers
from mlcore.study.inside import values_behind
from mlcore.study.neurons import SAMPLE

MOST_IMAGES = 5_000
"""That are asked which of them excites a neuron most: 0.5 s with 512 neurons."""

MOST_MULTIPLY_ADDS = 60_000_000_000
"""To study the neurons of one network: the one that ships takes a sixth, two layers of 256 filters
17 times as much."""

MOST_BYTES = 24_000_000
MOST_AT_ONCE = 3_000_000_000
"""For the images that a changed network is asked about after each move of a slider: 0.3 s with convolutions,
less with neurons."""

FEWEST, MOST_ASKED = 200, 5_000
"""So many of them there are in any case, and at most."""

MOST_PLACES = 1_500
"""Images on a map: more would be one blot."""

MOST_VALUES = 4_000_000
"""Values of all of them together: 64 MB while the map is made."""

CHECKED = 12
"""Values of each array of parameters that the gradient check moves."""


@dataclass(frozen=True)
class Way:
    """What happens to one image on its way through a network, with a view to one class."""

    outputs: tuple[LayerOutput, ...]
    contributions: Contributions
    carriers: Float64Array

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return sum(output.values.nbytes for output in self.outputs) + self.contributions.pixels.nbytes


@dataclass(frozen=True)
class Step:
    """One training step, worked out, and what the gradient check says of it."""

    values: tuple[StepValue, ...]
    check: GradientCheck

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return 2 * sum(value.values.nbytes for value in self.values)  # their origins keep copies


def too_slow(model: Model) -> str:
    """Return why the neurons of a network cannot be studied here, as a sentence; empty when they can."""
    for_effects = SAMPLE * (1 + 2 * len(model.class_names))  # forward once, and back for each class
    if (for_effects + MOST_IMAGES) * model.multiply_adds <= MOST_MULTIPLY_ADDS:
        return ""
    return _(
        "This network is too slow to run on many images here, so its weights are shown "
        "without the images that excite each neuron."
    )


def neurons(model: Model, dataset: Dataset) -> NeuronStudy:
    """Return what the first layer's neurons make of the first images of a data set."""
    key = (model.fingerprint, dataset.fingerprint)
    return _studies.get(key, lambda: study_neurons(model, dataset.take(slice(0, MOST_IMAGES))))


def way(model: Model, image: UInt8Array, of_class: int) -> Way:
    """Return the way of an image through a network."""

    def make() -> Way:
        found = contributions(model, image, of_class)
        return Way(layer_outputs(model, image), found, carriers(model, image, of_class))

    return _ways.get((model.fingerprint, _image_key(image), str(of_class)), make)


def step(model: Model, image: UInt8Array, label: int, bug: str) -> Step:
    """Return one step of training on one image, with a bug of `KNOWN_BUGS` or, as it was trained, ""."""

    def make() -> Step:
        planted = KNOWN_BUGS[bug] if bug else _as_trained(model)
        values = walk_through_step(model.network, image, label, model.training_config, planted)
        decay = model.training_config.cost_decay
        check = check_gradients(
            model.network, image[None], np.array([label]), weight_decay=decay, per_array=CHECKED, bug=planted
        )
        return Step(tuple(values), check)

    return _steps.get((model.fingerprint, _image_key(image), str(label), bug), make)


@dataclass(frozen=True)
class Score:
    """What a network makes of some labelled images.

    Attributes
    ----------
    right, n : int
    confidence : float
        The mean probability of its answers.
    """

    right: int
    n: int
    confidence: float

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return 100


def at_once(model: Model, dataset: Dataset) -> Dataset:
    """Return the first images of a data set, as many as a network answers while a visitor waits."""
    affordable = max(FEWEST, min(MOST_ASKED, MOST_AT_ONCE // model.multiply_adds))
    return dataset.take(slice(0, affordable))


def score(model: Model, dataset: Dataset) -> Score:
    """Return what a network makes of the images of a data set."""

    def make() -> Score:
        found = evaluate(model, dataset)
        return Score(found.right, len(dataset), float(found.confidence.mean()))

    return _scores.get((model.fingerprint, dataset.fingerprint), make)


@dataclass(frozen=True)
class Changes:
    """What makes a network answer another class: more likeness to real images of it, or a trick."""

    towards: Change | None
    fooling: Change | None

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return sum(one.difference.nbytes + one.image.nbytes for one in (self.towards, self.fooling) if one)


def changes(model: Model, image: UInt8Array, of_class: int, examples: UInt8Array) -> Changes:
    """Return the smallest changes that make an image one of a class, guided by real images of it."""

    def make() -> Changes:
        towards = change_towards(model, image, of_class, examples)
        return Changes(towards, fooling_change(model, image, of_class))

    key = (model.fingerprint, _image_key(image), str(of_class), _image_key(examples))
    return _changes.get(key, make)


@dataclass(frozen=True)
class DataMap:
    """Where images lie by the two directions in which they differ most.

    Attributes
    ----------
    places : float64 array (n, 2)
    components : PrincipalComponents
    """

    places: Float64Array
    components: PrincipalComponents

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return self.places.nbytes + self.components.nbytes


def on_map(model: Model, dataset: Dataset, layer: str | None) -> Dataset:
    """Return the first images of a data set, as many as are put on a map."""
    values = values_behind(model, dataset.take(slice(0, 1)).images, layer).shape[1]
    some = at_once(model, dataset)
    return some.take(slice(0, min(MOST_PLACES, max(FEWEST, MOST_VALUES // values))))


def data_map(model: Model, dataset: Dataset, layer: str | None) -> DataMap:
    """Return the map of images, by their pixels or by what a layer makes of them."""

    def make() -> DataMap:
        values = values_behind(model, dataset.images, layer)
        components = principal_components(values)
        return DataMap(components.project(values), components)

    return _maps.get((model.fingerprint if layer else "", dataset.fingerprint, layer or ""), make)


def _as_trained(model: Model) -> KnownBug:
    """Return the bugs of a model's own training: a recipe of the notebooks has some."""
    config = model.training_config
    made = {"bias_gradient": config.bias_gradient, "gradient_divisor": config.gradient_divisor}
    return KnownBug("", "", settings=made)


def _image_key(image: UInt8Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()


_studies = Latest[NeuronStudy](MOST_BYTES)
_ways = Latest[Way](MOST_BYTES)
_steps = Latest[Step](MOST_BYTES)
_changes = Latest[Changes](MOST_BYTES // 10)
_maps = Latest[DataMap](MOST_BYTES // 10)
_scores = Latest[Score](MOST_BYTES // 100)
