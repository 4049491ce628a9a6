"""What a visitor reads about a drawing.

These are the tests of `dashboard.draw.answer_card`.
"""

import re

import numpy as np
import pytest

from dashboard.draw.answer import Answer
from dashboard.draw.answer_card import blank_html, few_images_sentence, verdict_html
from dashboard.ui.probability_bars import bars_html
from mlcore import Model, NetworkConfig, Preparation
from mlcore.evaluation import UNSURE

DIGITS = [str(digit) for digit in range(10)]
SEEN = np.zeros((28, 28), np.uint8)


def probabilities(**of: float) -> np.ndarray:
    """Return ten probabilities: those given (d7=0.9), and the rest shared."""
    values = np.full(10, (1 - sum(of.values())) / (10 - len(of)), np.float32)
    for name, value in of.items():
        values[int(name[1:])] = value
    return values


def answered(values: np.ndarray, names: list[str] = DIGITS) -> str:
    return verdict_html(Answer(tuple(names), values, SEEN))


def text(html: str, part: str) -> str:
    (found,) = re.findall(rf'<p class="dl-{part}">([^<]*)</p>', html)
    return str(found)


def test_the_likeliest_class_is_the_answer_and_the_next_the_second_guess() -> None:
    html = answered(probabilities(d7=0.92, d1=0.07))
    assert text(html, "guess") == "7"
    assert text(html, "sure") == "92.0 % sure"
    assert text(html, "second") == "Second guess: 1, 7.0 %"


def test_an_answer_that_evaluate_calls_unsure_says_so_here_too() -> None:
    assert text(answered(probabilities(d3=UNSURE - 0.01)), "sure") == "not sure (89.0 %)"
    assert text(answered(probabilities(d3=UNSURE + 0.01)), "sure") == "91.0 % sure"


def test_a_refused_drawing_gets_no_class_but_the_one_that_it_looks_most_like() -> None:
    html = verdict_html(Answer(tuple(DIGITS), probabilities(d7=0.9), SEEN, doubt=0.8, is_refused=True))
    assert text(html, "guess") == "?"
    assert text(html, "sure") == "That is no digit that I know."
    assert text(html, "second") == "Of the ten, it looks most like 7."


def test_a_probability_that_float32_rounds_to_one_is_not_called_certain() -> None:
    assert text(answered(probabilities(d3=1.0)), "sure") == "&gt; 99.9 % sure"


def test_every_class_has_a_bar_as_long_as_its_probability_and_a_number() -> None:
    html = bars_html(probabilities(d2=0.75, d8=0.25), DIGITS)
    assert re.findall(r'dl-name">(\d)<', html) == DIGITS
    assert re.findall(r"width: ([\d.]+)%", html) == [{2: "75.0", 8: "25.0"}.get(k, "0.0") for k in range(10)]
    assert html.count('class="dl-first"') + html.count("class=dl-first") == 1


def test_with_many_classes_the_ten_likeliest_are_shown_in_their_order() -> None:
    names = [f"letter {k}" for k in range(26)]
    values = np.arange(26, dtype=np.float32) / 325
    shown = re.findall(r'dl-name">letter (\d+)<', bars_html(values, names))
    assert shown == [str(k) for k in range(25, 15, -1)]


def test_a_blank_canvas_gets_the_hint_and_neither_answer_nor_numbers() -> None:
    html = blank_html((8, 8), "Draw a digit.")
    assert text(html, "guess") == "?"
    assert text(html, "sure") == "Draw a digit."
    assert " %" not in html + bars_html(None, DIGITS)


def test_blank_and_answered_cards_have_the_same_parts_so_that_nothing_jumps() -> None:
    def shape(html: str) -> list[str]:
        return re.findall(r"<(\w+)", html)

    assert shape(blank_html((28, 28), "Hint")) == shape(answered(probabilities(d1=1)))
    assert shape(bars_html(None, DIGITS)) == shape(bars_html(probabilities(d1=1), DIGITS))


def test_a_word_is_as_large_as_its_longest_part_allows_and_turns_nothing_around() -> None:
    html = answered(np.array([0.6, 0.4]), ["ankle boot", "חולצה"])
    assert "--dl-letters: 5" in html
    assert "Second guess: <bdi>חולצה</bdi>, 40.0 %" in html


def test_class_names_cannot_break_out_of_the_html() -> None:
    html = answered(np.array([0.6, 0.4]), ["<b>x</b>", '"><img src=x>'])
    assert "<b>" not in html
    assert html.count("<img") == 1


@pytest.mark.parametrize("train_size", [None, "many", True, -1, 0, 2000, 60_000])
def test_a_model_of_many_images_or_an_unknown_number_warns_of_nothing(train_size: object) -> None:
    assert few_images_sentence(model_of(train_size)) == ""


def test_a_model_of_few_images_says_so() -> None:
    sentence = few_images_sentence(model_of(1437))
    assert sentence.startswith("This model learned from only 1,437 images, about 144 of each class.")


def model_of(train_size: object) -> Model:
    config, card = NetworkConfig(hidden_sizes=()), {"train_size": train_size}
    return Model(config, Preparation((8, 8)), tuple(DIGITS), np.zeros(650, np.float32), card=card)
