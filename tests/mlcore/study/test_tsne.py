"""t-SNE puts images of one class together, and the same values in the same places."""

import numpy as np

from mlcore import load_dataset
from mlcore.study.progress import completed
from mlcore.study.tsne import tsne_places


def test_images_of_one_class_come_together_and_the_fractions_rise() -> None:
    data = load_dataset("digits-8x8").take(slice(0, 200))
    values = data.images.reshape(200, -1) / 255.0
    study, fractions = tsne_places(values), []
    while True:
        try:
            fractions.append(next(study))
        except StopIteration as end:
            places = end.value
            break
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    far = np.square(places[:, None] - places[None]).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    assert (data.labels[far.argmin(axis=1)] == data.labels).mean() > 0.85


def test_the_same_values_have_the_same_places_and_a_few_of_one_feature_are_enough() -> None:
    values = np.random.default_rng(0).normal(size=(6, 1))
    first, second = completed(tsne_places(values)), completed(tsne_places(values))
    assert first.shape == (6, 2)
    np.testing.assert_array_equal(first, second)
