"""Drawings that are no digit, made of strokes: scribbles, letters, shapes, two digits, digits crossed out.

`models/make_refusal.py` trains the model that tells a digit from anything else on some of these kinds, and
`benchmarks/junk.py` asks it about the others. The same generator makes the same drawings.
"""

from collections.abc import Callable, Sequence

import numpy as np

from models.pen_font import (
    LETTERS,
    LETTERS_LIKE_DIGITS,
    LETTERS_TRAINED,
    LETTERS_UNSEEN,
    PICTURES,
    SHAPES,
    Lines,
    shaken,
    smooth,
    written,
)
from models.written_digits import WrittenDigit

Maker = Callable[[np.random.Generator, Sequence[WrittenDigit]], Lines]


def scribble(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return one long curved line, or several, through points anywhere."""
    count = int(generator.integers(1, 4))
    return tuple(
        smooth(generator.uniform(0, 1, (int(generator.integers(5, 16)), 2))) for _number in range(count)
    )


def wandering(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return a line that wanders: each piece goes on about as the last one did."""
    n = int(generator.integers(15, 60))
    turns = np.cumsum(generator.normal(generator.normal(0, 0.3), 0.6, n))
    return (smooth(np.cumsum(np.stack([np.cos(turns), np.sin(turns)], axis=1), axis=0)),)


def zigzag(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return a line that goes to and fro, from the top to the bottom or across."""
    n = int(generator.integers(5, 12))
    line = np.stack([np.arange(n) % 2 + generator.uniform(-0.2, 0.2, n), np.linspace(0, 1.2, n)], axis=1)
    return (line[:, :: 1 if generator.random() < 0.5 else -1],)


def spiral(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return a line that winds outwards at least twice and a half."""
    angle = np.linspace(0, 2 * np.pi * generator.uniform(2.5, 5), 90)
    angle, radius = angle + generator.uniform(0, 2 * np.pi), np.linspace(0.05, 1, 90)
    return (np.stack([radius * np.cos(angle), radius * np.sin(angle) * generator.uniform(0.6, 1)], axis=1),)


def hatching(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return many strokes side by side."""
    slant = generator.uniform(-0.6, 0.6)
    return tuple(
        np.array([[x, 0], [x + slant, 1]]) + generator.uniform(-0.08, 0.08, (2, 2))
        for x in np.linspace(0, 1.2, int(generator.integers(4, 9)))
    )


def tangle(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return loops over loops (Lissajous)."""
    t = np.linspace(0, 2 * np.pi, 120)
    a, b = generator.permutation([2, 3, 4, 5])[:2] + generator.uniform(-0.1, 0.1, 2)
    return (np.stack([np.sin(a * t + generator.uniform(0, 3)), np.sin(b * t)], axis=1),)


def blot(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return ink to and fro so close that it fills what it covers."""
    y = np.repeat(np.linspace(0, generator.uniform(0.5, 1.5), 16), 2)
    half = generator.uniform(0.35, 0.5, 32) * np.sqrt(np.clip(1 - (2 * y / y.max() - 1) ** 2, 0.1, 1))
    return (np.stack([np.where(np.arange(32) % 4 < 2, half, -half), y], axis=1),)


def dots(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return a dot or two, or a dash or two that lie."""
    tilt, length = generator.uniform(-0.4, 0.4), generator.choice([0.01, 1])
    one = np.array([[0, 0], [length, tilt * length]])
    apart = np.array([generator.uniform(-0.5, 0.5), generator.uniform(0.4, 1)])
    return (one, one + apart) if generator.random() < 0.5 else (one,)


def smiley(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return a round face with two eyes and a mouth."""
    turn = np.linspace(0, 2 * np.pi, 25)
    mouth = np.linspace(0.2 * np.pi, 0.8 * np.pi, 9)
    width = generator.uniform(0.3, 0.6)
    eyes = [np.array([[x, -0.3], [x, -0.3 + generator.uniform(0.05, 0.2)]]) for x in (-0.35, 0.35)]
    bend = generator.choice([-1, 1]) * generator.uniform(0.4, 1)
    curve = np.stack([width * np.cos(mouth), 0.35 + bend * 0.35 * (np.sin(mouth) - 0.8)], axis=1)
    return np.stack([np.sin(turn), -np.cos(turn)], axis=1), *eyes, curve


def from_font(font: dict[str, str], names: Sequence[str]) -> Maker:
    """Return a maker of signs of a stroke font, each time another of these."""

    def make(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
        return written(font[names[int(generator.integers(len(names)))]], generator)

    return make


def framed(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return a letter, a shape or a dot within a ring or a square."""
    signs = [*(LETTERS[name] for name in LETTERS_TRAINED), *SHAPES.values(), "40 48", "04 84", "44 44"]
    size, place = generator.uniform(0.3, 0.6), generator.uniform(0.3, 0.7, 2)
    inner = written(signs[int(generator.integers(len(signs)))], generator)
    outer = written(str(generator.choice(["~40 11 04 17 48 77 84 71 40", SHAPES["square"]])), generator)
    return *outer, *(size * (line - 0.5) + place for line in inner)


def overlaid(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return two letters or shapes, one over the other."""
    signs = [*(LETTERS[name] for name in LETTERS_TRAINED), *SHAPES.values()]
    first, second = (written(signs[int(k)], generator) for k in generator.integers(len(signs), size=2))
    shift = generator.uniform(-0.3, 0.3, 2)
    return *first, *(line + shift for line in second)


def two_digits(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return two digits that touch or nearly do."""
    first, second = (_as_wide_as(digit, generator) for digit in _some(digits, generator, 2))
    right = max(line[:, 0].max() for line in first) + generator.uniform(-0.08, 0.08)
    return *first, *(line - [min(l[:, 0].min() for l in second) - right, 0] for line in second)


def word(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return three letters in a row."""
    names = generator.choice(list(LETTERS), 3)
    return tuple(
        line + np.array([1.2 * k, 0])
        for k, name in enumerate(names)
        for line in written(LETTERS[name], generator)
    )


def sideways(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return a 2, 3, 4 or 5 that lies on its side."""
    (digit,) = _some([digit for digit in digits if digit.label in (2, 3, 4, 5)], generator, 1)
    sign = generator.choice([-1, 1])
    return tuple(sign * line[:, ::-1] * [1, -1] for line in digit.strokes)


def crossed_out(generator: np.random.Generator, digits: Sequence[WrittenDigit]) -> Lines:
    """Return a digit with two or more lines through it."""
    (digit,) = _some(digits, generator, 1)
    points = np.concatenate(digit.strokes)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    across = max(right - left, 0.5)
    middle = (left + right) / 2
    ends = [[middle - 0.6 * across, top], [middle + 0.6 * across, bottom]]
    cross = [np.array(ends), np.array([[ends[0][0], bottom], [ends[1][0], top]])]
    return *digit.strokes, *(line + generator.uniform(-0.08, 0.08, (2, 2)) for line in cross)


KINDS: dict[str, Maker] = {
    "scribbles": scribble,
    "wandering lines": wandering,
    "zigzags": zigzag,
    "blots": blot,
    "dots and dashes": dots,
    "letters": from_font(LETTERS, LETTERS_TRAINED),
    "shapes": from_font(SHAPES, list(SHAPES)),
    "signs in a frame": framed,
    "signs over each other": overlaid,
    "two digits": two_digits,
    "digits on their side": sideways,
}
"""What the model that refuses is trained on."""

UNSEEN_KINDS: dict[str, Maker] = {
    "spirals": spiral,
    "hatching": hatching,
    "tangles": tangle,
    "smileys": smiley,
    "pictures": from_font(PICTURES, list(PICTURES)),
    "other letters": from_font(LETTERS, LETTERS_UNSEEN),
    "words": word,
    "digits crossed out": crossed_out,
}
"""What it is asked about and was never trained on."""

LIKE_DIGITS: dict[str, Maker] = {f"letter {name}": from_font(LETTERS, [name]) for name in LETTERS_LIKE_DIGITS}
"""Letters that nobody can tell from digits by their form alone."""


def made_junk(
    kind: Maker, n: int, generator: np.random.Generator, digits: Sequence[WrittenDigit]
) -> list[Lines]:
    """Return n drawings of a kind, each slanted, stretched and shaken a little."""
    return [shaken(kind(generator, digits), generator) for _number in range(n)]


def _some(digits: Sequence[WrittenDigit], generator: np.random.Generator, n: int) -> list[WrittenDigit]:
    return [digits[int(k)] for k in generator.integers(len(digits), size=n)]


def _as_wide_as(digit: WrittenDigit, generator: np.random.Generator) -> Lines:
    """Return a digit in a height between 0.8 and 1, as it stands beside another."""
    return tuple(line * generator.uniform(0.8, 1) for line in digit.strokes)
