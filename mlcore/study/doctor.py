"""The doctor: rules that read the records of a run and say what is wrong, with the figure and a remedy.

`advise` returns the one advice that matters most, or none. The Train page shows it when a run has ended.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.formulas.optimizers import OPTIMIZERS
from mlcore.language import _
from mlcore.training.records import EpochMetrics, Record, standing

FAR_OFF = 10
"""Times the optimizer's good rate from which on a rate is blamed."""

SURE = 3.0
"""Standard errors by which a difference must be larger than chance."""

LEAST_FALL = 0.02
LEAST_GAP = 0.03
RISING_LOSS = 1.5
STILL_RISING = 0.01
FLAT = 0.005
POOR = 0.9
"""Accuracy on the training images below which a network has not learned them."""

MEDIOCRE = 0.95
"""The same, where a setting is so far off that it is blamed for less."""

MANY_SIGMOIDS = 4
STRONG_DROPOUT = 0.5
STRONG_DECAY = 0.01
FEW_STEPS = 200
FEW_OF_A_CLASS = 20
SMALL_DEV = 100
UNEVEN = 0.5
"""The share of the commonest class from which on classes are uneven, where there are more than two."""


@dataclass(frozen=True)
class RunNotes:
    """What the doctor is told of a run.

    Attributes
    ----------
    network, training
        Its configs.
    records : tuple of Record
        All it has yielded.
    n_train, n_dev, n_classes : int
    one_answer : float
        The accuracy of one and the same answer for every image: the share of the commonest class.
    diverged : bool
        Whether it ended with `TrainingDiverged`.
    test_accuracy : float or None
        On images that were kept for the end, once it was asked for.
    """

    network: NetworkConfig
    training: TrainingConfig
    records: tuple[Record, ...]
    n_train: int
    n_dev: int
    n_classes: int = 10
    one_answer: float = 0.1
    diverged: bool = False
    test_accuracy: float | None = None

    @property
    def measured(self) -> list[EpochMetrics]:
        """The measurements after a step."""
        return [record for record in self.records if isinstance(record, EpochMetrics) and record.step]

    @property
    def last(self) -> EpochMetrics:
        """The newest measurement."""
        return self.measured[-1]

    @property
    def best(self) -> EpochMetrics:
        """The best measurement."""
        return max(self.measured, key=standing)

    @property
    def hidden_layers(self) -> int:
        """How many there are, convolutions included."""
        return len(self.network.hidden_sizes) + len(self.network.filters)

    @property
    def steps(self) -> int:
        """How many were taken."""
        return self.last.step

    @property
    def learned_nothing(self) -> bool:
        """Whether it is no better than one answer for everything."""
        return standing(self.best)[0] <= self.one_answer + self.chance(self.one_answer) < 1

    def chance(self, accuracy: float) -> float:
        """Return the standard error of an accuracy over the dev set.

        As if two more images were asked and one of them answered right: all of few may be right by chance,
        too.
        """
        n = (self.n_dev or self.n_train) + 2
        likely = (accuracy * (n - 2) + 1) / n
        return math.sqrt(likely * (1 - likely) / n)

    def is_clear(self, difference: float, least: float) -> bool:
        """Return whether a difference of accuracies is larger than ``least`` and than chance."""
        return difference > max(least, SURE * self.chance(standing(self.best)[0]))


@dataclass(frozen=True)
class Advice:
    """What is wrong with a run, and what to do.

    Attributes
    ----------
    rule : str
        A key of `RULES`.
    words : str
        What was seen, with its figure, and what to try, for a person.
    network, training : mapping
        The settings that would change, and their new values; both empty when no setting helps.
    """

    rule: str
    words: str
    network: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)


Rule = Callable[[RunNotes], Advice | None]


def advise(notes: RunNotes) -> Advice | None:
    """Return the advice that matters most; None when all is well, or nothing was measured yet.

    Examples
    --------
    >>> config = TrainingConfig(learning_rate=1.0)
    >>> advise(RunNotes(NetworkConfig(), config, (), 1000, 200, diverged=True)).training
    {'learning_rate': 0.1}
    """
    if notes.diverged:
        return _diverged(notes)
    if not notes.measured:
        return None
    return next((advice for rule in RULES.values() if (advice := rule(notes))), None)


def _percent(part: float) -> str:
    return f"{100 * part:.1f} %"


def _diverged(notes: RunNotes) -> Advice:
    rate = notes.training.learning_rate
    text = _("The loss grew beyond all bounds with a learning rate of {rate:g}. Try {less:g}.")
    less = float(f"{rate / 10:.2g}")
    return Advice("diverged", text.format(rate=rate, less=less), training={"learning_rate": less})


# ---- it learned nothing, or hardly anything --------------------------------------------------------------


def _zeros(notes: RunNotes) -> Advice | None:
    if notes.network.initialization != "zeros" or not notes.hidden_layers or not _is_poor(notes):
        return None
    text = _(
        "All weights started at zero, so that all neurons of a layer stay alike: {accuracy} accuracy on the "
        "training images. Draw the first weights at random."
    )
    words = text.format(accuracy=_percent(notes.last.train_accuracy))
    return Advice("zeros", words, network={"initialization": "he"})


def _unscaled(notes: RunNotes) -> Advice | None:
    is_scaled = notes.network.scaling != "none" or notes.network.standardize
    if is_scaled or not _is_poor(notes, MEDIOCRE):
        return None
    text = _(
        "The pixels, up to 255, are not scaled, so that the first steps are far too long: {accuracy} "
        "accuracy on the training images. Divide them by 255."
    )
    words = text.format(accuracy=_percent(notes.last.train_accuracy))
    return Advice("unscaled", words, network={"scaling": "255"})


def _summed_biases(notes: RunNotes) -> Advice | None:
    if notes.training.bias_gradient == "exact" or not _is_poor(notes):
        return None
    text = _(
        "The gradients of a layer's biases are summed to one number, as in the first notebooks, and the "
        "training accuracy stays at {accuracy}. Use the exact ones."
    )
    words = text.format(accuracy=_percent(notes.last.train_accuracy))
    return Advice("summed_biases", words, training={"bias_gradient": "exact"})


def _wrong_divisor(notes: RunNotes) -> Advice | None:
    divisor = notes.training.gradient_divisor
    images = notes.training.images_per_step(notes.n_train)
    if divisor is None or not _is_poor(notes) or 1 / FAR_OFF < divisor / images < FAR_OFF:
        return None
    text = _(
        "Gradients are divided by {divisor:,} instead of the {images:,} images of a step, which makes the "
        "steps {times:.3g} times as long. Divide by the images of the step."
    )
    words = text.format(divisor=divisor, images=images, times=images / divisor)
    return Advice("wrong_divisor", words, training={"gradient_divisor": None})


def _high_rate(notes: RunNotes) -> Advice | None:
    good = OPTIMIZERS[notes.training.optimizer].good_rate
    rate = notes.training.learning_rate
    if rate < FAR_OFF * good or not _is_poor(notes, MEDIOCRE):
        return None
    text = _(
        "The learning rate {rate:g} is {times:.3g} times what usually works with {optimizer}, and the "
        "training accuracy is {accuracy}. Try {good:g}."
    )
    return Advice("high_rate", _about_rate(text, notes, rate / good), training={"learning_rate": good})


def _low_rate(notes: RunNotes) -> Advice | None:
    good = OPTIMIZERS[notes.training.optimizer].good_rate
    rate = notes.training.learning_rate
    if rate > good / FAR_OFF or not _is_poor(notes):
        return None
    text = _(
        "The learning rate {rate:g} is a fraction of {times:.3g} of what usually works with {optimizer}, and "
        "the training accuracy has only come to {accuracy}. Try {good:g}."
    )
    return Advice("low_rate", _about_rate(text, notes, rate / good), training={"learning_rate": good})


def _about_rate(text: str, notes: RunNotes, times: float) -> str:
    optimizer = OPTIMIZERS[notes.training.optimizer]
    return text.format(
        rate=notes.training.learning_rate,
        times=times,
        optimizer=_(optimizer.label),
        accuracy=_percent(notes.last.train_accuracy),
        good=optimizer.good_rate,
    )


def _deep_sigmoids(notes: RunNotes) -> Advice | None:
    if notes.network.activation != "sigmoid" or notes.hidden_layers < MANY_SIGMOIDS or not _is_poor(notes):
        return None
    text = _(
        "Hardly any gradient passes through {n} sigmoid layers: {accuracy} accuracy on the training images. "
        "Use ReLU."
    )
    words = text.format(n=notes.hidden_layers, accuracy=_percent(notes.last.train_accuracy))
    return Advice("deep_sigmoids", words, network={"activation": "relu"})


def _strong_decay(notes: RunNotes) -> Advice | None:
    decay = notes.training.cost_decay
    if decay < STRONG_DECAY or not _is_poor(notes):
        return None
    less = float(f"{decay / 100:.2g}")
    text = _(
        "L2 with λ = {decay:g} pulls the weights to zero faster than they learn: {accuracy} accuracy on the "
        "training images. Try {less:g}."
    )
    words = text.format(decay=decay, less=less, accuracy=_percent(notes.last.train_accuracy))
    return Advice("strong_decay", words, training={"weight_decay": less})


def _strong_dropout(notes: RunNotes) -> Advice | None:
    dropout = notes.network.dropout
    if dropout < STRONG_DROPOUT or not notes.network.hidden_sizes or not _is_poor(notes):
        return None
    text = _(
        "Dropout switches {share} of the hidden neurons off in each step, and even with all of them on the "
        "training accuracy is {accuracy}. Try 0.2."
    )
    words = text.format(share=_percent(dropout), accuracy=_percent(notes.last.train_accuracy))
    return Advice("strong_dropout", words, network={"dropout": 0.2})


def _strong_augmentation(notes: RunNotes) -> Advice | None:
    changed = {
        name: value
        for name, value in vars(notes.training).items()
        if name.startswith("augment_") and value > 0
    }
    if not changed or not _is_poor(notes):
        return None
    text = _(
        "The training images are changed so much that the network does not learn even those: {accuracy} "
        "accuracy without the changes. Halve them."
    )
    halves = {name: float(f"{value / 2:.2g}") for name, value in changed.items()}
    words = text.format(accuracy=_percent(notes.last.train_accuracy))
    return Advice("strong_augmentation", words, training=halves)


def _few_steps(notes: RunNotes) -> Advice | None:
    if notes.steps >= FEW_STEPS or not _is_poor(notes):
        return None
    text = _(
        "{steps:,} steps are few, and the training accuracy has only come to {accuracy}. Use smaller batches "
        "or more epochs."
    )
    words = text.format(steps=notes.steps, accuracy=_percent(notes.last.train_accuracy))
    images = notes.training.images_per_step(notes.n_train)
    if images > 128:
        return Advice("few_steps", words, training={"batch_size": 128})
    length = "epochs" if notes.training.iterations is None else "iterations"
    return Advice("few_steps", words, training={length: 3 * getattr(notes.training, length)})


def _linear(notes: RunNotes) -> Advice | None:
    if notes.network.activation != "identity" or not notes.hidden_layers:
        return None
    text = _(
        "Without an activation function, the {n} hidden layers can do no more than none: {accuracy} accuracy "
        "on the training images. Use ReLU."
    )
    words = text.format(n=notes.hidden_layers, accuracy=_percent(notes.last.train_accuracy))
    return Advice("linear", words, network={"activation": "relu"})


def _one_class(notes: RunNotes) -> Advice | None:
    if not notes.learned_nothing:
        return None
    text = _(
        "The network is no better than one answer for every image: {accuracy}, and that answer alone has "
        "{one}. Try a lower learning rate."
    )
    words = text.format(accuracy=_percent(standing(notes.best)[0]), one=_percent(notes.one_answer))
    less = float(f"{notes.training.learning_rate / 10:.2g}")
    return Advice("one_class", words, training={"learning_rate": less})


def _is_poor(notes: RunNotes, least: float = POOR) -> bool:
    return notes.last.train_accuracy < least


# ---- it learned, and then went wrong ---------------------------------------------------------------------


def _fell(notes: RunNotes) -> Advice | None:
    high, low = standing(notes.best)[0], standing(notes.last)[0]
    if not notes.is_clear(high - low, LEAST_FALL):
        return None
    less = float(f"{notes.training.learning_rate / 3:.2g}")
    text = _(
        "It got worse after epoch {epoch:.3g}: {low} at the end instead of {high}. A lower learning rate "
        "keeps what was learned."
    )
    words = text.format(epoch=notes.best.epoch, low=_percent(low), high=_percent(high))
    return Advice("fell", words, training={"learning_rate": less})


def _jumping(notes: RunNotes) -> Advice | None:
    late = notes.measured[len(notes.measured) // 2 :]
    falls = [standing(a)[0] - standing(b)[0] for a, b in pairwise(late)]
    if len(falls) < 4 or sum(notes.is_clear(fall, LEAST_FALL) for fall in falls) < len(falls) / 4:
        return None
    less = float(f"{notes.training.learning_rate / 3:.2g}")
    text = _(
        "The accuracy jumps: from one evaluation to the next it fell by up to {fall} in the second half. "
        "Try a lower learning rate, {less:g}."
    )
    words = text.format(fall=_percent(max(falls)), less=less)
    return Advice("jumping", words, training={"learning_rate": less})


def _few_images(notes: RunNotes) -> Advice | None:
    each = notes.n_train / max(1, notes.n_classes)
    if each >= FEW_OF_A_CLASS or not _gap_is_clear(notes):
        return None
    text = _(
        "There are only {n:,} training images, about {each:.0f} of each class: {train} accuracy on them, "
        "{dev} on the dev set. Add images, or let each be changed a little."
    )
    words = text.format(n=notes.n_train, each=each, **_both(notes))
    return Advice("few_images", words, training={"augment_shift": 1.0, "augment_rotation": 10.0})


def _overfits(notes: RunNotes) -> Advice | None:
    if not _gap_is_clear(notes):
        return None
    text = _("The network overfits: {train} accuracy on the training images, {dev} on the dev set. {remedy}")
    if notes.network.dropout < 0.2 and notes.network.hidden_sizes:
        words = text.format(remedy=_("Try a dropout of 0.2."), **_both(notes))
        return Advice("overfits", words, network={"dropout": 0.2})
    words = text.format(remedy=_("Let the images be changed a little, or add more."), **_both(notes))
    return Advice("overfits", words, training={"augment_shift": 1.0, "augment_rotation": 10.0})


def _both(notes: RunNotes) -> dict[str, str]:
    return {"train": _percent(notes.last.train_accuracy), "dev": _percent(notes.last.dev_accuracy)}


def _gap_is_clear(notes: RunNotes) -> bool:
    return notes.is_clear(notes.last.train_accuracy - notes.last.dev_accuracy, LEAST_GAP)


def _best_at_first(notes: RunNotes) -> Advice | None:
    lost = standing(notes.best)[0] - standing(notes.last)[0]
    if len(notes.measured) < 4 or notes.best is not notes.measured[0] or not notes.is_clear(lost, 0.0):
        return None
    less = float(f"{notes.training.learning_rate / 3:.2g}")
    text = _(
        "It was best at its first evaluation ({accuracy}) and never again in {n} more: the steps are too "
        "long. Try a learning rate of {less:g}."
    )
    words = text.format(accuracy=_percent(standing(notes.best)[0]), n=len(notes.measured) - 1, less=less)
    return Advice("best_at_first", words, training={"learning_rate": less})


def _rising_loss(notes: RunNotes) -> Advice | None:
    lowest = min(notes.measured, key=lambda record: record.dev_loss)
    last = notes.last
    if not (last.dev_loss > RISING_LOSS * lowest.dev_loss and last.train_loss < lowest.train_loss):
        return None
    text = _(
        "The network overfits: since epoch {epoch:.3g} the dev loss has risen from {low:.3g} to {high:.3g}, "
        "while the training loss fell. Stop after three evaluations without progress."
    )
    words = text.format(epoch=lowest.epoch, low=lowest.dev_loss, high=last.dev_loss)
    return Advice("rising_loss", words, training={"patience": 3})


def _uneven(notes: RunNotes) -> Advice | None:
    is_uneven = notes.n_classes > 2 and notes.one_answer >= UNEVEN
    if not is_uneven or notes.training.class_weights != "none":
        return None
    text = _(
        "{share} of the images are of one class, so that {accuracy} accuracy says little of the others. Let "
        "each class count the same."
    )
    words = text.format(share=_percent(notes.one_answer), accuracy=_percent(standing(notes.best)[0]))
    return Advice("uneven", words, training={"class_weights": "balanced"})


# ---- it learned, and could do better ---------------------------------------------------------------------


def _stopped_early(notes: RunNotes) -> Advice | None:
    patience, total = notes.training.patience, notes.training.total_steps(notes.n_train)
    if patience is None or patience > 1 or notes.steps > total / 2:
        return None
    text = _(
        "Early stopping ended it after {steps:,} of {total:,} steps, at the first evaluation without "
        "progress. Wait for 5 evaluations."
    )
    return Advice("stopped_early", text.format(steps=notes.steps, total=total), training={"patience": 5})


def _too_small(notes: RunNotes) -> Advice | None:
    sizes = notes.network.hidden_sizes
    if not _is_poor(notes) or not sizes or min(sizes) >= notes.n_classes or _is_rising(notes):
        return None
    text = _(
        "A layer of {n} neurons is too narrow for {classes} classes: the training accuracy stays at "
        "{accuracy}. Try 64 neurons."
    )
    words = text.format(n=min(sizes), classes=notes.n_classes, accuracy=_percent(notes.last.train_accuracy))
    return Advice("too_small", words, network={"hidden_sizes": tuple(max(64, size) for size in sizes)})


def _still_rising(notes: RunNotes) -> Advice | None:
    if not _is_rising(notes):
        return None
    text = _("It was still learning: {before} → {after} in the last quarter. Train three times as long.")
    before, after = _last_quarter(notes)
    length = "epochs" if notes.training.iterations is None else "iterations"
    words = text.format(before=_percent(before), after=_percent(after))
    return Advice("still_rising", words, training={length: 3 * getattr(notes.training, length)})


def _is_rising(notes: RunNotes) -> bool:
    before, after = _last_quarter(notes)
    return len(notes.measured) >= 4 and notes.is_clear(after - before, STILL_RISING)


def _last_quarter(notes: RunNotes) -> tuple[float, float]:
    measured = notes.measured
    return standing(measured[(3 * len(measured) - 1) // 4])[0], standing(measured[-1])[0]


def _underfits(notes: RunNotes) -> Advice | None:
    before, after = _last_quarter(notes)
    if not _is_poor(notes) or _gap_is_clear(notes) or after - before > FLAT:
        return None
    text = _("The network underfits: only {train} accuracy even on the training images. {remedy}")
    sizes = notes.network.hidden_sizes
    if not sizes:
        words = text.format(remedy=_("Add a hidden layer of 128 neurons."), **_both(notes))
        return Advice("underfits", words, network={"hidden_sizes": (128,)})
    words = text.format(remedy=_("Use twice as many neurons."), **_both(notes))
    return Advice("underfits", words, network={"hidden_sizes": tuple(min(2048, 2 * n) for n in sizes)})


def _small_dev(notes: RunNotes) -> Advice | None:
    if not 0 < notes.n_dev < SMALL_DEV:
        return None
    error = 2 * notes.chance(standing(notes.best)[0])
    text = _(
        "The dev set has only {n} images: its {accuracy} may be off by {error} either way. Give it at least "
        "{most} images on the Data page."
    )
    accuracy = standing(notes.best)[0]
    words = text.format(n=notes.n_dev, accuracy=_percent(accuracy), error=_percent(error), most=SMALL_DEV)
    return Advice("small_dev", words)


def _worse_on_test(notes: RunNotes) -> Advice | None:
    if notes.test_accuracy is None or math.isnan(notes.best.dev_accuracy):
        return None
    if not notes.is_clear(notes.best.dev_accuracy - notes.test_accuracy, LEAST_FALL):
        return None
    text = _(
        "The test images are read worse than the dev set: {test} instead of {dev}. They may be of another "
        "kind, or settings were tuned on the dev set many times. Use a larger dev set."
    )
    words = text.format(test=_percent(notes.test_accuracy), dev=_percent(notes.best.dev_accuracy))
    return Advice("worse_on_test", words)


def _by_name(*rules: Rule) -> dict[str, Rule]:
    return {rule.__name__.removeprefix("_"): rule for rule in rules}


RULES: Mapping[str, Rule] = _by_name(
    _zeros,
    _unscaled,
    _summed_biases,
    _wrong_divisor,
    _high_rate,
    _low_rate,
    _deep_sigmoids,
    _strong_decay,
    _strong_dropout,
    _linear,
    _one_class,
    _fell,
    _jumping,
    _few_images,
    _overfits,
    _best_at_first,
    _rising_loss,
    _worse_on_test,
    _uneven,
    _stopped_early,
    _few_steps,
    _still_rising,
    _too_small,
    _strong_augmentation,
    _underfits,
    _small_dev,
)
"""All but divergence, which comes first of all; what stops a network comes before what slows it."""
