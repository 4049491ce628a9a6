"""Ways of writing a digit that the collections lack, made from the pen strokes that they have.

`models/make_refusal.py` trains on such variants, and `benchmarks/drawing.py` asks a model about those of
writers whom it never saw: zeros with a slash, ones with a foot or a long head, crossed sevens, loops.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from models.pen_font import Line, Lines, in_unit_box
from models.written_digits import WrittenDigit

Variant = Callable[[Lines, np.random.Generator], Lines]

TURN = np.linspace(0, 2 * np.pi, 13)  # the points of a small loop


def slashed(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return a zero with a slash from its lower left to its upper right, which may reach beyond it."""
    (left, top), (right, bottom) = _corners(lines)
    reach = generator.uniform(-0.15, 0.2, 2)[:, None] * [right - left, top - bottom]
    return *lines, np.array([[left, bottom] - reach[0], [right, top] + reach[1]])


def barred(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return a seven with a bar through its stem; one that has two strokes has a bar already."""
    if len(lines) > 1:
        return lines
    (_left, top), (_right, bottom) = _corners(lines)
    height = top + generator.uniform(0.45, 0.65) * (bottom - top)
    line = lines[0]
    stem = line[len(line) // 2 :]
    x = stem[np.argmin(abs(stem[:, 1] - height)), 0]
    half = generator.uniform(0.15, 0.3) * (bottom - top)
    rise = generator.uniform(-0.05, 0.08) * (bottom - top)
    return *lines, np.array([[x - half, height + rise], [x + half, height - rise]])


def footed(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return a one on a foot; one that has two strokes has a foot already."""
    if len(lines) > 1:
        return lines
    lowest = lines[0][np.argmax(lines[0][:, 1])]
    reach = generator.uniform(0.15, 0.35, 2) * _height(lines)
    rise = generator.uniform(-0.03, 0.03) * _height(lines)
    return *lines, lowest + np.array([[-reach[0], rise], [reach[1], -rise]])


def long_headed(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return a one whose pen came up a long way from the left before it went down."""
    line = lines[0]
    top = int(np.argmin(line[:, 1]))
    length = generator.uniform(0.3, 0.5) * _height(lines)
    angle = generator.uniform(np.radians(35), np.radians(60))
    start = line[top] + length * np.array([-np.cos(angle), np.sin(angle)])
    return np.concatenate([start[None], line[top:]]), *lines[1:]


def footed_and_long_headed(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return a one with both, as it is printed."""
    return long_headed(footed(lines, generator), generator)


def looped_at_the_corner(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return a two with a loop where the pen turns at the lower left."""
    line = lines[0]
    lower = np.flatnonzero(line[:, 1] > line[:, 1].mean())
    corner = int(lower[np.argmin(line[lower, 0])])
    return _with_loop(line, corner, generator.uniform(0.07, 0.14) * _height(lines)), *lines[1:]


def curled_at_the_start(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return a seven or a nine that begins with a small loop."""
    return _with_loop(lines[0], 0, generator.uniform(0.06, 0.11) * _height(lines)), *lines[1:]


def hooked_at_the_end(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return a nine or a four whose last stroke curls to the left below."""
    line = lines[-1]
    size = generator.uniform(0.12, 0.25) * _height(lines)
    turn = np.linspace(0, np.pi * generator.uniform(0.5, 0.9), 7)[1:, None]
    hook = line[-1] + size * np.hstack([np.cos(turn) - 1, np.sin(turn)])
    return *lines[:-1], np.concatenate([line, hook])


VARIANTS: dict[str, tuple[int, Variant]] = {
    "0 with a slash": (0, slashed),
    "1 with a foot": (1, footed),
    "1 with a long head": (1, long_headed),
    "1 with foot and long head": (1, footed_and_long_headed),
    "2 with a loop": (2, looped_at_the_corner),
    "7 with a bar": (7, barred),
    "7 with a curl": (7, curled_at_the_start),
    "9 with a curl": (9, curled_at_the_start),
    "9 with a hook": (9, hooked_at_the_end),
}
"""Name → the digit of which it is made, and how."""


def made_variants(
    digits: Iterable[WrittenDigit], name: str, generator: np.random.Generator
) -> list[WrittenDigit]:
    """Return a variant of each of these digits that it can be made of.

    Parameters
    ----------
    digits : iterable of WrittenDigit
    name : str
        Of `VARIANTS`.
    generator : numpy.random.Generator
        The same one gives the same strokes.
    """
    label, change = VARIANTS[name]
    return [
        replace(digit, strokes=in_unit_box(change(digit.strokes, generator)))
        for digit in digits
        if digit.label == label
    ]


def all_variants(digits: Iterable[WrittenDigit], generator: np.random.Generator) -> list[WrittenDigit]:
    """Return every variant of these digits."""
    digits = list(digits)
    return [digit for name in VARIANTS for digit in made_variants(digits, name, generator)]


def _corners(lines: Lines) -> tuple[Line, Line]:
    """Return the upper left and the lower right corner of what is drawn."""
    points = np.concatenate(lines)
    return points.min(axis=0), points.max(axis=0)


def _height(lines: Lines) -> float:
    (_left, top), (_right, bottom) = _corners(lines)
    return float(max(bottom - top, 0.1))


def _with_loop(line: Line, k: int, radius: float) -> Line:
    """Return a line with a small loop at its k-th point."""
    loop = line[k] + radius * np.stack([1 - np.cos(TURN), np.sin(TURN)], axis=1)
    return np.concatenate([line[:k], loop, line[k:]])
