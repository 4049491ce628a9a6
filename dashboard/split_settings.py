"""How a visitor wants a data set split: the choices, apart from the data.

It stands between the Dataset and the Split on the path. The web process and the workers make the same
split from the same settings.
"""

from dataclasses import dataclass

from mlcore import Dataset, Split, split_dataset


@dataclass(frozen=True)
class SplitSettings:
    """What `mlcore.split_dataset` is asked for.

    Attributes
    ----------
    dev_size : float
        Images in the dev set: a count, or a fraction of all images when below 1.
    seed : int
        Of the shuffle.
    stratify : bool
        Whether each class has the same share in both parts.
    train_size : int or None
        How many training images to use; None takes all that the dev set leaves.
    """

    dev_size: float = 1000
    seed: int = 0
    stratify: bool = False
    train_size: int | None = None

    def split(self, dataset: Dataset) -> Split:
        """Split ``dataset`` as these settings say."""
        return split_dataset(
            dataset,
            dev_size=self.dev_size,
            seed=self.seed,
            stratify=self.stratify,
            train_size=self.train_size,
        )
