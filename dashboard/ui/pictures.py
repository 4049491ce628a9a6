"""Images as HTML: one picture, and grids of many, with alternative text.

All pages that show images use it. A grid is one element with the images inside it as data URIs: 200 digits
took 1.3 s this way, 3.5 s as `st.image` each and 8.1 s as Plotly facets.
"""

import base64
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image

from dashboard.ui.messages import html_text, isolated
from mlcore import Dataset
from mlcore.language import _
from mlcore.quote import quoted

GreyImage: TypeAlias = npt.NDArray[np.uint8]
"""``(height, width)``, white ink on black."""

AnyImage: TypeAlias = npt.NDArray[np.uint8]
"""``(height, width)``, or with colours ``(height, width, 3)``."""

_OPEN_GRID = (Path(__file__).parent / "open_grid.js").read_text(encoding="utf-8")

MOST_LINES = 3  # of a caption
ARROW = " → "


@dataclass(frozen=True)
class Picture:
    """One image with its words.

    Attributes
    ----------
    image : uint8 array (height, width) or, in colours, (height, width, 3)
    alt : str
        The text alternative, for those who cannot see the image.
    caption : str
        A few words shown below the image; may be empty.
    """

    image: AnyImage
    alt: str
    caption: str = ""


def data_uri(image: AnyImage) -> str:
    """Return an image ``(height, width)`` or ``(height, width, 3)`` as a PNG in a data URI.

    >>> data_uri(np.zeros((28, 28), np.uint8))[:22]
    'data:image/png;base64,'
    """
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def picture_html(picture: Picture, size: int, *, opens: bool = False) -> str:
    """Return a figure ``size`` CSS pixels wide (less where there is no room), each pixel a crisp square.

    The image of one that ``opens`` is a button.
    """
    height, width = picture.image.shape[:2]
    lines = "\n".join(_line(line) for line in picture.caption.split("\n")[:MOST_LINES])
    caption = f"<figcaption>{lines}</figcaption>" if lines else ""
    image = (
        f'<img src="{data_uri(picture.image)}" alt="{html_text(picture.alt)}" '
        f'width="{size}" height="{round(size * height / width)}">'
    )
    if opens:
        image = f'<button type="button" class="dl-open">{image}</button>'
    return f'<figure class="dl-picture" style="--dl-size: {size}px">{image}{caption}</figure>'


def _line(text: str) -> str:
    return ARROW.join(map(isolated, text.split(ARROW)))


def grid_html(pictures: Iterable[Picture], size: int = 56, *, opens: bool = False) -> str:
    """Return the pictures as a list that fills the width, in as many columns as there is room for."""
    items = "".join(f"<li>{picture_html(picture, size, opens=opens)}</li>" for picture in pictures)
    return f'<ul class="dl-grid" role="list">{items}</ul>'


def grid(pictures: Iterable[Picture], size: int = 56) -> None:
    """Show the pictures on the page, ``size`` CSS pixels wide each."""
    st.html(grid_html(pictures, size))


def open_grid(
    pictures: Iterable[Picture], on_open: Callable[[int], None], *, key: str, size: int = 56
) -> None:
    """Show the pictures as buttons: by mouse, touch and keyboard.

    Parameters
    ----------
    pictures : iterable of Picture
    on_open : callable
        Is given the place of the one that was pressed, from 0, before the page runs again. A browser may send
        any number that is not negative.
    key : str
        Of the component.
    size : int
        CSS pixels, across.
    """
    component = st.components.v2.component(
        "digit_lab_open_grid", html='<div class="dl-gallery"></div>', js=_OPEN_GRID, isolate_styles=False
    )
    component(
        data={"html": grid_html(pictures, size, opens=True)},
        key=key,
        on_opened_change=lambda: _take_opened(key, on_open),
    )


def _take_opened(key: str, on_open: Callable[[int], None]) -> None:
    place = st.session_state[key].opened
    if type(place) is int and place >= 0:
        on_open(place)


def first_pictures(dataset: Dataset, count: int) -> list[Picture]:
    """Return the first images of a data set without captions, each with its class in its words."""
    alt = _("An image of the class {label}")
    first = dataset.take(slice(count))
    return [
        Picture(image, alt.format(label=quoted(dataset.class_names[label])))
        for image, label in zip(first.images, first.labels, strict=True)
    ]


def pairs(pictures: Iterable[tuple[Picture, Picture]], size: int = 56) -> None:
    """Show pairs of pictures side by side, the second of each below the first, however wide the page is."""
    items = "".join(
        f'<li class="dl-pair">{picture_html(above, size)}{picture_html(below, size)}</li>'
        for above, below in pictures
    )
    st.html(f'<ul class="dl-grid" role="list">{items}</ul>')
