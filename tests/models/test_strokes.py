"""Variants of written digits: made of the strokes one has, and the same for the same generator."""

import numpy as np
import pytest

from models.junk import KINDS, LIKE_DIGITS, UNSEEN_KINDS, made_junk
from models.pen_font import LETTERS, LETTERS_LIKE_DIGITS, LETTERS_TRAINED, LETTERS_UNSEEN
from models.strokes import VARIANTS, made_variants
from models.written_digits import WrittenDigit

TURN = np.linspace(0, 2 * np.pi, 30)
RING = np.stack([0.3 + 0.3 * np.sin(TURN), 0.5 - 0.5 * np.cos(TURN)], axis=1)
STEM = np.linspace([0.1, 0.0], [0.0, 1.0], 20)
SEVEN = np.concatenate([np.linspace([0.0, 0.0], [0.7, 0.0], 10), np.linspace([0.7, 0.0], [0.3, 1.0], 10)])
DIGITS = [
    WrittenDigit(label, "one hand", (line,))
    for label, line in ((0, RING), (1, STEM), (2, SEVEN), (4, STEM), (5, RING), (7, SEVEN), (9, SEVEN))
]


def same(first: tuple, second: tuple) -> bool:
    return len(first) == len(second) and all(map(np.array_equal, first, second))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_another_drawing_of_the_same_digit_in_a_box_of_side_one(name: str) -> None:
    (made,) = made_variants(DIGITS, name, np.random.default_rng(1))
    (again,) = made_variants(DIGITS, name, np.random.default_rng(1))
    (original,) = (digit for digit in DIGITS if digit.label == made.label)
    assert same(made.strokes, again.strokes)
    assert not same(made.strokes, original.strokes)
    points = np.concatenate(made.strokes)
    assert points.min() == 0
    assert points.max() == pytest.approx(1)


def test_a_bar_crosses_the_stem_and_a_slash_the_whole_zero() -> None:
    (seven,) = made_variants(DIGITS, "7 with a bar", np.random.default_rng(0))
    bar, stem = seven.strokes[1], seven.strokes[0][10:]
    height = bar[:, 1].mean()
    x = np.interp(height, stem[:, 1], stem[:, 0])
    assert bar[0, 0] < x < bar[1, 0]
    (zero,) = made_variants(DIGITS, "0 with a slash", np.random.default_rng(0))
    (left, low), (right, high) = zero.strokes[1]
    assert right - left > 0.3
    assert low - high > 0.6


@pytest.mark.parametrize("kind", [*KINDS, *UNSEEN_KINDS, *LIKE_DIGITS])
def test_junk_is_the_same_for_the_same_generator_and_fills_its_box(kind: str) -> None:
    maker = (KINDS | UNSEEN_KINDS | LIKE_DIGITS)[kind]
    first = made_junk(maker, 5, np.random.default_rng(2), DIGITS)
    assert all(map(same, first, made_junk(maker, 5, np.random.default_rng(2), DIGITS)))
    assert not same(first[0], first[1])
    for lines in first:
        points = np.concatenate(lines)
        assert points.min() == 0
        assert points.max() == pytest.approx(1)


def test_no_letter_that_is_asked_about_was_trained_on() -> None:
    groups = [set(LETTERS_TRAINED), set(LETTERS_UNSEEN), set(LETTERS_LIKE_DIGITS)]
    assert sum(map(len, groups)) == len(set.union(*groups))
    assert set.union(*groups) == set(LETTERS)
