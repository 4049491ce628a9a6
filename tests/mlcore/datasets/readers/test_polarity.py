"""Dark ink on light paper is recognised image by image, and photos are left as they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import load_dataset, read_dataset
from mlcore.datasets.readers.polarity import Papers
from mlcore.images.resample import resample
from tests.mlcore.datasets.readers import data_files as make


def tight_crops(shape: tuple[int, int] = (24, 18), images: np.ndarray | None = None) -> np.ndarray:
    """MNIST digits cut out to the ink and scaled to one size, as scans cut out by OpenCV are."""
    crops = []
    for image in load_dataset("mnist-test").images[:600] if images is None else images:
        rows, columns = np.flatnonzero((image > 60).any(1)), np.flatnonzero((image > 60).any(0))
        crop = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        crops.append(np.rint(resample(crop, shape)))
    return np.array(crops).astype(np.uint8)


def bold_crops() -> np.ndarray:
    """The same of a pen that is a pixel wider, whose ink fills most of the image and of its border."""
    images = load_dataset("mnist-test").images[:600].copy()
    for axis in (1, 2):
        images = np.maximum(images, np.roll(images, 1, axis=axis))
    return tight_crops(shape=(28, 28), images=images)


def seven_segments() -> np.ndarray:
    """Digits of bars along the border, so that most of the border is ink."""
    segments = {
        "a": np.s_[:2],
        "g": np.s_[11:13],
        "d": np.s_[-2:],
        "f": np.s_[:12, :2],
        "b": np.s_[:12, -2:],
        "e": np.s_[12:, :2],
        "c": np.s_[12:, -2:],
    }
    digits = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
    images = np.zeros((20, 24, 18), np.uint8)
    for k, image in enumerate(images):
        for segment in digits[k % 10]:
            image[segments[segment]] = 255
    return images


def scans(faint: bool) -> np.ndarray:
    """Digits in grey on paper that is darker on one side, with noise."""
    rng = np.random.default_rng(0)
    ink = load_dataset("mnist-test").images[:600] / 255
    paper = rng.normal(205, 8, (600, 1, 1)) + np.linspace(-12, 12, 28)
    grey = paper * (1 - ink) + (125 if faint else 60) * ink + rng.normal(0, 7, ink.shape)
    return 255 - grey.clip(0, 255).astype(np.uint8)


def photos(n: int = 400) -> np.ndarray:
    """Hands made of shaded ovals before walls that are lit from one side, as in photos of sign language."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:28, 0:28] / 28 - 0.5
    images = np.empty((n, 28, 28))
    for image in images:
        angle, other = rng.uniform(0, 2 * np.pi, 2)
        wall = rng.uniform(130, 200) + rng.uniform(20, 90) * (np.cos(angle) * x + np.sin(angle) * y)
        oval = (x / rng.uniform(0.15, 0.3)) ** 2 + (y / rng.uniform(0.2, 0.35)) ** 2 < 1
        hand = oval | ((abs(x) < 0.14) & (y > 0))
        shade = rng.uniform(90, 190) + rng.uniform(30, 110) * (np.cos(other) * x + np.sin(other) * y)
        image[...] = np.where(hand, shade, wall) + rng.normal(0, 4, x.shape)
    return images.clip(0, 255).astype(np.uint8)


INK = {
    "MNIST": lambda: load_dataset("mnist").images,
    "MNIST's test images": lambda: load_dataset("mnist-test").images,
    "8×8 digits": lambda: load_dataset("digits-8x8").images,
    "crops to the ink": tight_crops,
    "small crops to the ink": lambda: tight_crops(shape=(8, 8)),
    "bold crops to the ink": bold_crops,
    "bars along the border": seven_segments,
    "scans": lambda: scans(faint=False),
    "faint scans": lambda: scans(faint=True),
}


@pytest.mark.parametrize("kind", INK)
def test_of_white_ink_no_image_is_inverted_and_of_black_ink_every_one(kind: str) -> None:
    images = INK[kind]()
    assert not Papers.of(images).dark_on_light().any()
    assert Papers.of(255 - images).dark_on_light().all()


@pytest.mark.parametrize(
    ("kind", "most_wrong"),
    [
        ("MNIST's test images", 0),
        ("8×8 digits", 0.01),
        ("scans", 0),
        ("crops to the ink", 0.03),
        ("bold crops to the ink", 0.03),
        ("bars along the border", 0.15),
    ],
)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
def test_in_a_mixed_set_each_image_is_judged_by_itself_or_by_the_others(
    kind: str, most_wrong: float, share: float
) -> None:
    images = INK[kind]()
    is_dark = np.random.default_rng(1).random(len(images)) < share
    mixed = np.where(is_dark[:, None, None], 255 - images, images)
    assert (Papers.of(mixed).dark_on_light() != is_dark).mean() <= most_wrong


@pytest.mark.parametrize("kind", ["crops to the ink", "bold crops to the ink", "bars along the border"])
def test_bold_ink_in_a_mixed_set_is_told_by_its_likeness_to_the_rest(kind: str) -> None:
    images = INK[kind]()
    is_dark = np.arange(len(images)) % 5 < 2
    papers = Papers.of(np.where(is_dark[:, None, None], 255 - images, images))
    by_itself, by_likeness = papers.light != is_dark, papers.dark_on_light() != is_dark
    assert by_likeness.sum() <= by_itself.sum() / 4


def test_photos_are_left_as_they_are_whichever_way_round() -> None:
    assert not Papers.of(photos()).dark_on_light().any()
    assert not Papers.of(255 - photos()).dark_on_light().any()


@given(st.integers(0, 999), st.integers(4, 12), st.sampled_from([0, 255]))
def test_an_empty_border_tells_the_paper_whatever_lies_inside(seed: int, side: int, paper: int) -> None:
    images = np.full((5, side, side), paper, np.uint8)
    images[:, 1:-1, 1:-1] = np.random.default_rng(seed).integers(0, 256, (5, side - 2, side - 2))
    assert set(Papers.of(images).dark_on_light()) == {paper == 255}


def test_a_mixed_file_is_read_as_white_ink_and_says_how_many_were_inverted() -> None:
    images, labels = load_dataset("digits-8x8").images[:40], np.arange(40) % 10
    mixed = np.where(np.arange(40)[:, None, None] % 4 == 0, 255 - images, images)
    dataset = read_dataset({"a.zip": make.archive(make.picture_folders(mixed, labels))})
    np.testing.assert_array_equal(dataset.images, images)
    (decision,) = dataset.decisions
    assert (decision.key, decision.count) == ("invert", 10)
    assert decision.sentence.startswith("10 of 40 images are dark on light")


def test_photos_are_not_inverted_and_that_is_offered() -> None:
    images = photos(40)
    dataset = read_dataset({"a.npz": make.npz(X=images, y=np.arange(40) % 4)})
    np.testing.assert_array_equal(dataset.images, images)
    (decision,) = dataset.decisions
    assert (decision.key, decision.is_undone) == ("invert", True)
    assert dataset.notes == ()
