"""Numbers with a sign as coloured pictures: blue below zero, white at zero, red above.

The pages Inside and Evaluate draw weights, contributions and activations with it.
"""

import numpy as np
import numpy.typing as npt

BELOW, ABOVE = (33, 102, 172), (178, 24, 43)
"""Blue and red of the same darkness, which people who see no red or no green tell apart, too."""

SCALE = [[0.0, "rgb(33,102,172)"], [0.5, "rgb(255,255,255)"], [1.0, "rgb(178,24,43)"]]
"""The same colours, as Plotly has them."""


def signed_picture(values: npt.NDArray[np.floating], limit: float) -> npt.NDArray[np.uint8]:
    """Return values (height, width) as colours (height, width, 3): full at -limit and limit.

    >>> signed_picture(np.array([[-1.0, 0.0, 1.0]]), 1.0).tolist()
    [[[33, 102, 172], [255, 255, 255], [178, 24, 43]]]
    """
    share = np.clip(np.nan_to_num(values, nan=0.0) / (limit or 1.0), -1, 1)[..., None]
    towards = np.where(share < 0, BELOW, ABOVE)
    colours: npt.NDArray[np.uint8] = np.rint(255 + np.abs(share) * (towards - 255)).astype(np.uint8)
    return colours


def largest(values: npt.NDArray[np.floating]) -> float:
    """Return the largest absolute value, which is where a scale ends; 1 when there is none."""
    return float(np.abs(values).max(initial=0.0)) or 1.0


def strip(values: npt.NDArray[np.floating], columns: int = 32) -> npt.NDArray[np.floating]:
    """Return a row of values (n,) as rows of up to ``columns``, the last filled up with zeros.

    >>> strip(np.array([1.0, 2.0, 3.0]), 2).tolist()
    [[1.0, 2.0], [3.0, 0.0]]
    """
    columns = min(columns, len(values))
    rows = -(-len(values) // columns)
    return np.pad(values, (0, rows * columns - len(values))).reshape(rows, columns)
