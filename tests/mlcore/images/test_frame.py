"""Where and how bright the ink lies in a data set's images is measured, and drawings are placed like them."""

import dataclasses

import numpy as np
import pytest

from benchmarks.frames import FRAMES, drawn
from mlcore import Dataset, image_from_drawing, load_dataset
from mlcore.images.frame import Frame, fit_frame, mnist_frame

DIGITS = load_dataset("mnist").take(np.arange(300))
DRAWINGS = drawn(DIGITS.images[:40])


def likeness(one: np.ndarray | None, other: np.ndarray) -> float:
    """The correlation of two images, moved by at most a pixel to where it is largest."""
    assert one is not None
    moves = [np.roll(one, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return max(float(np.corrcoef(moved.ravel(), other.ravel())[0, 1]) for moved in moves)


def remade(name: str) -> Dataset:
    return FRAMES[name](DIGITS)


@pytest.mark.parametrize("name", [name for name in FRAMES if name != "the shipped 8×8 digits"])
def test_a_drawing_is_placed_as_the_data_set_has_that_very_digit(name: str) -> None:
    data = remade(name)
    frame = fit_frame(data.images)
    placed = [image_from_drawing(drawing, data.image_shape, frame) for drawing in DRAWINGS]
    assert np.mean([likeness(*pair) for pair in zip(placed, data.images, strict=False)]) > 0.9


@pytest.mark.parametrize("images", [DIGITS.images, DIGITS.images[:100], load_dataset("mnist").images])
def test_the_frame_of_mnist_is_the_one_that_is_known(images: np.ndarray) -> None:
    found = fit_frame(images)
    assert found is not None
    assert found.pen == pytest.approx(0.088, abs=0.012)
    assert dataclasses.replace(found, pen=0.088) == mnist_frame((28, 28))


def test_the_parts_of_a_frame_are_what_was_done_to_the_images() -> None:
    padded = fit_frame(remade("padded to 64×64").images)
    assert padded is not None
    assert dataclasses.replace(padded, pen=0) == Frame((20, 20), (32.5, 32.5))
    cropped = fit_frame(remade("cropped to the ink, 20×28").images)
    assert cropped is not None
    assert (cropped.box[0], cropped.place[0], cropped.anchors) == (20, 10, ("middle", "middle"))
    corner = fit_frame(remade("ink in the top left corner").images)
    assert corner is not None
    assert (corner.anchors, corner.place) == (("start", "start"), (0, 0))
    stretched = fit_frame(remade("stretched to both sides").images)
    assert stretched is not None
    assert stretched.stretched
    assert stretched.box == pytest.approx((28, 28), abs=1)
    dark = fit_frame(remade("dark on white").images)
    assert dark is not None
    assert dataclasses.replace(dark, pen=0.088) == dataclasses.replace(
        mnist_frame((28, 28)), paper=255, ink=0
    )
    shrunk, enlarged = (fit_frame(remade(name).images) for name in ("shrunk to 14×14", "enlarged to 56×56"))
    assert shrunk is not None
    assert not shrunk.whole_pixels
    assert shrunk.box == pytest.approx((10, 10), abs=0.5)
    assert enlarged is not None
    assert 1.5 < enlarged.blur < 3


def test_the_8x8_digits_are_as_high_as_their_frame_and_stretched() -> None:
    frame = fit_frame(load_dataset("digits-8x8").images)
    assert frame is not None
    assert frame.stretched
    assert frame.box[0] == 8


@pytest.mark.parametrize("level", [0, 90, 255])
def test_images_without_ink_have_no_frame(level: int) -> None:
    assert fit_frame(np.full((3, 8, 8), level, np.uint8)) is None
    assert fit_frame(np.zeros((0, 8, 8), np.uint8)) is None


def test_few_images_do_not_tell_that_ink_is_stretched() -> None:
    image = np.zeros((1, 12, 12), np.uint8)
    image[0, 2:10, 5:7] = 255
    frame = fit_frame(image)
    assert frame is not None
    assert not frame.stretched


@pytest.mark.parametrize("frame", [mnist_frame((20, 30)), Frame((7.5, 4.2), (8.0, 15.0), whole_pixels=False)])
def test_ink_of_any_size_and_shape_stays_inside_the_image(frame: Frame) -> None:
    for shape in ((1, 1), (1, 300), (300, 2), (5, 5)):
        image = frame.put(np.ones(shape, np.float32), (20, 30))
        assert image is not None
        assert image.shape == (20, 30)
        assert image.max() == 255


@pytest.mark.parametrize(
    "damage",
    [
        {"box": (0, 20)},
        {"box": (29, 20)},
        {"box": (float("nan"), 20)},
        {"box": ("20", 20)},
        {"box": (20,)},
        {"place": (-1, 14)},
        {"place": (14, 30)},
        {"anchors": ("mass",)},
        {"anchors": ("mass", "centre")},
        {"stretched": 1},
        {"whole_pixels": None},
        {"blur": 0.5},
        {"blur": 100},
        {"paper": 255},
        {"ink": 300},
        {"ink": 25.5},
        {"pen": 1.5},
        {"pen": "thin"},
    ],
    ids=str,
)
def test_parts_that_fit_no_image_are_refused(damage: dict) -> None:
    mnist_frame((28, 28)).check((28, 28))
    with pytest.raises(ValueError, match=r"."):
        dataclasses.replace(mnist_frame((28, 28)), **damage).check((28, 28))
