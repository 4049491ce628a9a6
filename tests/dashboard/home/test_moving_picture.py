"""What moves on Home is what the network answers, and it is light.

These are the tests of `dashboard.home.moving_picture` and `dashboard.home.handwriting`.
"""

import re

import numpy as np
import pytest

from dashboard.home.handwriting import LINES, SIZE, begun, length, written
from dashboard.home.moving_picture import FRAMES, SECONDS, WRITING, Scene, moving_picture_html, scenes
from dashboard.shipped import shipped_model
from mlcore.images.drawing import digit_in_strokes

NAMES = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def shown() -> tuple[Scene, ...]:
    return scenes("mnist")


@pytest.fixture(scope="module")
def html(shown: tuple[Scene, ...]) -> str:
    return moving_picture_html(shown, NAMES)


def keyframes(html: str, name: str) -> dict[float, str]:
    """Return the stops of a rule, from their time in percent to their style."""
    (rule,) = re.findall(rf"@keyframes {name}{{((?:[^{{}}]+{{[^{{}}]*}})*)}}", html)
    return {float(time): style for time, style in re.findall(r"([\d.]+)%{([^}]*)}", rule)}


@pytest.mark.parametrize("digit", LINES)
def test_the_pen_leaves_more_ink_with_time_and_the_whole_digit_in_the_end(digit: str) -> None:
    strokes = written(digit)
    shares = [sum(map(length, begun(strokes, share))) / sum(map(length, strokes)) for share in (0.25, 0.5, 1)]
    assert shares == pytest.approx([0.25, 0.5, 1])


@pytest.mark.parametrize("frame", [5, 14, FRAMES - 1])
def test_a_frame_is_the_models_answer_to_what_is_drawn_by_then(shown: tuple[Scene, ...], frame: int) -> None:
    model = shipped_model("mnist")
    for scene in shown:
        drawing = begun(written(scene.digit), (frame + 1) / FRAMES)
        image = digit_in_strokes(drawing, model.frame, model.image_shape, SIZE)
        assert np.array_equal(scene.seen[frame], image)
        assert scene.probabilities[frame] == pytest.approx(model.predict_probabilities(image[None])[0])


def test_each_digit_is_read_in_the_end_and_taken_for_others_on_the_way(shown: tuple[Scene, ...]) -> None:
    for scene in shown:
        leaders = [NAMES[k] for k in scene.probabilities.argmax(1)]
        assert leaders[-1] == scene.digit
        assert len({*leaders}) >= 3


def test_the_bars_move_as_the_probabilities_do(shown: tuple[Scene, ...], html: str) -> None:
    for n, scene in enumerate(shown):
        for frame in (11, FRAMES - 1):
            time = round(100 * (n + WRITING * (frame + 1) / FRAMES) / len(shown), 2)
            for k, name in enumerate(NAMES):
                stops = keyframes(html, f"dl-bar-{name}")
                heights = [float(style.removeprefix("transform:scaleX(")[:-1]) for style in stops.values()]
                assert np.interp(time, [*stops], heights) == pytest.approx(
                    scene.probabilities[frame, k], abs=0.01
                )


def test_every_part_that_moves_has_its_rule_and_is_light_enough_for_a_first_page(html: str) -> None:
    rules = re.findall(r"@keyframes ([\w-]+)", html)
    assert len(rules) == len({*rules})
    assert {*re.findall(r"animation-name:([\w-]+)", html)} == {*rules}
    assert len(html) < 50_000
    assert f"--dl-time: {SECONDS * len(LINES):g}s" in html


def test_without_motion_the_first_digit_stands_there_with_its_answer(html: str) -> None:
    still = re.findall(r'style="animation-name:dl-(?:ink|lead|sure)-([\d-]+);opacity:1"', html)
    assert still == ["0-0", "3", "0"]
    assert re.findall(r"dl-bar-(\d);transform:scaleX\(1\)", html) == ["3"]


def test_who_cannot_see_it_hears_what_is_shown(html: str) -> None:
    (words,) = re.findall(r'aria-label="([^"]*)"', html)
    for digit in LINES:
        assert f"{digit}, " in words
