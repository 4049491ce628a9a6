"""Foreign text as a part of a sentence.

These are the tests of `mlcore.quote`, with which readers and the model file quote what they found in a
file.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.quote import JOINERS, quoted


@given(st.text(st.characters(), max_size=400), st.integers(10, 100))
def test_what_is_quoted_is_bounded_and_visible_on_one_line(text: str, most: int) -> None:
    shown = quoted(text, most)
    assert len(shown) <= most
    assert all(letter.isprintable() or letter in JOINERS for letter in shown)
    shown.encode()  # no half of a surrogate pair is left
    assert quoted(shown, most) == shown


@pytest.mark.parametrize("text", ["digits of mine.csv", "७", "سه‌شنبه", "👩‍🏫", "a – b"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert quoted(text) == text


@pytest.mark.parametrize("letter", ["\u202e", "\u2066", "\ufeff", "\x1b", "\x00", "\ud800"])
def test_what_cannot_be_seen_becomes_a_sign_for_it(letter: str) -> None:
    assert quoted(f"a{letter}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_of_a_long_text_both_ends_are_kept() -> None:
    shown = quoted("begin" + "x" * 5_000_000 + "end.csv")
    assert shown.startswith("begin")
    assert shown.endswith("end.csv")
    assert len(shown) == 80
