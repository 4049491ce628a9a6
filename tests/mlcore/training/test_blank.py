"""A network that is trained without blank pixels ends where one with all of them does, and has them again."""

from typing import Any

import numpy as np
import pytest

from mlcore import OPTIMIZERS, Dataset, NetworkConfig, Split, TrainingConfig, TrainingRun, train

INNER = np.pad(np.ones((4, 4), bool), 2).ravel()
"""The pixels of an image of 8×8 that may have ink."""


def framed(seed: int = 0) -> Dataset:
    """Return images of which only the inner 4×4 pixels have ink."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (230, 64), np.uint8) * INNER.astype(np.uint8)
    labels = np.r_[0, 1, 2, generator.integers(0, 3, 227)]
    return Dataset(images.reshape(-1, 8, 8), labels, ("a", "b", "c"), "framed")


def split_of(dataset: Dataset) -> Split:
    return Split(dataset.take(range(200)), dataset.take(range(200, 230)))


SPLIT = split_of(framed())
APART = Split(SPLIT.train, split_of(framed()).dev)
"""The same images, but the dev set is a data set of its own: then all pixels are read."""


def run_of(network: dict[str, Any] | None = None, **training: Any) -> TrainingRun:
    config = TrainingConfig(**{"batch_size": 32, "epochs": 3, "learning_rate": 0.01, **training})
    return TrainingRun(
        NetworkConfig(**{"hidden_sizes": (7,), "precision": "float64", **(network or {})}), config
    )


def trained(run: TrainingRun, split: Split) -> TrainingRun:
    list(train(run, split))
    return run


def inputs_of(run: TrainingRun) -> int:
    return run.network.preparation.features


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("network", [{}, {"standardize": True}, {"hidden_sizes": ()}], ids=str)
def test_the_model_is_the_same_as_with_all_pixels_up_to_rounding(
    optimizer: str, network: dict[str, Any]
) -> None:
    lean, whole = (trained(run_of(network, optimizer=optimizer), split) for split in (SPLIT, APART))
    assert (inputs_of(lean), inputs_of(whole)) == (16, 64)
    np.testing.assert_allclose(lean.model().parameters, whole.model().parameters, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        lean.best_model().parameters, whole.best_model().parameters, rtol=1e-9, atol=1e-12
    )
    everywhere = np.random.default_rng(1).integers(0, 256, (20, 8, 8), np.uint8)  # ink in the frame, too
    ours, theirs = (run.model().predict_probabilities(everywhere) for run in (lean, whole))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_the_weights_of_blank_pixels_stay_what_they_were() -> None:
    run = run_of()
    run.build(SPLIT)
    before = run.model().network.layers[0].parameters["weights"]
    after = trained(run, SPLIT).model().network.layers[0].parameters["weights"]
    np.testing.assert_array_equal(after[~INNER], before[~INNER])
    assert (after[INNER] != before[INNER]).all()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_is_saved_with_all_inputs_and_continues_to_the_last_bit(optimizer: str) -> None:
    straight, paused = run_of(optimizer=optimizer), run_of(optimizer=optimizer)
    trained(straight, SPLIT)
    list(train(paused, SPLIT, max_steps=5))
    again = TrainingRun.load_state(paused.save_state())
    assert inputs_of(again) == 64
    trained(again, SPLIT)
    assert inputs_of(again) == 16
    np.testing.assert_array_equal(again.network.parameters, straight.network.parameters)
    np.testing.assert_array_equal(again.model().parameters, straight.model().parameters)
    assert again.best == straight.best


@pytest.mark.parametrize(
    ("network", "training"),
    [
        ({}, {"weight_decay": 0.01}),
        ({}, {"optimizer": "adamw", "weight_decay": 0.01}),
        ({}, {"augment_shift": 1.0}),
        ({"filters": (2,), "kernel_size": 3}, {}),
    ],
    ids=str,
)
def test_all_pixels_are_read_where_the_blank_ones_matter(
    network: dict[str, Any], training: dict[str, Any]
) -> None:
    run = run_of(network, **training)
    run.build(SPLIT)
    assert inputs_of(run) == 64


def test_a_pixel_whose_gradients_the_optimizer_remembers_is_not_left_out() -> None:
    generator = np.random.default_rng(2)
    full = Dataset(
        generator.integers(0, 256, (230, 8, 8), np.uint8), SPLIT.train.base.labels, ("a", "b", "c"), "full"
    )
    before = trained(run_of(), split_of(full))
    after = run_of()
    after.begin_from(before, SPLIT)
    assert inputs_of(after) == 64
    from_framed = run_of()
    from_framed.begin_from(trained(run_of(), SPLIT), split_of(framed(seed=3)))
    assert inputs_of(from_framed) == 16


def test_other_images_bring_the_pixels_back_that_they_need() -> None:
    run = trained(run_of(), SPLIT)
    run.change(epochs=6)
    trained(run, APART)
    assert inputs_of(run) == 64
    np.testing.assert_allclose(
        run.model().parameters, trained(run_of(epochs=6), APART).model().parameters, rtol=1e-9, atol=1e-12
    )
