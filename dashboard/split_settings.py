"""How a visitor wants a data set split: the choices, apart from the data.

It stands between the Dataset and the Split on the path. The web process and the workers make the same
split from the same settings.
"""

from dataclasses import dataclass, replace

from mlcore import Dataset, Split, split_dataset

SMALL = 5000
"""With fewer images than this, a dev set of 1,000 would take too many of them."""


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

    def fitted_to(self, n_images: int) -> "SplitSettings":
        """Return these settings with sizes that suit another data set: of a small one, a fifth judges.

        >>> SplitSettings(seed=3, train_size=70).fitted_to(500)
        SplitSettings(dev_size=0.2, seed=3, stratify=False, train_size=None)
        """
        return replace(self, dev_size=0.2 if n_images < SMALL else SplitSettings.dev_size, train_size=None)

    def split(self, dataset: Dataset) -> Split:
        """Split ``dataset`` as these settings say."""
        return split_dataset(
            dataset,
            dev_size=self.dev_size,
            seed=self.seed,
            stratify=self.stratify,
            train_size=self.train_size,
        )
