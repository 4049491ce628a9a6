"""A stroke font: digits, letters, shapes and small pictures, written down as points on a grid.

`models/junk.py` and `models/make_refusal.py` write with it. No two drawings of a sign are alike.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float64]
Lines = tuple[Line, ...]

# A stroke goes through points "xy", each from 0 to 8, y down; one that begins with ~ is curved.
DIGITS = {
    "0": ("~40 11 04 17 48 77 84 71 40", "~40 20 14 38 58 74 50 40"),
    "1": ("40 48", "50 38", "22 40 48", "22 40 48|28 68"),
    "2": ("~12 30 60 72 54 26 08|08 88", "~12 40 72 54 08 88", "12 40 72 08 88"),
    "3": ("~11 40 71 43 34|~34 54 76 48 17", "00 80 44|~44 76 48 17", "10 70 34 76 48 07"),
    "4": ("50 05 85|62 68", "10 05 75|60 68", "60 05 85|60 68", "30 25 75|62 58"),
    "5": ("70 10 04|~04 44 76 48 07", "70 10 14 54 76 48 07", "10 04|~04 44 76 48 07|10 70"),
    "6": ("~60 22 05 17 48 76 54 25 06", "~50 13 06 38 67 55 25 06", "50 05 18 58 65 15"),
    "7": ("00 80 38", "00 80 38|24 74", "02 00 80 48", "~01 40 80|80 38"),
    "8": ("~71 40 11 33 55 77 48 17 35 53 71", "~40 11 43 71 40|~43 06 48 86 43", "40 12 76 48 06 72 40"),
    "9": ("~72 40 11 03 24 53 72|72 58", "~71 30 03 34 71|71 78", "71 20 03 34 72|72 68"),
}
"""Some ways to print each digit."""

LETTERS = {
    "A": "08 40 88|25 65",
    "C": "~71 40 11 04 17 48 77",
    "D": "00 08|~00 50 84 58 08",
    "E": "80 00 08 88|04 64",
    "F": "80 00 08|04 54",
    "G": "~71 40 11 04 17 48 77 74|44 74",
    "H": "00 08|80 88|04 84",
    "J": "~60 66 38 06",
    "K": "00 08|80 04 88",
    "L": "00 08 88",
    "M": "08 00 45 80 88",
    "N": "08 00 88 80",
    "P": "08 00|~00 60 82 54 04",
    "R": "08 00|~00 60 82 54 04|44 88",
    "T": "00 80|40 48",
    "U": "~00 05 18 48 78 85 80",
    "V": "00 48 80",
    "W": "00 28 43 68 80",
    "X": "00 88|80 08",
    "Y": "00 44 80|44 48",
    "a": "~75 53 14 17 48 75|72 78",
    "e": "~05 75 62 31 04 17 48 77",
    "f": "~71 50 31 34 38|14 64",
    "h": "00 08|~05 33 64 68",
    "k": "10 18|63 15 68",
    "m": "03 08|~04 23 44 48|~44 63 84 88",
    "n": "13 18|~15 33 64 68",
    "r": "23 28|~25 43 64",
    "t": "~30 36 48 67|13 63",
    "v": "03 48 83",
    "w": "03 28 44 68 83",
    "x": "13 78|73 18",
    "O": "~40 11 04 17 48 77 84 71 40",
    "I": "20 60|40 48|28 68",
    "l": "40 48",
    "S": "~71 40 11 33 64 77 38 06",
    "Z": "00 80 08 88",
    "B": "00 08|~00 60 72 54 04|~04 64 86 68 08",
    "q": "~65 63 33 14 16 47 65|63 69",
    "g": "~65 63 33 14 16 47 65|~63 67 49 18",
    "b": "10 18|~15 34 65 67 38 17",
    "s": "~63 42 23 44 66 48 17",
    "z": "13 73 18 78",
    "i": "43 48|41 41",
}
LETTERS_LIKE_DIGITS = "OIlSZBqgbszDG"
"""What most people would read as a digit when they are asked for one: these are told apart."""
LETTERS_TRAINED = "CFHKMNPUWehkmtvi"
LETTERS_UNSEEN = "AEJLRTVXYafnrwx"

SHAPES = {
    "square": "00 80 88 08 00",
    "triangle": "40 88 08 40",
    "arrow": "04 84|51 84 57",
    "plus": "40 48|04 84",
    "wave": "~04 22 44 66 84",
    "tick": "04 38 80",
    "question mark": "~12 30 62 54 45 46|48 48",
    "stairs": "08 06 26 24 44 42 62 60 80",
    "cup": "02 08 68 62|~63 84 66|02 62",
    "percent": "80 08|~10 01 12 21 10|~76 67 78 87 76",
    "hash": "20 28|60 68|03 83|06 86",
}
PICTURES = {
    "house": "38 08 03 40 83 88 38|33 38|63 68",
    "star": "18 40 78 03 83 18",
    "heart": "~48 04 02 20 42 60 82 84 48",
    "tree": "38 36 06 40 86 56 58 38",
    "fish": "~04 32 64 84|~04 36 64|82 64 86",
    "flower": "~44 21 41 44 61 73 44 75 66 44 37 16 44 13 21 44|44 48",
    "boat": "06 18 78 86 06|46 40 75 45",
    "lightning": "50 14 44 28 83 53 70 50",
    "sun": "~42 24 46 64 42|40 41|48 47|04 14|84 74|11 22|77 66|17 26|71 62",
    "moon": "~60 20 04 28 68 46 44 42 60",
    "key": "~22 04 24 44 22|43 83 85|63 64",
    "person": "~40 31 42 51 40|42 46|23 63|18 46 78",
}


def written(strokes: str, generator: np.random.Generator) -> Lines:
    """Return a sign of a stroke font in a box of side 1, its points moved a little.

    >>> [line.shape for line in written("00 88|80 08", np.random.default_rng(0))]
    [(2, 2), (2, 2)]
    """
    lines = []
    for stroke in strokes.split("|"):
        points = np.array([[float(x), float(y)] for x, y in stroke.lstrip("~").split()]) / 8
        points += generator.normal(0, 0.03, points.shape)
        lines.append(smooth(points) if stroke.startswith("~") else points)
    return tuple(lines)


def smooth(points: Line, between: int = 8) -> Line:
    """Return a curve through points (Catmull and Rom, 1974)."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    p0, p1, p2, p3 = (padded[k : len(padded) - 3 + k, None] for k in range(4))
    t = np.linspace(0, 1, between, endpoint=False)[None, :, None]
    curve = p1 + t / 2 * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])


def shaken(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return lines turned, slanted and stretched a little, in a box whose longer side is 1."""
    angle = generator.normal(0, 0.1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[generator.uniform(0.8, 1.2), generator.normal(0, 0.12)], [0, 1]])
    return in_unit_box([line @ (turn @ slant).T for line in lines])


def in_unit_box(lines: Sequence[Line]) -> Lines:
    """Return lines in a box whose longer side is 1 and whose upper left corner is (0, 0)."""
    points = np.concatenate(lines)
    size = max(float(np.ptp(points, axis=0).max()), 1e-6)
    return tuple((line - points.min(axis=0)) / size for line in lines)
