"""What a training tells about itself: the records that `train` yields, and the sums from which they are made.

`TrainingRun` keeps the records as its history; the dashboard draws them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, Float64Array, IndexArray, Labels
from mlcore.formulas.losses import Loss
from mlcore.network.network import Network

REPORT_IMAGES = 2048  # about how many images lie between two records of batches


@dataclass(frozen=True)
class BatchMetrics:
    """What the last few steps did.

    Attributes
    ----------
    step : int, steps done so far
    epoch : float, passes over the training images so far
    images_seen : int, training images seen so far, repetitions included
    loss : float, mean loss of the batches since the last record, each before its own step, weighted where
        classes have weights, plus L2's part of the cost (if any) now
    accuracy : float, fraction of their images that were right, from 0 to 1
    learning_rate : float, of the last step
    """

    step: int
    epoch: float
    images_seen: int
    loss: float
    accuracy: float
    learning_rate: float


@dataclass(frozen=True)
class EpochMetrics:
    """A measurement of the network at one moment, without dropout; its losses include L2's part of the cost.

    Where classes have weights, the losses are weighted means; the accuracies never are.

    Attributes
    ----------
    step, epoch, images_seen : as in `BatchMetrics`
    train_loss, train_accuracy : on a fixed sample of the training images
    dev_loss, dev_accuracy : on the whole dev set (nan when it is empty)
    learning_rate : float, of the next step
    """

    step: int
    epoch: float
    images_seen: int
    train_loss: float
    train_accuracy: float
    dev_loss: float
    dev_accuracy: float
    learning_rate: float


Record = BatchMetrics | EpochMetrics


def standing(record: EpochMetrics) -> tuple[float, float]:
    """Return what makes one measurement better than another: accuracy, then how small the loss is."""
    if math.isnan(record.dev_accuracy):  # no dev set
        return record.train_accuracy, -record.train_loss
    return record.dev_accuracy, -record.dev_loss


HISTORY_KINDS: tuple[type[BatchMetrics] | type[EpochMetrics], ...] = (BatchMetrics, EpochMetrics)
"""The kinds of records, by the number that stands in the first column of a history."""

HISTORY_COLUMNS = 1 + max(len(fields(kind)) for kind in HISTORY_KINDS)


MOST_COUNTED = 2**53
"""Whole numbers below this are exact in a float64."""


def history_array(records: Iterable[Record]) -> Float64Array:
    """Return records as one array, float64 (records, columns), as a model file keeps them.

    A row is the number of the kind (`HISTORY_KINDS`), then its fields in their order, then zeros.

    >>> history_array([BatchMetrics(16, 0.5, 2048, 0.25, 0.875, 0.001)]).tolist()
    [[0.0, 16.0, 0.5, 2048.0, 0.25, 0.875, 0.001, 0.0, 0.0]]
    """
    # As of `astuple`, which copies and takes ten times as long.
    rows = [(HISTORY_KINDS.index(type(record)), *vars(record).values()) for record in records]
    array = np.zeros((len(rows), HISTORY_COLUMNS))
    for place, row in zip(array, rows, strict=True):
        place[: len(row)] = row
    return array


def records_of(history: NDArray[Any]) -> list[Record]:
    """Return the records that `history_array` wrote.

    Raises
    ------
    ValueError
        When the array is anything else.
    """
    if history.dtype != np.float64 or history.ndim != 2 or history.shape[1] != HISTORY_COLUMNS:
        raise ValueError("no history")
    kinds, counts = history[:, 0], history[:, 1:4]
    if not np.isin(kinds, range(len(HISTORY_KINDS))).all() or np.isinf(history).any():
        raise ValueError("no history")
    if not ((counts >= 0) & (counts < MOST_COUNTED)).all():
        raise ValueError("no counts")
    records: list[Record] = []
    for number, *values in history.tolist():
        kind = HISTORY_KINDS[int(number)]
        step, epoch, images, *measured = values[: len(fields(kind))]
        records.append(kind(int(step), epoch, int(images), *measured))
    return records


class Score:
    """Loss and accuracy over images that come a batch at a time."""

    def __init__(self, loss: Loss) -> None:
        self._loss = loss
        self._losses, self._weights, self._right, self._images = 0.0, 0.0, 0, 0

    def add(self, logits: Array, labels: Labels, weights: Array | None = None) -> None:
        """Count a batch by its logits (batch, classes) and its weights (batch,)."""
        losses = self._loss.losses(logits, labels)
        if weights is not None:
            losses *= weights
        self._losses += float(losses.sum(dtype=np.float64))
        self._weights += len(labels) if weights is None else float(weights.sum(dtype=np.float64))
        self._right += int(np.count_nonzero(logits.argmax(axis=1) == labels))
        self._images += len(labels)

    @property
    def is_empty(self) -> bool:
        """Whether there was no image yet."""
        return self._images == 0

    def means(self) -> tuple[float, float]:
        """Return the weighted mean of the losses, and the accuracy."""
        mean = self._losses / self._weights if self._weights else math.nan
        return mean, self._right / self._images


class Tally:
    """Logits of recent batches, scored in bulk: many small sums would cost more."""

    def __init__(
        self, network: Network, batch_size: int, labels: Labels, weights: Array | None = None
    ) -> None:
        self._loss, self._labels, self._weights = network.loss, labels, weights
        capacity = max(REPORT_IMAGES, batch_size)
        self._logits = np.empty((capacity, network.n_classes), network.dtype)
        self._positions = np.empty(capacity, np.intp)
        self._filled, self._score = 0, Score(network.loss)

    def logits_for(self, batch: IndexArray) -> Array:
        """Note the next batch, by its positions; return an array for its logits, before `add`."""
        if self._filled + len(batch) > len(self._positions):
            self._sum_up()
        part = slice(self._filled, self._filled + len(batch))
        self._positions[part] = batch
        return self._logits[part]

    def add(self, n: int) -> None:
        """Count a batch whose logits have been written."""
        self._filled += n

    @property
    def is_empty(self) -> bool:
        """Whether there was no batch since the last means."""
        return self._score.is_empty and self._filled == 0

    def means(self) -> tuple[float, float]:
        """Return mean loss and accuracy of the images since the last call."""
        self._sum_up()
        score, self._score = self._score, Score(self._loss)
        return score.means()

    def _sum_up(self) -> None:
        if self._filled:
            positions = self._positions[: self._filled]
            weights = None if self._weights is None else self._weights[positions]
            self._score.add(self._logits[: self._filled], self._labels[positions], weights)
        self._filled = 0
