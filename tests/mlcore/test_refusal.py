"""What tells a digit from anything else, beside the model that ships with the app."""

import numpy as np
import pytest

from mlcore import Model, ModelFileError, NetworkConfig, Preparation, load_dataset, load_model
from mlcore.images.drawing import ink_of_strokes
from mlcore.refusal import ABOVE, KNOWN, UNKNOWN, Refusal, refusal_of
from models.junk import UNSEEN_KINDS, made_junk
from models.pen_font import DIGITS, shaken, written
from models.written_digits import SHAPE, on_canvas
from tests.house import ROOT


@pytest.fixture(scope="module")
def refusal() -> Refusal:
    return refusal_of(load_model(ROOT / "models" / "refusals" / "mnist.npz"))


def images_of(drawings: list) -> np.ndarray:
    frame, generator = load_model(ROOT / "models" / "mnist.npz").frame, np.random.default_rng(0)
    inks = [ink_of_strokes(on_canvas(lines, generator), frame.pen) for lines in drawings]
    return np.stack([frame.put(ink, SHAPE) for ink in inks])


def refused(refusal: Refusal, images: np.ndarray) -> float:
    return float((refusal.doubts(images) > refusal.above).mean())


def test_digits_are_hardly_ever_refused(refusal: Refusal) -> None:
    generator = np.random.default_rng(1)
    printed = [shaken(written(form, generator), generator) for forms in DIGITS.values() for form in forms]
    assert refused(refusal, images_of(printed)) == 0
    assert refused(refusal, load_dataset("mnist-test").images[:1000]) < 0.04


def test_what_no_training_showed_is_refused_mostly(refusal: Refusal) -> None:
    generator = np.random.default_rng(1)
    kinds = [UNSEEN_KINDS[name] for name in ("spirals", "hatching", "tangles", "words")]
    junk = [lines for kind in kinds for lines in made_junk(kind, 20, generator, [])]
    assert refused(refusal, images_of(junk)) > 0.9


def test_a_model_of_other_classes_refuses_nothing() -> None:
    config, prepared = NetworkConfig(hidden_sizes=()), Preparation((2, 2))
    for names, card in (((KNOWN, UNKNOWN), {}), (("0", "1"), {ABOVE: 0.5}), ((KNOWN, UNKNOWN), {ABOVE: "x"})):
        with pytest.raises(ModelFileError, match="does not tell digits from other drawings"):
            refusal_of(Model(config, prepared, names, np.zeros(10, np.float32), card=card))
