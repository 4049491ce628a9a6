"""A model with its answers to some labelled images, which is what galleries and charts are made of.

The Evaluate page makes one and hands it to its looks; the map of Inside makes one for its images.
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
