"""What Evaluate says and draws of a model's robustness."""

import pytest

from dashboard.evaluate.robust import SENTENCES, robustness_figure, robustness_in_words
from mlcore import DISTORTIONS, Robustness, Strength


def found(*right: int, n: int = 200) -> Robustness:
    """Of rotations as given, and of nothing else."""
    strengths = DISTORTIONS["rotation"].strengths
    points = (Strength(strength, k, n) for strength, k in zip(strengths, right, strict=False))
    return Robustness(n, {"rotation": tuple(points)})


def test_the_sentence_names_the_first_strength_at_which_the_model_loses_clearly() -> None:
    words = robustness_in_words("rotation", found(196, 194, 192, 178, 150, 142))
    assert words == "Turned by 15°, 89 of 100 images are read correctly. As they are: 98 of 100."


def test_a_model_that_loses_nothing_is_judged_by_the_strongest_distortion() -> None:
    words = robustness_in_words("rotation", found(196, 195, 194))
    assert words == "Turned by 10°, 97 of 100 images are read correctly. As they are: 98 of 100."


def test_all_right_is_said_of_a_model_without_a_mistake_only() -> None:
    assert "As they are: 100 of 100." in robustness_in_words("rotation", found(200, 100))
    assert "As they are: 99.9 of 100." in robustness_in_words("rotation", found(1999, 100, n=2000))


@pytest.mark.parametrize("name", DISTORTIONS)
def test_every_distortion_has_its_sentence(name: str) -> None:
    assert "{right}" in SENTENCES[name]


def test_the_curve_has_the_intervals_and_each_model_its_own() -> None:
    first, second = found(190, 150), found(180, 100)
    figure = robustness_figure("rotation", {"mine": first, "yours": second})
    assert [trace.name for trace in figure.data] == ["mine", "yours"]
    assert figure.data[0].y == (95.0, 75.0)
    low, high = first.curves["rotation"][0].likely_accuracy
    assert figure.data[0].error_y.array[0] == pytest.approx(100 * high - 95, abs=0.01)
    assert figure.data[0].error_y.arrayminus[0] == pytest.approx(95 - 100 * low, abs=0.01)
    assert figure.layout.meta["alt"] == robustness_in_words("rotation", first)
