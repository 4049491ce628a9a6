"""What a model answers to one image.

The Draw page makes it once after each stroke; the answer card shows it, and the dares are judged by it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.ui.pictures import GreyImage
from mlcore import Model
from mlcore.refusal import Refusal


@dataclass(frozen=True)
class Answer:
    """An answer.

    Attributes
    ----------
    class_names : tuple of str
    probabilities : float array (classes,)
    seen : uint8 array (height, width)
        The image that the network was given.
    doubt : float or None
        How likely it is no image of these classes; None when nothing tells.
    is_refused : bool
        Whether that is too likely to name one of them.
    """

    class_names: tuple[str, ...]
    probabilities: npt.NDArray[np.floating]
    seen: GreyImage
    doubt: float | None = None
    is_refused: bool = False

    @property
    def ranking(self) -> npt.NDArray[np.intp]:
        """The classes, the likeliest first."""
        return np.argsort(-self.probabilities, kind="stable")

    @property
    def guess(self) -> str:
        """The name of the likeliest class."""
        return self.class_names[int(self.ranking[0])]

    @property
    def said(self) -> str:
        """What is answered: the likeliest class, or a question mark when the image is refused."""
        return "?" if self.is_refused else self.guess

    def share(self, rank: int) -> float:
        """Return the probability of the class with this rank, from 0."""
        return float(self.probabilities[self.ranking[rank]])


def answer_of(model: Model, image: GreyImage | None, refusal: Refusal | None = None) -> Answer | None:
    """Return what the model answers to an image, unless that is refused; None when there is none."""
    if image is None:
        return None
    probabilities = model.probabilities_of(image[None])[0]
    if refusal is None:
        return Answer(tuple(model.class_names), probabilities, image)
    doubt = float(refusal.doubts(image[None])[0])
    return Answer(tuple(model.class_names), probabilities, image, doubt, doubt > refusal.above)
