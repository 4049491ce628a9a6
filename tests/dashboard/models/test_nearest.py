"""The training images nearest to an image, with their labels, and what is said of them."""

from dataclasses import replace

import pytest

from dashboard.models import nearest
from dashboard.models.nearest import Neighbours, neighbours_in_words, neighbours_of, pictures_of
from dashboard.session import UPLOADED_MODEL, Session
from dashboard.shipped import shipped_dataset, shipped_model
from mlcore import NetworkConfig, TrainingConfig, TrainingRun
from tests.mlcore.small import small_split, stripes


def test_the_images_nearest_to_a_digit_have_its_label_and_the_work_is_done_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, model, test = Session(), shipped_model("mnist"), shipped_dataset("mnist-test")
    found = neighbours_of(session, model, test.take([0]).images[0])
    assert found is not None
    assert found.are_learned
    assert found.images.labels.tolist() == [7] * nearest.SHOWN
    monkeypatch.setattr(nearest, "neighbourhood", lambda *_: pytest.fail("worked out twice"))
    assert neighbours_of(Session(), model, test.take([1]).images[0]) is not None


def test_a_model_whose_kind_of_images_is_not_here_has_no_neighbours() -> None:
    run = TrainingRun(NetworkConfig(hidden_sizes=(8,)), TrainingConfig(iterations=1))
    run.build(small_split())
    model = run.model()
    session = Session(uploaded_model=model, model_key=UPLOADED_MODEL)
    assert neighbours_of(session, model, stripes(1).images[0]) is None


def test_the_labels_are_counted_and_foreign_names_stay_text() -> None:
    images = stripes(6)
    neighbours = Neighbours(images, are_learned=True)
    assert [picture.caption for picture in pictures_of(neighbours)] == ["a", "b", "c"] * 2
    assert "`a` × 2, `b` × 2, `c` × 2" in neighbours_in_words(neighbours)
    assert "does not say" not in neighbours_in_words(neighbours)
    assert "of `stripes` that look" in neighbours_in_words(replace(neighbours, are_learned=False))
