"""What every part of the Evaluate page looks at: a model with its answers to some labelled images.

The page makes one; the looks in `looks.py` are given it.
"""

from dataclasses import dataclass

from dashboard.session import Session
from mlcore import Dataset, Evaluation, Model


@dataclass(frozen=True)
class Judged:
    """A model, and its answers to labelled images.

    Attributes
    ----------
    session : Session
        The visitor's.
    model : Model
    images : Dataset
        The labelled images.
    evaluation : Evaluation
        Its answers to them.
    """

    session: Session
    model: Model
    images: Dataset
    evaluation: Evaluation
