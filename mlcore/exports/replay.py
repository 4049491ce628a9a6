"""The proof of a model file: `replay` trains the model once more and says whether it comes out the same.

Notebooks and scripts call it, and the Train page does so for a model file that a visitor brought.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mlcore.datasets.dataset import Dataset
from mlcore.datasets.split import Split, split_dataset
from mlcore.errors import DatasetError
from mlcore.exports.passport import Passport
from mlcore.language import N_, _
from mlcore.model import Model, load_model
from mlcore.model_file import ModelFile
from mlcore.quote import quoted
from mlcore.training.records import Record
from mlcore.training.run import TrainingRun, train

VERSION_LABELS = {
    "numpy": N_("NumPy"),
    "python": N_("Python"),
    "machine": N_("machine"),
    "kernel": N_("kernel of matrix products"),
    "batches": N_("batches"),
    "blank_pixels": N_("blank pixels left out"),
}
"""What may differ between two runs, in words: programs and machine (`VERSIONS`), the way of batches."""


@dataclass(frozen=True)
class Difference:
    """Something that is not as it was when the model was trained: what, then, and now."""

    name: str
    then: str
    now: str

    def __str__(self) -> str:
        text = _("{what}: {then} then, {now} now")
        what = _(VERSION_LABELS[self.name])
        return text.format(what=what, then=quoted(self.then) or "?", now=self.now or "?")


@dataclass(frozen=True)
class ReplayResult:
    """How a training that was done again compares with the model that it made the first time.

    Attributes
    ----------
    model : Model
        The model that came out now.
    is_same : bool
        Whether every parameter is the same, to the last bit.
    largest_difference : float
        Between two parameters.
    changed_answers : int
        Dev images that the two models classify differently.
    differences : tuple of Difference
        What is not as it was then: NumPy, the kernel. There may be some although the result is the same.
    """

    model: Model
    is_same: bool
    largest_difference: float
    changed_answers: int
    differences: tuple[Difference, ...]

    def __str__(self) -> str:
        if self.is_same:
            text = _("The same model, to the last bit.")
        else:
            text = _(
                "Not the same to the last bit: parameters differ by up to {difference:.2g}, and {n:,} dev "
                "images are classified differently."
            ).format(difference=self.largest_difference, n=self.changed_answers)
        if not self.differences:
            return text
        return f"{text} " + _("Different: {differences}.").format(
            differences="; ".join(map(str, self.differences))
        )


def replay(model: Model | ModelFile, data: Dataset | Split) -> ReplayResult:
    """Train a model once more, as its file says, and compare.

    Parameters
    ----------
    model : Model, str, path, binary file or bytes
    data : Dataset or Split
        The data that it learned from. A data set is split as the file says, or by the defaults of
        `split_dataset` where it does not.

    Raises
    ------
    ModelFileError
        When the file is no model, does not say how it was made, or more than its settings decided that.
    DatasetError
        When these are other images, or they are split in another way.

    Examples
    --------
    >>> from mlcore import TrainingConfig, fit, load_dataset
    >>> digits = load_dataset("digits-8x8")
    >>> print(replay(fit(digits, training=TrainingConfig(epochs=1)), digits))
    The same model, to the last bit.
    """
    first = model if isinstance(model, Model) else load_model(model, with_state=False)
    passport = Passport.of(first).checked()
    split = split_for(passport, data)
    run = run_again(passport)
    for _record in records_again(run, passport, split):
        pass
    return compare(first, run.model(), split)


def run_again(passport: Passport) -> TrainingRun:
    """Return the run of a passport, before its first step."""
    return TrainingRun(passport.network, passport.training, in_halves=passport.in_halves)


def records_again(run: TrainingRun, passport: Passport, split: Split) -> Iterator[Record]:
    """Train a run up to where the model's parameters were taken, and yield what happens."""
    return train(run, split, max_steps=passport.weights_at - run.step)


def split_for(passport: Passport, data: Dataset | Split) -> Split:
    """Return the split that a model learned from.

    Raises
    ------
    DatasetError
        When the images are not those.
    """
    if isinstance(data, Split):
        split = data
    elif passport.split is None:
        split = split_dataset(data)
    else:
        split = passport.split.split(data)
    if not matches(passport, split):
        message = _(
            "These are not the images that the model learned from ({n:,} of {name} to learn from, {dev:,} in "
            "the dev set), or they are split in another way. Choose the same data set and split."
        )
        name = quoted(passport.dataset)
        raise DatasetError(message.format(n=passport.n_train, name=name, dev=passport.n_dev))
    return split


def matches(passport: Passport, split: Split) -> bool:
    """Return whether a split is the one that a model learned from."""
    here = (split.train.fingerprint, split.dev.fingerprint)
    return here == (passport.train_fingerprint, passport.dev_fingerprint)


def compare(first: Model, again: Model, split: Split) -> ReplayResult:
    """Compare the model of a file with the one that came out now."""
    largest = float(np.abs(first.parameters - again.parameters).max(initial=0))
    answers = (model.probabilities_of(split.dev.images).argmax(axis=1) for model in (first, again))
    return ReplayResult(
        again,
        first.parameters.tobytes() == again.parameters.tobytes(),
        largest,
        int(np.count_nonzero(np.not_equal(*answers))),
        tuple(differences(Passport.of(first), Passport.of(again))),
    )


def differences(first: Passport, again: Passport) -> Iterator[Difference]:
    """Yield what two passports say differently of programs, machine and the way batches were taken."""
    for name, then in first.versions.items():
        now = again.versions.get(name, "")
        if then != now:
            yield Difference(name, then, now)
    if first.in_halves != again.in_halves:
        then, now = (_("in halves") if run.in_halves else _("whole") for run in (first, again))
        yield Difference("batches", then, now)
    if first.blank_pixels != again.blank_pixels:
        yield Difference("blank_pixels", str(first.blank_pixels), str(again.blank_pixels))
