"""A drawing or a photo of a digit arrives as MNIST's own images look, wherever and however it was made."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image, ImageFilter

from mlcore.datasets.shipped import load_dataset
from mlcore.errors import DatasetError, NoDigitError
from mlcore.images.drawing import digit_in_drawing, image_from_drawing, image_from_picture
from mlcore.images.frame import fit_frame, mnist_frame
from mlcore.images.marks import stand_side_by_side, without_specks

DIGITS = load_dataset("mnist-test").images[:200]


def canvas_of(digit: np.ndarray, seed: int, side: int = 280) -> np.ndarray:
    """Draw a digit of MNIST large at a random place of a black canvas."""
    rng = np.random.default_rng(seed)
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    digit = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    large = np.kron(digit, np.ones((rng.integers(3, 11),) * 2, np.uint8))
    canvas = np.zeros((side, side), np.uint8)
    top, left = (rng.integers(0, side - n + 1) for n in large.shape)
    canvas[top : top + large.shape[0], left : left + large.shape[1]] = large
    return canvas


def stroke(side: int = 280) -> np.ndarray:
    """A seven, in two bars."""
    canvas = np.zeros((side, side), np.uint8)
    canvas[side // 4 : side // 4 + side // 14, side // 3 : 2 * side // 3] = 255
    canvas[side // 4 : 3 * side // 4, 2 * side // 3 - side // 14 : 2 * side // 3] = 255
    return canvas


def difference(one: np.ndarray | None, other: np.ndarray | None) -> float:
    assert one is not None
    assert other is not None
    return float(np.abs(one.astype(int) - other).mean())


def likeness(one: np.ndarray | None, other: np.ndarray | None) -> float:
    """The correlation of two images, moved by at most a pixel to where it is largest."""
    assert one is not None
    assert other is not None
    moves = [np.roll(one, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return max(float(np.corrcoef(moved.ravel(), other.ravel())[0, 1]) for moved in moves)


# Drawings


def test_a_digit_of_mnist_drawn_large_anywhere_comes_back_as_it_was() -> None:
    images = [image_from_drawing(canvas_of(digit, k)) for k, digit in enumerate(DIGITS)]
    differences = [difference(image, digit) for image, digit in zip(images, DIGITS, strict=True)]
    # The rest differ at their faintest edge, which a drawing's crop leaves out.
    assert np.mean(np.array(differences) < 0.2) > 0.9
    assert min(likeness(image, digit) for image, digit in zip(images, DIGITS, strict=True)) > 0.98


def test_a_digit_of_mnist_itself_is_left_as_it_is() -> None:
    differences = [difference(image_from_drawing(digit), digit) for digit in DIGITS]
    assert np.mean(np.array(differences) < 0.2) > 0.9


def test_dark_ink_on_light_paper_gives_the_same_image() -> None:
    canvas = canvas_of(DIGITS[0], 0)
    assert difference(image_from_drawing(255 - canvas), image_from_drawing(canvas)) < 0.1


def test_colour_opaque_and_transparent_canvases_give_the_same_image() -> None:
    canvas = canvas_of(DIGITS[0], 0)
    opaque = np.full_like(canvas, 255)
    expected = image_from_drawing(canvas)
    white_on_black = np.dstack([canvas, canvas, canvas, opaque])
    assert difference(image_from_drawing(white_on_black), expected) < 0.1
    assert difference(image_from_drawing(white_on_black[..., :3]), expected) < 0.1
    for ink in (0, 90, 255):
        transparent = np.dstack([np.full_like(canvas, ink)] * 3 + [canvas])
        assert difference(image_from_drawing(transparent), expected) < 0.1


@given(st.integers(0, 150), st.integers(0, 150))
def test_where_it_is_drawn_does_not_matter(down: int, right: int) -> None:
    digit = stroke(120)
    canvas = np.zeros((280, 280), np.uint8)
    canvas[down : down + 120, right : right + 120] = digit
    assert difference(image_from_drawing(canvas), image_from_drawing(digit)) == 0


@pytest.mark.parametrize("side", [112, 196, 560])
def test_how_large_it_is_drawn_does_not_matter(side: int) -> None:
    assert difference(image_from_drawing(stroke(side)), image_from_drawing(stroke(280))) < 2


def test_faint_ink_is_made_as_bright_as_mnists() -> None:
    image = image_from_drawing(stroke() // 4)
    assert image is not None
    assert image.max() == 255


@given(
    npst.arrays(
        np.uint8,
        st.tuples(st.integers(4, 30), st.integers(4, 30)),
        elements=st.sampled_from([0, 0, 0, 60, 255]),
    ),
    st.sampled_from([(28, 28), (8, 8), (20, 32), (64, 4)]),
)
def test_an_image_has_the_shape_asked_for_and_its_mass_in_the_middle(
    drawing: np.ndarray, shape: tuple[int, int]
) -> None:
    image = image_from_drawing(drawing, shape)
    if image is None:
        return
    assert image.shape == shape
    assert image.dtype == np.uint8
    assert image.max() == 255
    for axis, side in enumerate(shape):
        mass = image.sum(axis=1 - axis, dtype=float)
        extent = np.flatnonzero(mass)
        centre = (mass @ np.arange(side)) / mass.sum()
        at_edge = extent[0] == 0 or extent[-1] == side - 1
        # Rounding to whole grey levels moves the centre a little.
        assert side / 2 - 0.55 <= centre <= side / 2 + 0.55 or at_edge
        assert extent[-1] - extent[0] + 1 <= max(1, round(side * 20 / 28))


def test_the_box_is_20_of_28_in_any_shape() -> None:
    tall = np.zeros((100, 100), np.uint8)
    tall[10:90, 40:60] = 255
    for shape, height in (((28, 28), 20), ((56, 56), 40), ((14, 14), 10), ((28, 64), 20)):
        image = image_from_drawing(tall, shape)
        assert image is not None
        assert np.ptp(np.flatnonzero(image.any(axis=1))) + 1 == height


@pytest.mark.parametrize(
    "canvas",
    [
        np.zeros((280, 280), np.uint8),
        np.full((280, 280), 255, np.uint8),
        np.zeros((280, 280, 4), np.uint8),
        np.full((28, 28), 90, np.uint8),
        np.random.default_rng(0).integers(0, 12, (280, 280), dtype=np.uint8),
    ],
)
def test_a_blank_canvas_gives_no_image(canvas: np.ndarray) -> None:
    assert image_from_drawing(canvas) is None


def test_specks_alone_give_no_image_and_beside_a_digit_do_not_count() -> None:
    canvas = np.zeros((280, 280), np.uint8)
    canvas[20:28, 20:28] = 255
    canvas[250:255, 10:12] = 255
    assert image_from_drawing(canvas) is None
    assert difference(image_from_drawing(np.maximum(canvas, stroke())), image_from_drawing(stroke())) == 0


def test_a_small_part_of_a_small_digit_is_kept() -> None:
    canvas = np.zeros((280, 280), np.uint8)
    canvas[100:150, 100:106] = 255
    canvas[100:106, 108:118] = 255  # the bar of a five, not joined to it
    image = image_from_drawing(canvas)
    assert image is not None
    assert np.ptp(np.flatnonzero(image.any(axis=0))) + 1 == round(18 / 50 * 20)


def test_marks_that_touch_only_at_a_corner_are_one() -> None:
    ink = np.zeros((60, 60), np.float32)
    for k in range(20):
        ink[10 + 2 * k : 12 + 2 * k, 10 + 2 * k : 12 + 2 * k] = 1
    np.testing.assert_array_equal(without_specks(ink), ink)
    np.testing.assert_array_equal(without_specks(ink[:, ::-1]), ink[:, ::-1])


def test_marks_joined_below_are_one() -> None:
    ink = np.zeros((100, 100), np.float32)
    ink[10:14, [10, 20, 30]] = 1  # three teeth of a comb, too small alone
    ink[14, 10:31] = 1
    np.testing.assert_array_equal(without_specks(ink), ink)


def dotted(x: float, y: float, diameter: int) -> np.ndarray:
    """A stroke of 20×140 pixels in the middle of a canvas, and a dot."""
    canvas = np.zeros((280, 280), np.uint8)
    canvas[70:210, 130:150] = 255
    rows, columns = np.mgrid[:280, :280]
    canvas[(rows - y) ** 2 + (columns - x) ** 2 <= (diameter / 2) ** 2] = 255
    return canvas


@pytest.mark.parametrize(("x", "y", "diameter"), [(260, 200, 24), (20, 40, 12), (262, 18, 30)])
def test_a_tap_far_beside_the_digit_is_no_ink(x: float, y: float, diameter: int) -> None:
    expected = image_from_drawing(dotted(140, 140, 10))
    assert difference(image_from_drawing(dotted(x, y, diameter)), expected) == 0


def test_the_dot_of_an_i_is_ink() -> None:
    image = image_from_drawing(dotted(140, 30, 24))
    assert image is not None
    assert not image[6:8].any()
    assert image[4].any()


def two(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    canvas = np.zeros((280, 280), np.uint8)
    for place, digit in ((20, left), (150, right)):
        canvas[80:190, place : place + 110] = np.asarray(Image.fromarray(digit).resize((110, 110)))
    return canvas


def test_two_digits_side_by_side_are_not_read_as_one() -> None:
    canvas = two(DIGITS[0], DIGITS[1])
    assert image_from_drawing(canvas) is None
    with pytest.raises(NoDigitError, match="One digit at a time"):
        digit_in_drawing(canvas, mnist_frame((28, 28)), (28, 28))
    assert image_from_picture(saved(Image.fromarray(255 - canvas))) is None


def test_no_digit_of_mnist_is_taken_for_two() -> None:
    ink = load_dataset("mnist-test").images[:2000].astype(np.float32) / 255
    assert sum(map(stand_side_by_side, ink)) <= 2  # 3 of all 10,000 are


def test_where_some_classes_are_written_in_two_parts_these_are_one() -> None:
    """As ハ is, or 川."""
    pairs = [two(DIGITS[k], DIGITS[k + 1]) for k in range(20)]
    images = np.stack([*pairs, *(canvas_of(digit, 0) for digit in DIGITS[:60])])
    frame = fit_frame(images)
    assert frame is not None
    assert frame.in_parts
    assert image_from_drawing(pairs[0], (280, 280), frame) is not None


# Photos


def photo(canvas: np.ndarray, seed: int, side: int = 600) -> Image.Image:
    """Photograph a drawing: pen on paper, in light that falls off to one side, with noise."""
    rng = np.random.default_rng(seed)
    pen = Image.fromarray(canvas).resize((side, side)).filter(ImageFilter.GaussianBlur(1.5))
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    light = 0.7 + 0.22 * (np.cos(angle) * x + np.sin(angle) * y) - 0.1 * (x**2 + y**2)
    grey = light * (1 - 0.7 * np.asarray(pen) / 255) + rng.normal(0, 0.02, (side, side))
    return Image.fromarray(np.clip(grey * 255, 0, 255).astype(np.uint8))


def saved(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("seed", range(12))
def test_a_photo_of_pen_on_unevenly_lit_paper_gives_what_the_drawing_gives(seed: int) -> None:
    canvas = canvas_of(DIGITS[seed], seed, side=240)
    canvas = np.pad(canvas, 20)
    image = image_from_picture(saved(photo(canvas, seed)))
    assert likeness(image, image_from_drawing(canvas)) > 0.9


def test_white_chalk_on_a_board_is_read_too() -> None:
    board = photo(stroke(), 3).point(lambda value: 255 - value)
    assert difference(image_from_picture(saved(board)), image_from_drawing(stroke())) < 6


def test_a_photo_is_turned_as_its_camera_was_held() -> None:
    upright = photo(stroke(), 0)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show the pixels a quarter turn to the right
    turned = saved(upright.rotate(90, expand=True), exif=exif)
    assert difference(image_from_picture(turned), image_from_picture(saved(upright))) < 2


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF", "WEBP"])
def test_a_saved_drawing_gives_what_the_drawing_gives(form: str) -> None:
    content = saved(Image.fromarray(stroke()), form)
    assert difference(image_from_picture(content), image_from_drawing(stroke())) < 2


def test_an_image_of_mnist_saved_as_a_picture_is_itself() -> None:
    differences = [
        difference(image_from_picture(saved(Image.fromarray(digit), "PNG")), digit) for digit in DIGITS[:50]
    ]
    assert np.median(differences) < 6


@pytest.mark.parametrize("kind", [bool, float, np.float32])
def test_a_drawing_may_be_of_booleans_or_of_fractions_of_full_ink(kind: type) -> None:
    canvas = np.zeros((280, 280), np.uint8)
    canvas[60:220, 130:150] = 255
    found = image_from_drawing((canvas // 255).astype(kind))
    np.testing.assert_array_equal(found, image_from_drawing(canvas))


def test_a_drawing_on_another_scale_is_refused_rather_than_taken_for_blank() -> None:
    with pytest.raises(DatasetError, match="brightest pixel is 16"):
        image_from_drawing(np.full((28, 28), 16.0))


def test_a_picture_may_come_as_bytes_path_or_open_file(tmp_path: Path) -> None:
    content = saved(Image.fromarray(stroke()), "PNG")
    path = tmp_path / "seven.png"
    path.write_bytes(content)
    expected = image_from_drawing(stroke(), (8, 8))
    for file in (content, path, str(path), io.BytesIO(content)):
        assert difference(image_from_picture(file, (8, 8)), expected) < 3


@pytest.mark.parametrize("level", [0, 128, 250])
def test_a_picture_of_nothing_gives_no_image(level: int) -> None:
    rng = np.random.default_rng(level)
    paper = np.clip(level + rng.normal(0, 3, (300, 200)), 0, 255).astype(np.uint8)
    assert image_from_picture(saved(Image.fromarray(paper))) is None
    assert image_from_picture(saved(Image.fromarray(np.full((30, 30), level, np.uint8)), "PNG")) is None


def test_a_shadow_at_the_border_is_not_the_digit() -> None:
    canvas = stroke()
    shaded = canvas.copy()
    shaded[:, :14] = 255
    image = image_from_picture(saved(photo(shaded, 1)))
    assert likeness(image, image_from_drawing(canvas)) > 0.9


@pytest.mark.parametrize("content", [b"", b"no picture", saved(Image.fromarray(stroke()), "PNG")[:200]])
def test_what_is_no_picture_is_refused_with_a_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "me.png").write_bytes(content)
    with pytest.raises(DatasetError, match=r"me\.png is not a picture that can be read"):
        image_from_picture(tmp_path / "me.png")
    with pytest.raises(DatasetError, match="The file is not a picture"):
        image_from_picture(content)


@given(st.binary(max_size=200), st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WEBP"]), st.integers(0, 400))
def test_any_bytes_give_an_image_nothing_or_a_sentence(junk: bytes, form: str, place: int) -> None:
    content = saved(Image.fromarray(stroke(28)), form)
    damaged = content[: place % len(content)] + junk + content[place % len(content) + len(junk) :]
    for file in (junk, damaged):
        try:
            image = image_from_picture(file)
        except DatasetError:
            continue
        assert image is None or image.shape == (28, 28)
