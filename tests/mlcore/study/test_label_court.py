"""The label court finds planted labels, and each image is judged by a network that never saw it."""

import numpy as np
import pytest

from mlcore import DatasetError, completed, label_court
from mlcore.study.label_court import FOLDS, folds
from tests.mlcore.small import small_run, stripes

RUN = small_run(epochs=6)
DATA = stripes(300)
WRONG = np.array([5, 17, 60, 141, 250])
PLANTED = DATA.relabelled(WRONG, (DATA.labels[WRONG] + 1) % 3)


def test_planted_labels_come_first_with_the_class_that_they_had() -> None:
    court = completed(label_court(PLANTED, RUN.network_config, RUN.training_config))
    assert court.n == 300
    first = court.positions[: len(WRONG)]
    assert sorted(first) == WRONG.tolist()
    np.testing.assert_array_equal(court.suggested[: len(WRONG)], DATA.labels[first])


def test_what_is_listed_is_what_the_judges_dispute_in_the_order_of_the_margin() -> None:
    court = completed(label_court(PLANTED, RUN.network_config, RUN.training_config))
    assert (court.suggested != PLANTED.labels[court.positions]).all()
    assert (court.suggested_probability > court.given_probability).all()
    margin = court.suggested_probability / court.given_probability
    assert (np.diff(margin) <= 0).all()


def test_an_image_is_judged_by_a_network_that_never_saw_it() -> None:
    # A single image of a class of its own: no judge can have learned that class.
    only = DATA.take(slice(0, 60)).relabelled(np.flatnonzero(DATA.labels[:60] == 2), 0)
    only = only.relabelled([30], [2])
    court = completed(label_court(only, RUN.network_config, RUN.training_config))
    assert 30 in court.positions


def test_folds_share_each_class_out_evenly_and_differ_with_the_seed() -> None:
    labels = np.repeat([0, 1, 2], [50, 20, 7])
    fold = folds(labels, FOLDS, seed=0)
    for label in range(3):
        counts = np.bincount(fold[labels == label], minlength=FOLDS)
        assert counts.max() - counts.min() <= 1
    assert (fold != folds(labels, FOLDS, seed=1)).any()
    np.testing.assert_array_equal(fold, folds(labels, FOLDS, seed=0))


def test_too_few_images_are_refused_in_a_sentence() -> None:
    with pytest.raises(DatasetError, match="only 9 images; at least 10"):
        completed(label_court(DATA.take(slice(0, 9))))


def test_progress_goes_up_to_one() -> None:
    fractions = list(label_court(DATA, RUN.network_config, RUN.training_config))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
