"""What a training tells about itself: the records that `train` yields, and the sums from which they are made.

`TrainingRun` keeps the records as its history; the dashboard draws them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mlcore.arrays import Array, IndexArray, Labels
from mlcore.network.network import Network

REPORT_IMAGES = 2048  # about how many images lie between two records of batches


@dataclass(frozen=True)
class BatchMetrics:
    """What the last few steps did.

    Attributes
    ----------
    step : int, steps done so far
    epoch : float, passes over the training images so far
    images_seen : int, images looked at so far, each time anew
    loss : float, mean loss of the batches since the last record, each before its own step, plus L2's part of
        the cost (if any) as it stands now
    accuracy : float, part of their images that were right, from 0 to 1
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
    """A measurement of the network as it stands, without dropout; its losses hold L2's part of the cost.

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


class Tally:
    """Outputs of recent batches with their labels, summed up in bulk: many small sums would cost more."""

    def __init__(self, network: Network, batch_size: int) -> None:
        self._loss = network.loss
        capacity = max(REPORT_IMAGES, batch_size)
        self._outputs = np.empty((capacity, network.n_classes), network.dtype)
        self._labels = np.empty(capacity, np.int64)
        self._filled, self._images, self._loss_sum, self._right = 0, 0, 0.0, 0

    def outputs_for(self, labels: Labels, batch: IndexArray) -> Array:
        """Note the labels of the next batch (positions); return an array for its outputs, before `add`."""
        if self._filled + len(batch) > len(self._labels):
            self._sum_up()
        part = slice(self._filled, self._filled + len(batch))
        np.take(labels, batch, out=self._labels[part], mode="clip")
        return self._outputs[part]

    def add(self, n: int) -> None:
        """Count a batch whose outputs have been written."""
        self._filled += n

    @property
    def is_empty(self) -> bool:
        """Whether there was no batch since the last means."""
        return self._images + self._filled == 0

    def means(self) -> tuple[float, float]:
        """Return mean loss and accuracy of the images since the last call."""
        self._sum_up()
        loss, right = self._loss_sum / self._images, self._right / self._images
        self._images, self._loss_sum, self._right = 0, 0.0, 0
        return loss, right

    def _sum_up(self) -> None:
        outputs, labels = self._outputs[: self._filled], self._labels[: self._filled]
        self._loss_sum += self._loss.total(outputs, labels)
        self._right += int(np.count_nonzero(outputs.argmax(axis=1) == labels))
        self._images += self._filled
        self._filled = 0
