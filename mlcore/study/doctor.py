"""The doctor: rules that read the records of a run and say what is wrong, with the figure and a remedy.

`advise` returns the one advice that matters most, or none; `outcome` tells whether the run went wrong at all.
The Train page shows both when a run has ended. The settings to blame are in `mlcore.study.causes`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from mlcore.language import _, percent
from mlcore.study.causes import CAUSES, gentler_rate, hidden_layers, likely_cause, unknown_cause
from mlcore.study.run_notes import RunNotes, moment
from mlcore.training.records import EpochMetrics, standing

LEAST_FALL = 0.02
"""Accuracy that a run must have lost since its best to count as having got worse."""

LEAST_GAP = 0.03
"""Accuracy that the training set is ahead of the dev set from which on a run overfits; that of the recipe
`lab`, whose 5,000 training images are few, is 0.04."""

RISING_LOSS = 1.5
"""Times the lowest dev loss from which on a run overfits, while the training loss still falls."""

LITTLE = 0.25
"""Fraction of the way from one and the same answer to no mistake; one that stays below it learned little."""

STILL_RISING = 0.01
FLAT = 0.005
POOR = 0.9
"""Accuracy on the training images below which a network has not learned them."""

MEDIOCRE = 0.95
"""The same, where a setting is so far off that it is blamed for less."""

FEW_STEPS = 200
FEW_OF_A_CLASS = 20
SMALL_DEV = 100
UNEVEN = 0.5
"""The share of the commonest class from which on classes are uneven, where there are more than two."""


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
    >>> from mlcore import NetworkConfig, TrainingConfig
    >>> config = TrainingConfig(learning_rate=1.0)
    >>> advise(RunNotes(NetworkConfig(), config, (), 1000, 200, diverged=True)).training
    {'learning_rate': 0.001}
    """
    if notes.diverged:
        return _diverged(notes)
    names = (name for name in RULES if not (notes.stopped and name in NEED_ITS_END))
    return _first(names, notes)


def outcome(notes: RunNotes) -> Advice | None:
    """Return what went wrong in a run, and the likely cause; None when it learned, kept it and fits.

    A run that could do better has advice, but no such outcome.
    """
    if not notes.measured:
        return None
    for name, see in FAILURES.items():
        if seen := see(notes):
            cause = likely_cause(notes.network, notes.training, notes.n_train)
            return Advice(name, f"{seen} {cause.words}", cause.network, cause.training)
    return _first(OVERFITTING, notes)


def _first(names: Iterable[str], notes: RunNotes) -> Advice | None:
    if not notes.measured:
        return None
    return next((advice for name in names if (advice := RULES[name](notes))), None)


def _moment(notes: RunNotes, record: EpochMetrics) -> str:
    return moment(notes.training, notes.n_train, record)


def _diverged(notes: RunNotes) -> Advice:
    rate, less = notes.training.learning_rate, gentler_rate(notes.training)
    text = _("The loss grew beyond all bounds with a learning rate of {rate:g}. Try {less:g}.")
    return Advice("diverged", text.format(rate=rate, less=less), training={"learning_rate": less})


# ---- it learned nothing, or hardly anything --------------------------------------------------------------


def _blame(name: str, least: float = POOR) -> Rule:
    """Return the rule that blames a setting for an accuracy on the training images below ``least``."""

    def rule(notes: RunNotes) -> Advice | None:
        cause = CAUSES[name](notes.network, notes.training, notes.n_train)
        if cause is None or not _is_poor(notes, least):
            return None
        text = _("{seen}: {accuracy} accuracy on the training images. {remedy}")
        accuracy = percent(notes.last.train_accuracy)
        words = text.format(seen=cause.seen, accuracy=accuracy, remedy=cause.remedy)
        return Advice(name, words, cause.network, cause.training)

    return rule


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
    words = text.format(accuracy=percent(notes.last.train_accuracy))
    return Advice("strong_augmentation", words, training=halves)


def _few_steps(notes: RunNotes) -> Advice | None:
    if notes.steps >= FEW_STEPS or not _is_poor(notes):
        return None
    text = _(
        "{steps:,} steps are few, and the training accuracy has only come to {accuracy}. Use smaller batches "
        "or more epochs."
    )
    words = text.format(steps=notes.steps, accuracy=percent(notes.last.train_accuracy))
    images = notes.training.images_per_step(notes.n_train)
    if images > 128:
        return Advice("few_steps", words, training={"batch_size": 128})
    length = "epochs" if notes.training.iterations is None else "iterations"
    return Advice("few_steps", words, training={length: 3 * getattr(notes.training, length)})


def _linear(notes: RunNotes) -> Advice | None:
    if notes.network.activation != "identity" or not hidden_layers(notes.network):
        return None
    text = _(
        "Without an activation function, hidden layers can do no more than none: {accuracy} accuracy on the "
        "training images. Use ReLU."
    )
    words = text.format(accuracy=percent(notes.last.train_accuracy))
    return Advice("linear", words, network={"activation": "relu"})


def _sees_nothing(notes: RunNotes) -> str:
    if not notes.learned_nothing:
        return ""
    if not notes.beats_itself:
        return _("The network learned nothing: it never beat its untrained self.")
    text = _(
        "The network learned nothing: always giving the same answer would reach {one}, and it has {accuracy}."
    )
    return text.format(one=percent(notes.one_answer), accuracy=percent(standing(notes.best)[0]))


def _sees_little(notes: RunNotes) -> str:
    way = standing(notes.best)[0] - notes.one_answer
    if notes.stopped or notes.last is notes.best or way >= LITTLE * (1 - notes.one_answer):
        return ""
    text = _("It learned little: always giving the same answer would reach {one}.")
    return text.format(one=percent(notes.one_answer))


def _sees_a_fall(notes: RunNotes) -> str:
    high, low = standing(notes.best)[0], standing(notes.last)[0]
    if not notes.is_clear(high - low, LEAST_FALL):
        return ""
    text = _(
        "After {moment} it got worse: {low} at the end instead of {high}. The weights of {moment} are kept."
    )
    return text.format(moment=_moment(notes, notes.best), low=percent(low), high=percent(high))


FAILURES: Mapping[str, Callable[[RunNotes], str]] = {
    "one_class": _sees_nothing,
    "fell": _sees_a_fall,
    "little": _sees_little,
}
"""What may become of a run whatever the setting; each returns what it saw, or nothing."""


def _failed(name: str) -> Rule:
    """Return the rule that says what became of a run when no setting is to blame."""

    def rule(notes: RunNotes) -> Advice | None:
        if not (seen := FAILURES[name](notes)):
            return None
        cause = unknown_cause(notes.training)
        return Advice(name, f"{seen} {cause.words}", cause.network, cause.training)

    return rule


def _is_poor(notes: RunNotes, least: float = POOR) -> bool:
    return notes.last.train_accuracy < least


# ---- it learned, and then went wrong ---------------------------------------------------------------------


def _fell(notes: RunNotes) -> Advice | None:
    if not (seen := _sees_a_fall(notes)):
        return None
    less = float(f"{notes.training.learning_rate / 3:.2g}")
    words = f"{seen} {_('A lower learning rate keeps what was learned.')}"
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
    words = text.format(fall=percent(max(falls)), less=less)
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
    text = _("The network overfits: {train} accuracy on the training images, {dev} on the dev set.")
    seen = text.format(**_both(notes))
    if notes.network.dropout < 0.2 and notes.network.hidden_sizes:
        words = f"{seen} {_('Try a dropout of 0.2.')}"
        return Advice("overfits", words, network={"dropout": 0.2})
    words = f"{seen} {_('Let the images be changed a little, or add more.')}"
    return Advice("overfits", words, training={"augment_shift": 1.0, "augment_rotation": 10.0})


def _both(notes: RunNotes) -> dict[str, str]:
    return {"train": percent(notes.last.train_accuracy), "dev": percent(notes.last.dev_accuracy)}


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
    words = text.format(accuracy=percent(standing(notes.best)[0]), n=len(notes.measured) - 1, less=less)
    return Advice("best_at_first", words, training={"learning_rate": less})


def _rising_loss(notes: RunNotes) -> Advice | None:
    lowest = min(notes.measured, key=lambda record: record.dev_loss)
    last = notes.last
    if not (last.dev_loss > RISING_LOSS * lowest.dev_loss and last.train_loss < lowest.train_loss):
        return None
    text = _(
        "The network overfits: since {moment} the dev loss has risen from {low:.3g} to {high:.3g}, while the "
        "training loss fell."
    )
    seen = text.format(moment=_moment(notes, lowest), low=lowest.dev_loss, high=last.dev_loss)
    words = f"{seen} {_('Stop after three evaluations without progress.')}"
    return Advice("rising_loss", words, training={"patience": 3})


def _uneven(notes: RunNotes) -> Advice | None:
    is_uneven = notes.n_classes > 2 and notes.one_answer >= UNEVEN
    if not is_uneven or notes.training.class_weights != "none":
        return None
    text = _(
        "{share} of the images are of one class, so that {accuracy} accuracy says little of the others. Let "
        "each class count the same."
    )
    words = text.format(share=percent(notes.one_answer), accuracy=percent(standing(notes.best)[0]))
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
    words = text.format(n=min(sizes), classes=notes.n_classes, accuracy=percent(notes.last.train_accuracy))
    return Advice("too_small", words, network={"hidden_sizes": tuple(max(64, size) for size in sizes)})


def _still_rising(notes: RunNotes) -> Advice | None:
    if not _is_rising(notes):
        return None
    text = _("It was still learning: {before} → {after} in the last quarter. Train three times as long.")
    before, after = _last_quarter(notes)
    length = "epochs" if notes.training.iterations is None else "iterations"
    words = text.format(before=percent(before), after=percent(after))
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
    words = text.format(n=notes.n_dev, accuracy=percent(accuracy), error=percent(error), most=SMALL_DEV)
    return Advice("small_dev", words)


def _worse_on_test(notes: RunNotes) -> Advice | None:
    if notes.test_accuracy is None or math.isnan(notes.best.dev_accuracy):
        return None
    if not notes.is_clear(notes.best.dev_accuracy - notes.test_accuracy, LEAST_FALL):
        return None
    text = _(
        "The accuracy is lower on the test images than on the dev set: {test} instead of "
        "{dev}. They may differ in kind, or settings were tuned on the dev set many times. "
        "Use a larger dev set."
    )
    words = text.format(test=percent(notes.test_accuracy), dev=percent(notes.best.dev_accuracy))
    return Advice("worse_on_test", words)


RULES: Mapping[str, Rule] = {
    "zeros": _blame("zeros"),
    "unscaled": _blame("unscaled", MEDIOCRE),
    "summed_biases": _blame("summed_biases"),
    "wrong_divisor": _blame("wrong_divisor"),
    "high_rate": _blame("high_rate", MEDIOCRE),
    "low_rate": _blame("low_rate"),
    "deep_sigmoids": _blame("deep_sigmoids"),
    "strong_decay": _blame("strong_decay"),
    "strong_dropout": _blame("strong_dropout"),
    "linear": _linear,
    "one_class": _failed("one_class"),
    "fell": _fell,
    "jumping": _jumping,
    "few_images": _few_images,
    "overfits": _overfits,
    "best_at_first": _best_at_first,
    "rising_loss": _rising_loss,
    "worse_on_test": _worse_on_test,
    "uneven": _uneven,
    "stopped_early": _stopped_early,
    "few_steps": _few_steps,
    "still_rising": _still_rising,
    "too_small": _too_small,
    "strong_augmentation": _strong_augmentation,
    "little": _failed("little"),
    "underfits": _underfits,
    "small_dev": _small_dev,
}
"""All but divergence, which comes first of all; what stops a network comes before what slows it."""

OVERFITTING = ("few_images", "overfits", "rising_loss")
"""The rules of a run that does better on its training images than on others."""

NEED_ITS_END = {
    "stopped_early", "few_steps", "still_rising", "too_small", "strong_augmentation", "underfits", "little",
    "strong_decay", "strong_dropout",
}  # fmt: skip
"""The rules that say nothing of a run that somebody stopped: more training may bring what they miss."""
