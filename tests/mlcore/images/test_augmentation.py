"""Augmentation moves ink as its settings say, by a naive loop's reckoning, and only in training images."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import NetworkConfig, TrainingConfig, TrainingRun, load_dataset, split_dataset, train
from mlcore.images.augmentation import Augmentation, Augmenter, augment, change_pen_width
from mlcore.images.preparation import Preparation

EVERYTHING = Augmentation(2.0, 10.0, 0.1, 0.1, 1.0, 0.5, 0.05)


def digits(n: int) -> np.ndarray:
    return load_dataset("digits-8x8").images[:n]


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def pixel(image: np.ndarray, y: float, x: float) -> float:
    """Return the value at a place between pixels, bilinearly; paper outside."""
    top, left = int(np.floor(y)), int(np.floor(x))
    total = 0.0
    for row, column in itertools.product((top, top + 1), (left, left + 1)):
        if 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
            total += image[row, column] * (1 - abs(y - row)) * (1 - abs(x - column))
    return total


def warped_naively(images: np.ndarray, about: Augmentation, seed: int) -> np.ndarray:
    """Shift, rotate, scale and shear with the same chance, one pixel after the other."""
    angle, shear, scale_x, scale_y, shift_x, shift_y = seeded(seed).uniform(-1, 1, (6, len(images)))
    height, width = images.shape[1:]
    result = np.zeros(images.shape)
    for i, row, column in np.ndindex(images.shape):
        x, y = column - (width - 1) / 2, row - (height - 1) / 2
        x += about.shear * shear[i] * y
        turn = np.deg2rad(about.rotation * angle[i])
        x, y = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
        x, y = x * (1 + about.scale) ** scale_x[i], y * (1 + about.scale) ** scale_y[i]
        x, y = x + (width - 1) / 2 + about.shift * shift_x[i], y + (height - 1) / 2 + about.shift * shift_y[i]
        result[i, row, column] = pixel(images[i], y, x)
    return result


@pytest.mark.parametrize(
    "about",
    [
        Augmentation(shift=3.0),
        Augmentation(rotation=180.0),
        Augmentation(scale=0.5),
        Augmentation(shear=0.4),
        Augmentation(1.5, 20.0, 0.2, 0.2),
    ],
)
def test_affine_changes_equal_a_naive_loop(about: Augmentation) -> None:
    images = digits(20)
    expected = warped_naively(images, about, seed=3)
    # Places are rounded to 1/256 of a pixel, and values to whole numbers twice.
    assert np.abs(augment(images, seeded(3), about) - expected).max() < 3.5


def test_no_change_gives_an_equal_copy() -> None:
    images = digits(5)
    copy = augment(images, seeded(), Augmentation())
    np.testing.assert_array_equal(copy, images)
    assert not np.shares_memory(copy, images)


def test_an_augmenter_without_amounts_gives_back_what_it_was_given() -> None:
    images = digits(7)
    np.testing.assert_array_equal(Augmenter((8, 8), Augmentation(), 7)(images, seeded()), images)


@pytest.mark.parametrize("pooling", [2, 3, 4])
def test_pooled_at_rest_is_the_rounded_mean_of_squares(pooling: int) -> None:
    images = np.ascontiguousarray(digits(6)[:, :7])  # 7 rows: squares reach over the edge
    sums = Preparation((7, 8), pooling).compact(images)
    changed = Augmenter((7, 8), Augmentation(), 6, pooling)(images, seeded())
    np.testing.assert_array_equal(changed.reshape(6, -1), (sums + pooling**2 // 2) // pooling**2)


def test_pooling_while_looking_up_is_close_to_pooling_afterwards() -> None:
    images = load_dataset("mnist-test").images[:50]
    about = Augmentation(2.0, 10.0, 0.1, 0.1)
    afterwards = Preparation((28, 28), 2).compact(augment(images, seeded(), about)) / 4
    together = Augmenter((28, 28), about, 50, pooling=2)(images, seeded()).reshape(50, -1)
    assert np.corrcoef(afterwards.ravel(), together.ravel())[0, 1] > 0.995


def test_each_image_is_changed_in_its_own_way_and_again_by_the_same_seed() -> None:
    images = np.repeat(digits(1), 3, axis=0)
    first, second, third = augment(images, seeded(1), EVERYTHING)
    assert (first != second).any()
    assert (second != third).any()
    np.testing.assert_array_equal(augment(images, seeded(1), EVERYTHING)[2], third)


def test_more_images_than_fit_in_a_block_are_all_changed() -> None:
    images = np.repeat(digits(1), 300, axis=0)
    changed = augment(images, seeded(), Augmentation(rotation=30))
    assert (changed != images).any(axis=(1, 2)).all()


def test_elastic_pulls_have_the_deviation_asked_for() -> None:
    column = np.tile(np.arange(0, 224, 8, dtype=np.uint8), (400, 28, 1))  # grey is 8 times the column
    pulled = augment(column, seeded(), Augmentation(elastic=1.0)).astype(float)
    deviation = ((pulled - column) / 8)[:, 8:20, 8:20].std(axis=0)
    assert 0.8 < deviation.min() < deviation.max() < 1.2


def test_elastic_pulls_are_smooth() -> None:
    column = np.tile(np.arange(0, 224, 8, dtype=np.uint8), (100, 28, 1))
    pulled = (augment(column, seeded(), Augmentation(elastic=1.0)).astype(float) - column) / 8
    steps = np.diff(pulled[:, 8:20, 8:20], axis=1)
    assert steps.std() < 0.3


def test_a_pen_two_pixels_wider_reaches_every_neighbour() -> None:
    dot = np.zeros((1, 3, 3), np.uint8)
    dot[0, 1, 1] = 200
    assert change_pen_width(dot, np.array([2.0]))[0].tolist() == [[0, 200, 0], [200, 200, 200], [0, 200, 0]]


def test_a_thinner_pen_is_a_thicker_one_on_the_negative() -> None:
    images = digits(10)
    thinner = change_pen_width(images, np.linspace(-2, -0.1, 10))
    np.testing.assert_array_equal(thinner, 255 - change_pen_width(255 - images, np.linspace(2, 0.1, 10)))
    assert (thinner <= images).all()


def test_pen_width_zero_changes_nothing() -> None:
    images = digits(4)
    np.testing.assert_array_equal(change_pen_width(images, np.zeros(4)), images)


def test_noise_has_the_deviation_asked_for() -> None:
    grey = np.full((50, 28, 28), 128, np.uint8)
    noisy = augment(grey, seeded(), Augmentation(noise=0.1)).astype(float)
    assert 24.5 < (noisy - 128).std() < 26.5
    assert abs((noisy - 128).mean()) < 0.5


@given(
    st.tuples(st.integers(1, 6), st.integers(4, 20), st.integers(4, 20)),
    st.builds(
        Augmentation,
        st.floats(0, 10),
        st.floats(0, 180),
        st.floats(0, 1),
        st.floats(0, 1),
        st.floats(0, 5),
        st.floats(0, 2),
        st.just(0.0),
    ),
    st.integers(1, 4),
    st.integers(0, 100),
)
def test_no_change_makes_ink_darker_than_there_was(
    shape: tuple[int, int, int], about: Augmentation, pooling: int, seed: int
) -> None:
    images = seeded(seed).integers(0, 200, shape).astype(np.uint8)
    changed = Augmenter(shape[1:], about, shape[0], pooling)(images, seeded(seed))
    assert changed.shape == (shape[0], -(-shape[1] // pooling), -(-shape[2] // pooling))
    assert changed.max() <= images.max()


# ---- in a run ----------------------------------------------------------------------------------------------

CONFIG = TrainingConfig(epochs=2, augment_shift=1.0, augment_rotation=10.0, augment_elastic=0.5)


def final_parameters(training: TrainingConfig, network: NetworkConfig | None = None) -> np.ndarray:
    run = TrainingRun(network or NetworkConfig(hidden_sizes=(16,)), training)
    for _record in train(run, split_dataset(load_dataset("digits-8x8"), 300)):
        pass
    return run.network.parameters.copy()


def test_a_run_stopped_saved_and_loaded_goes_on_with_the_same_changes() -> None:
    split = split_dataset(load_dataset("digits-8x8"), 300)
    run = TrainingRun(NetworkConfig(hidden_sizes=(16,)), CONFIG)
    for _record in train(run, split, max_steps=7):
        pass
    run = TrainingRun.load_state(run.save_state())
    for _record in train(run, split):
        pass
    np.testing.assert_array_equal(run.network.parameters, final_parameters(CONFIG))


def test_augmentation_changes_what_is_learnt_but_not_the_start_or_the_order() -> None:
    plain = TrainingConfig(epochs=2)
    assert (final_parameters(CONFIG) != final_parameters(plain)).any()
    # so little that no pixel changes: everything else must be as without
    nothing = replace(plain, augment_noise=1e-9)
    np.testing.assert_array_equal(final_parameters(nothing), final_parameters(plain))


def test_measurements_are_taken_on_unchanged_images() -> None:
    split = split_dataset(load_dataset("digits-8x8"), 300)
    measured = []
    for training in (TrainingConfig(), CONFIG):
        run = TrainingRun(NetworkConfig(hidden_sizes=(16,)), training)
        measured.append(next(train(run, split)))
    assert measured[0] == measured[1]


def test_pooled_and_pruned_inputs_are_augmented_too() -> None:
    network = NetworkConfig(hidden_sizes=(16,), pooling=2, drop_rare_pixels=0.0)
    assert np.isfinite(final_parameters(CONFIG, network)).all()
