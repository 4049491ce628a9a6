"""Which images a model learned from, as far as they are on this server, and which it did not."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dashboard.models import known as known_images
from dashboard.models.known import known_to
from dashboard.runs.service import RunService
from dashboard.session import RUN_MODEL, UPLOADED_MODEL, Session
from dashboard.shipped import shipped_dataset, shipped_model, shipped_split
from mlcore import (
    Dataset,
    Model,
    NetworkConfig,
    Split,
    SplitSettings,
    TrainingConfig,
    TrainingRun,
    train,
)
from tests.mlcore.small import small_split

NETWORK = NetworkConfig(hidden_sizes=(8,))


def trained_on(split: Split) -> Model:
    run = TrainingRun(NETWORK, TrainingConfig(iterations=1))
    for _record in train(run, split):
        pass
    return run.model()


def answered_by(model: Model, **choices: Any) -> Session:
    return Session(uploaded_model=model, model_key=UPLOADED_MODEL, **choices)


def pixels(dataset: Dataset) -> set[bytes]:
    return {image.tobytes() for image in dataset.images}


def test_the_shipped_model_learned_from_mnist_but_for_a_dev_set() -> None:
    known = known_to(Session(dataset_key="digits-8x8"), shipped_model("mnist"))
    assert known.is_certain
    assert known.learned is shipped_split("mnist", SplitSettings()).train
    assert known.unseen is shipped_dataset("mnist-test")


@pytest.mark.parametrize(
    "settings", [SplitSettings(dev_size=300, seed=4), SplitSettings(200, train_size=500)]
)
def test_the_split_of_a_file_is_made_again_and_its_dev_set_was_not_learned_from(
    settings: SplitSettings,
) -> None:
    model = trained_on(shipped_split("digits-8x8", settings))
    known = known_to(answered_by(model), model)
    assert known.is_certain
    assert known.learned.fingerprint == model.card["fingerprint"]
    assert known.unseen.fingerprint == model.card["dev_fingerprint"]
    assert len(pixels(known.unseen) & pixels(known.learned)) < 3  # the data set has some images twice


def test_of_a_file_that_does_not_say_images_of_its_kind_are_split() -> None:
    network = TrainingRun(NETWORK, TrainingConfig(iterations=1))
    network.build(shipped_split("digits-8x8", SplitSettings(dev_size=0.2)))
    made = network.model()
    model = Model(made.network_config, made.preparation, made.class_names, made.parameters)
    known = known_to(answered_by(model), model)
    assert not known.is_certain
    assert (len(known.learned), len(known.unseen)) == (1438, 359)


@pytest.mark.parametrize(
    "told", [{"dev_size": "x"}, {"dev_size": 10**9}, {"seed": []}, {"color": 1}, [1], "all"]
)
def test_a_split_that_a_file_invents_is_left_aside(told: Any) -> None:
    made = trained_on(shipped_split("digits-8x8", SplitSettings(dev_size=0.2)))
    card = {**made.card, "split": told, "dev_fingerprint": "none"}
    model = Model(made.network_config, made.preparation, made.class_names, made.parameters, card=card)
    assert not known_to(answered_by(model), model).is_certain


def test_data_of_the_visitor_are_known_again_by_their_dev_set() -> None:
    split = small_split()
    model = trained_on(split)
    session = answered_by(model)
    session.use_upload(Dataset(*_joined(split), split.train.class_names, "mine"), n_dev=len(split.dev))
    assert known_to(session, model).learned.fingerprint == split.train.fingerprint


def _joined(split: Split) -> tuple[np.ndarray, np.ndarray]:
    parts = split.train, split.dev
    return (
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def test_where_nothing_fits_nothing_is_claimed() -> None:
    network = TrainingRun(NETWORK, TrainingConfig(iterations=1))
    network.build(small_split())
    model = network.model()
    assert not known_to(answered_by(model), model).is_certain


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunService]:
    service = RunService()
    monkeypatch.setattr(known_images, "get_run_service", lambda: service)
    monkeypatch.setattr(known_images, "chosen_key", lambda _session: RUN_MODEL)
    yield service
    service.close()


@pytest.mark.parametrize("is_own", [True, False])
def test_only_the_owner_of_a_run_sees_what_it_learned_from(
    service: RunService, monkeypatch: pytest.MonkeyPatch, is_own: bool
) -> None:
    monkeypatch.setattr(known_images, "own_run_answers", lambda _session: is_own)
    split = small_split()
    session = Session(run_id=service.start("someone", split, NETWORK, TrainingConfig(iterations=1)))
    model = trained_on(split)
    known = known_to(session, model)
    assert (known.learned.fingerprint == split.train.fingerprint) is is_own
    assert known.is_certain is is_own
