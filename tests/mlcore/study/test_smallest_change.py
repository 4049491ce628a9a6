"""A changed image is taken for the class, and its sizes are what was changed."""

from typing import Any

import numpy as np
import pytest

from mlcore import Model, NetworkConfig, TrainingConfig, change_towards, fit, fooling_change, load_dataset
from mlcore.study.smallest_change import Change, _Asked

DIGITS = load_dataset("digits-8x8")


@pytest.fixture(scope="module", params=[{}, {"pooling": 2}, {"standardize": True}], ids=str)
def model(request: pytest.FixtureRequest) -> Model:
    network = NetworkConfig(hidden_sizes=(24,), **request.param)
    return fit(DIGITS.take(slice(0, 900)), network=network, training=TrainingConfig(epochs=6), progress=False)


def right_answers(model: Model, count: int) -> list[tuple[np.ndarray, int]]:
    """Images that the model reads as what they are, each with the class that it finds next likeliest."""
    images = DIGITS.images[900:1000]
    probabilities = model.predict_probabilities(images)
    right = np.flatnonzero(probabilities.argmax(axis=1) == DIGITS.labels[900:1000])[:count]
    return [(images[k], int(np.argsort(probabilities[k])[-2])) for k in right]


def check(model: Model, image: np.ndarray, of_class: int, change: Change | None) -> Change:
    assert change is not None
    assert model.predict(change.image[None])[0] == of_class
    difference = (change.image.astype(float) - image) / model.full_ink
    np.testing.assert_allclose(change.difference, difference)
    assert change.added - change.removed == pytest.approx(difference.sum())
    assert change.pixels == (change.image != image).sum()
    return change


def test_a_fooling_change_is_taken_for_the_class_and_is_smaller_than_the_way_to_a_real_image(
    model: Model,
) -> None:
    for image, of_class in right_answers(model, 8):
        fooling = check(model, image, of_class, fooling_change(model, image, of_class))
        real = DIGITS.images[DIGITS.labels == of_class].astype(float)
        nearest = np.sqrt(np.square((real - image) / model.full_ink).sum(axis=(1, 2))).min()
        assert fooling.length < nearest


def test_a_change_towards_real_images_only_takes_pixels_between_the_image_and_one_of_them(
    model: Model,
) -> None:
    for image, of_class in right_answers(model, 4):
        examples = DIGITS.images[:900][DIGITS.labels[:900] == of_class]
        change = check(model, image, of_class, change_towards(model, image, of_class, examples))
        moved = change.image != image
        between = (np.minimum(examples, image) <= change.image) & (
            change.image <= np.maximum(examples, image)
        )
        assert moved.any()
        assert between[:, moved].all(axis=1).any()


def test_without_an_example_that_the_network_knows_there_is_no_change_towards_it(model: Model) -> None:
    image, of_class = right_answers(model, 1)[0]
    assert change_towards(model, image, of_class, image[None]) is None
    assert change_towards(model, image, of_class, image[None][:0]) is None


@pytest.mark.parametrize("kind", [{}, {"pooling": 2}, {"standardize": True}], ids=str)
def test_the_slopes_are_those_of_central_differences(kind: dict[str, Any]) -> None:
    network = NetworkConfig(hidden_sizes=(24,), activation="tanh", **kind)
    data = DIGITS.take(slice(0, 900))
    model = fit(data, network=network, training=TrainingConfig(epochs=3), progress=False)
    asked, image = _Asked(model, 1), data.images[3].copy()
    image[3, 4] = model.full_ink // 2
    slope = asked.slopes(image[None], 2, 7)[0, 3, 4]

    def apart(pixel: int) -> float:
        image[3, 4] = pixel
        logits = asked.logits(image[None])[0]
        return float(logits[2] - logits[7])

    middle = model.full_ink // 2
    assert slope == pytest.approx((apart(middle + 1) - apart(middle - 1)) / 2, rel=0.02)
