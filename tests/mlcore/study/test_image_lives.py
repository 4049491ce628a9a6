"""The life of an image, worked out by hand from a few answers, and followed in real trainings."""

from dataclasses import dataclass

import numpy as np
import pytest

from mlcore import Dataset, EpochMetrics, completed, lives_in_training, lives_over, train
from tests.mlcore.small import small_run, small_split, stripes


@dataclass
class Says:
    """A model that gives the class "yes" these probabilities."""

    yes: list[float]

    def probabilities_of(self, images: np.ndarray) -> np.ndarray:
        return np.array([[1 - p, p] for p in self.yes], np.float32)


FOUR = Dataset(np.zeros((4, 2, 2), np.uint8), [1, 1, 1, 0], ("no", "yes"), "four")
# learned at once; learned, forgotten and learned again; never; right at first only
SAID = [Says([0.9, 0.8, 0.1, 0.2]), Says([0.9, 0.3, 0.2, 0.9]), Says([0.9, 0.7, 0.3, 0.9])]


def test_learned_forgotten_confidence_and_variability_by_hand() -> None:
    lives = completed(lives_over(SAID, [1.0, 2.0, 3.0], FOUR))  # type: ignore[arg-type]
    np.testing.assert_array_equal(lives.learned, [1, 3, np.nan, np.nan])
    assert lives.forgotten.tolist() == [0, 1, 0, 1]
    assert lives.guesses.tolist() == [1, 1, 0, 1]
    # they stand for 1.5, 1 and 0.5 epochs
    weights = np.array([1.5, 1, 0.5]) / 3
    given = np.array([[0.9, 0.8, 0.1, 0.8], [0.9, 0.3, 0.2, 0.1], [0.9, 0.7, 0.3, 0.1]])
    mean = weights @ given
    np.testing.assert_allclose(lives.confidence, mean, rtol=1e-5)
    np.testing.assert_allclose(lives.variability, np.sqrt(weights @ (given - mean) ** 2), atol=1e-6)


def test_every_image_is_of_one_kind() -> None:
    lives = completed(lives_over(SAID, [1.0, 2.0, 3.0], FOUR))  # type: ignore[arg-type]
    kinds = {name: positions.tolist() for name, positions in lives.kinds().items()}
    assert kinds == {"hard": [2, 3], "ambiguous": [1], "easy": [0]}


def test_planted_labels_are_the_hardest_images() -> None:
    data = stripes(300)
    wrong = [4, 90, 200]
    planted = data.relabelled(wrong, (data.labels[wrong] + 1) % 3)
    run = small_run(epochs=6)
    lives = completed(lives_in_training(planted, run.network_config, run.training_config))
    assert lives.epochs == (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    assert sorted(lives.kinds()["hard"][:3].tolist()) == wrong
    assert np.isnan(lives.learned[wrong]).all()


def test_a_training_of_its_own_and_the_snapshots_of_the_same_run_tell_the_same() -> None:
    split, run = small_split(64, 10), small_run(epochs=4, evaluate_every=None)
    snapshots = []
    for record in train(run, split):
        if isinstance(record, EpochMetrics) and record.step:
            snapshots.append(run.model())
    own = completed(lives_in_training(split.train, run.network_config, run.training_config))
    over = completed(lives_over(snapshots, [1.0, 2.0, 3.0, 4.0], split.train))
    np.testing.assert_array_equal(own.learned, over.learned)
    np.testing.assert_array_equal(own.guesses, over.guesses)
    np.testing.assert_array_equal(own.forgotten, over.forgotten)


@pytest.mark.parametrize("epochs", [1, 3])
def test_progress_goes_up_to_one(epochs: int) -> None:
    run = small_run(epochs=epochs)
    fractions = list(lives_in_training(stripes(60), run.network_config, run.training_config))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
