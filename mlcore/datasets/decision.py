"""What a reader decided about pixels where the file does not say it: scale, polarity, orientation, size.

`Dataset.decisions` holds them, and the Data page shows them beside the images.
"""

from dataclasses import dataclass
from typing import Literal

DecisionKey = Literal["stretch", "invert", "turn", "shrink"]


@dataclass(frozen=True)
class Decision:
    """One thing that was decided for the user.

    Attributes
    ----------
    key : "stretch", "invert", "turn" or "shrink"
        What was done: pixels brought to 0–255, dark ink turned white, images set upright, or made smaller.
    sentence : str
        What a user is told about it.
    count : int
        How many images it changed.
    """

    key: DecisionKey
    sentence: str
    count: int
