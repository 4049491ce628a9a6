"""The one line for the first minute: `fit` makes the split, the run and the loop, and returns the model.

Those who want to see or change a step on the way use `TrainingRun` and `train` instead.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.split import Split, split_dataset
from mlcore.errors import LearnedNothing
from mlcore.language import N_, _
from mlcore.model import Model
from mlcore.training.records import Record
from mlcore.training.run import TrainingRun, train

NOTHING_LEARNED = N_(
    "The network learned nothing: it does no better than always giving the same answer. "
    "Most often the learning rate is too high. Try a tenth of it, another "
    "initialisation, fewer sigmoid layers, or scaled pixels."
)


def fit(
    data: Dataset | Split,
    *,
    network: NetworkConfig | None = None,
    training: TrainingConfig | None = None,
    progress: bool | TextIO = True,
) -> Model:
    """Train a network, and return it as it was when it did best on the dev set.

    Parameters
    ----------
    data : Dataset or Split
        A data set is split by `split_dataset` with its defaults first.
    network : NetworkConfig, optional
    training : TrainingConfig, optional
    progress : bool or text stream
        Where to say how far the training is, on a single line. True means standard error, if that is a
        terminal or a notebook.

    Returns
    -------
    Model

    Raises
    ------
    DatasetError
        When there is nothing to learn from.
    TrainingDiverged
        When the numbers become too large to hold, mostly because the learning rate is too high.

    Warns
    -----
    LearnedNothing
        When the network does no better than one answer for everything.

    Examples
    --------
    >>> from mlcore import load_dataset
    >>> model = fit(load_dataset("digits-8x8"), training=TrainingConfig(epochs=2))
    >>> model.card["epoch"]
    2.0
    """
    split = data if isinstance(data, Split) else split_dataset(data)
    run = TrainingRun(network, training)
    with _progress_line(progress) as stream:
        for record in train(run, split):
            if stream is not None:
                stream.write(f"\r{_line(run, record)}")
                stream.flush()
    if run.learned_nothing:
        warnings.warn(_(NOTHING_LEARNED), LearnedNothing, stacklevel=2)
    return run.best_model()


@contextmanager
def _progress_line(progress: bool | TextIO) -> Iterator[TextIO | None]:
    """Give the stream for the line, if there is one, and end the line in the end, whatever happens."""
    stream = _standard_error() if progress is True else progress or None
    try:
        yield stream
    finally:
        if stream is not None:
            stream.write("\n")


def _standard_error() -> TextIO | None:
    """Return standard error when a line can be written over there: in a terminal, or in a notebook."""
    stream = sys.stderr
    return stream if stream is not None and (stream.isatty() or "ipykernel" in sys.modules) else None


def _line(run: TrainingRun, record: Record) -> str:
    line = _("epoch {epoch:.1f} of {epochs:.0f}").format(
        epoch=record.epoch, epochs=run.total_steps / run.steps_per_epoch
    )
    if run.best is not None:
        line += _(", best dev accuracy {accuracy:.1%}").format(accuracy=run.best.dev_accuracy)
    return line
