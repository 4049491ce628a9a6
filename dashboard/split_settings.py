"""How a visitor wants a data set split: the choices of mlcore, and how they follow a change of the data.

It stands between the Dataset and the Split on the path. The web process and the workers make the same
split from the same settings.
"""

import dataclasses
from dataclasses import dataclass
from typing import Self

import mlcore.datasets.split

SMALL = 5000
"""With fewer images than this, a dev set of 1,000 would take too many of them."""


@dataclass(frozen=True)
class SplitSettings(mlcore.datasets.split.SplitSettings):
    """What `mlcore.split_dataset` is asked for."""

    @classmethod
    def of(cls, settings: mlcore.datasets.split.SplitSettings) -> Self:
        """Return the settings of a recipe."""
        return cls(**dataclasses.asdict(settings))

    def fitted_to(self, n_images: int) -> Self:
        """Return settings for another data set: a fifth of a small one is its dev set, the rest is learnt.

        >>> SplitSettings(seed=3, train_size=70).fitted_to(500) == SplitSettings(dev_size=0.2, seed=3)
        True
        """
        dev_size = 0.2 if n_images < SMALL else SplitSettings.dev_size
        return type(self)(dev_size=dev_size, seed=self.seed, stratify=self.stratify)
