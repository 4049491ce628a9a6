"""What a reader decided about the pixels where a file does not say it: scale, polarity, orientation, names.

`Dataset.decisions` holds them, the Data page shows them beside the images, and `mlcore.datasets.undo` undoes
them.
"""

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

DecisionKey = Literal["stretch", "shrink", "invert", "turn", "name"]


@dataclass(frozen=True)
class Decision:
    """One thing that was decided for the user, and what it takes to undo it.

    Attributes
    ----------
    key : "stretch", "shrink", "invert", "turn" or "name"
        What was done: pixels brought to 0–255, images made smaller, dark ink turned white, images set
        upright, numbers of classes replaced by characters.
    sentence : str
        What a user is told about it.
    count : int
        How many images it concerns.
    rows : bytes
        Which images those are, one bit each as `numpy.packbits` has them; empty when it is all.
    levels : int
        The largest value of the pixels before they were stretched; 0 when they were not whole numbers from 0
        to at most 255.
    names : tuple of str
        The names of the classes before they were letters, or, once that is undone, the letters.
    is_undone : bool
        Whether the data set is as if this had not been decided.
    offer : str
        Where it was left to the user from the start: why it was not done.
    """

    key: DecisionKey
    sentence: str
    count: int
    rows: bytes = b""
    levels: int = 0
    names: tuple[str, ...] = ()
    is_undone: bool = False
    offer: str = ""

    @property
    def can_be_undone(self) -> bool:
        """Whether the bytes of the images are enough to undo it.

        They are not where a file had finer levels than bytes have, or larger images than are kept.
        """
        return self.key in ("invert", "turn", "name") or (self.key == "stretch" and self.levels > 0)

    def mask(self, n_images: int) -> NDArray[np.bool_]:
        """Return which of the images it concerns, ``(n_images,)``.

        >>> Decision("invert", "…", 1, pack_rows(np.array([False, True, False]))).mask(3)
        array([False,  True, False])
        """
        if not self.rows:
            return np.ones(n_images, np.bool_)
        return np.unpackbits(np.frombuffer(self.rows, np.uint8), count=n_images).astype(np.bool_)

    def of(self, kept: NDArray[np.bool_]) -> Self:
        """Return the same decision about some of the images, given by a mask over all of them."""
        mask = self.mask(len(kept))[kept]
        return replace(self, count=int(mask.sum()), rows=pack_rows(mask))


def pack_rows(mask: NDArray[np.bool_]) -> bytes:
    """Return a mask as `Decision.rows` holds it.

    >>> pack_rows(np.array([True, True])), pack_rows(np.array([False, True]))
    (b'', b'@')
    """
    return b"" if mask.all() else np.packbits(mask).tobytes()
