"""The first test images with the answers of a shipped model, right or wrong.

The Home page shows them, to tell at a glance what a trained network can do.
"""

import streamlit as st

from dashboard.shipped import shipped_dataset, shipped_model
from dashboard.ui.pictures import Picture
from mlcore.language import _

IMAGES = 10


def showcase(name: str) -> tuple[Picture, ...]:
    """Return the first test images, each captioned with the model's answer."""
    test, names = shipped_dataset("mnist-test"), shipped_model(name).class_names
    answers = zip(test.images[:IMAGES], _guesses(name), test.labels[:IMAGES], strict=True)
    return tuple(Picture(image, *_words(names[guess], names[label])) for image, guess, label in answers)


@st.cache_resource(show_spinner=False)
def _guesses(name: str) -> tuple[int, ...]:
    """Return the model's answers, which are the same in every language."""
    guesses = shipped_model(name).predict(shipped_dataset("mnist-test").images[:IMAGES])
    return tuple(int(guess) for guess in guesses)


def _words(guess: str, truth: str) -> tuple[str, str]:
    """Return the words for one who cannot see the image, and the caption."""
    alt = _("A handwritten {truth}; the network says {guess}").format(truth=truth, guess=guess)
    return alt, guess if guess == truth else _("{guess}, wrong").format(guess=guess)
