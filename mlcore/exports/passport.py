"""The passport of a run: all that a model file says of how the model was made.

The script, the notebook and the report are written from it, and `replay` trains by it once more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.split import SplitSettings
from mlcore.errors import ModelFileError
from mlcore.images.preparation import Preparation
from mlcore.language import _
from mlcore.model import Model
from mlcore.training.records import MOST_COUNTED, EpochMetrics, Record, records_of


@dataclass(frozen=True)
class Passport:
    """How a model was made.

    Attributes
    ----------
    network, training : NetworkConfig, TrainingConfig
    image_shape : (int, int)
    class_names : tuple of str
    dataset : str
        The name of the data set.
    n_train, n_dev : int
        Images.
    train_fingerprint, dev_fingerprint : str
        Of their content; empty where an older file does not say.
    steps : int
        How far the run had come.
    in_halves : bool
        Whether the gradients of the two halves of each batch were added up (see `TrainingRun`).
    weights_at : int
        The step after which the model's parameters were taken: that of the best measurement, or the last.
    is_repeatable : bool
        Whether the run follows from data, settings and seed alone: nothing was changed on the way.
    split : SplitSettings or None
        How the data set was split, as far as the file says.
    versions : dict of str to str
        Of NumPy, Python and the machine that trained it, as far as the file says.
    history : tuple of BatchMetrics and EpochMetrics
        What the run told about itself; empty where an older file does not say.
    blank_pixels : int
        How many pixels are blank in every image of the data set, and were left out while it was trained.
    """

    network: NetworkConfig
    training: TrainingConfig
    image_shape: tuple[int, int]
    class_names: tuple[str, ...]
    dataset: str
    n_train: int
    n_dev: int
    train_fingerprint: str
    dev_fingerprint: str
    steps: int
    in_halves: bool
    weights_at: int
    is_repeatable: bool
    split: SplitSettings | None
    versions: dict[str, str]
    history: tuple[Record, ...]
    blank_pixels: int = 0

    @classmethod
    def of(cls, model: Model) -> Self:
        """Return the passport of a model.

        Raises
        ------
        ModelFileError
            When the model does not say how it was made, or not in a way that can be read.
        """
        card = model.card
        counts = [
            card.get("train_size"),
            card.get("dev_size"),
            card.get("step"),
            card.get("weights_at", card.get("step")),
            card.get("blank_pixels", 0),
        ]
        n_train, n_dev, steps, weights_at, blank_pixels = (
            n if type(n) is int and 0 <= n < MOST_COUNTED else -1 for n in counts
        )
        if n_train < 1 or min(n_dev, steps, weights_at, blank_pixels) < 0 or model.preparation.floats:
            raise ModelFileError(
                _("This model does not say how it was trained. Use a model file of a run of this program.")
            )
        try:
            history = () if model.history is None else tuple(records_of(model.history))
        except ValueError as error:
            raise ModelFileError(_("The model file is damaged: its history cannot be read.")) from error
        return cls(
            model.network_config,
            model.training_config,
            model.image_shape,
            model.class_names,
            _text(card.get("dataset")),
            n_train,
            n_dev,
            _text(card.get("fingerprint")),
            _text(card.get("dev_fingerprint")),
            steps,
            card.get("in_halves") is True,
            weights_at,
            card.get("repeatable") is not False,
            split_of(card.get("split")),
            {name: _text(card[name]) for name in VERSIONS if name in card},
            history,
            blank_pixels,
        )

    def checked(self) -> Self:
        """Return the passport itself, once it is known that its run can be repeated.

        Raises
        ------
        ModelFileError
            When more than its settings decided how the run went.
        """
        if not self.is_repeatable:
            raise ModelFileError(
                _(
                    "The learning rate or the length of this run was changed on the way, or it continued "
                    "an earlier one: its settings alone cannot reproduce it. Train it again with the "
                    "current settings."
                )
            )
        return self

    @property
    def total_steps(self) -> int:
        """The steps that the schedule was made for."""
        return self.training.total_steps(self.n_train)

    @property
    def last_step(self) -> int:
        """Where the run ended: before its last step when it was stopped."""
        return min(self.steps, self.total_steps) or self.total_steps

    @property
    def pooled_shape(self) -> tuple[int, int]:
        """Height and width of what the network sees."""
        return Preparation(self.image_shape, self.network.pooling).pooled_shape

    @property
    def features_word(self) -> str:
        """How many numbers the network reads, in words when only the images can tell."""
        if self.network.drop_rare_pixels is not None:
            return "inputs"
        return str(math.prod(self.pooled_shape) - self.blank_pixels)

    @property
    def leaves_out_pixels(self) -> bool:
        """Whether the network was trained without some of the pixels."""
        return self.network.drop_rare_pixels is not None or self.blank_pixels > 0

    @property
    def evaluations(self) -> list[EpochMetrics]:
        """The measurements of its history."""
        return [record for record in self.history if isinstance(record, EpochMetrics)]


VERSIONS = ("numpy", "python", "machine", "kernel")
"""What a card says about the programs and the machine that trained the model."""


def split_of(settings: Any) -> SplitSettings | None:
    """Return the split that a card tells of; None when it tells of none."""
    try:
        return None if settings is None else SplitSettings(**settings)
    except TypeError:
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
