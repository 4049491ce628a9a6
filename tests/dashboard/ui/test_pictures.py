"""Images as HTML: pixels arrive unchanged, words arrive escaped.

These are the tests of `dashboard.ui.pictures`.
"""

import base64
import io
import re
from html import unescape

import numpy as np
from PIL import Image

from dashboard.ui.pictures import Picture, data_uri, grid_html, picture_html


def test_the_pixels_in_a_data_uri_are_those_of_the_image() -> None:
    image = np.arange(28 * 20, dtype=np.uint8).reshape(28, 20)
    encoded = data_uri(image).removeprefix("data:image/png;base64,")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded)))), image)


def test_a_view_with_strides_is_encoded_as_it_looks() -> None:
    image = np.arange(100, dtype=np.uint8).reshape(10, 10)
    assert data_uri(image[::2, ::-1]) == data_uri(image[::2, ::-1].copy())


def test_a_picture_that_is_not_square_keeps_its_proportions() -> None:
    html = picture_html(Picture(np.zeros((10, 20), np.uint8), "flat"), 60)
    assert 'width="60" height="30"' in html


def test_words_cannot_break_out_of_the_html() -> None:
    hostile = '"><script>alert(1)</script>'
    html = grid_html([Picture(np.zeros((4, 4), np.uint8), hostile, hostile)])
    assert "<script>" not in html
    (alt,) = re.findall(r'alt="([^"]*)"', html)
    assert unescape(alt) == hostile


def test_a_grid_is_a_list_with_one_item_a_picture() -> None:
    pictures = [Picture(np.zeros((4, 4), np.uint8), f"picture {k}") for k in range(7)]
    assert grid_html(pictures).count("<li>") == 7
    assert grid_html(iter(pictures)) == grid_html(pictures)
