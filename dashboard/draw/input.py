"""The ways to give an image: drawn on the canvas, from a file, by the camera, or sent here by Evaluate.

The Draw page shows the one that was chosen, and the width of the pen beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import streamlit as st

from dashboard.budget import NoRoom
from dashboard.draw.canvas import show_canvas
from dashboard.draw.drawing import digit_drawn, digit_in_file, number_drawn, number_in_file
from dashboard.draw.keys import offer_keys
from dashboard.models.drawn import SIZE
from dashboard.server.uploaded_files import in_memory
from dashboard.session import SentImage, Session
from dashboard.ui.messages import show_error, show_message
from dashboard.ui.pictures import Picture, grid
from mlcore import DatasetError, Model, NoDigitError
from mlcore.arrays import UInt8Array
from mlcore.datasets.readers.pictures import ENDINGS
from mlcore.language import N_, _
from mlcore.number import ReadDigit

WAYS = {
    "draw": N_("Draw"),
    "number": N_("Number"),
    "file": N_("File"),
    "camera": N_("Camera"),
    "sent": N_("From data"),
}
WAY_ICONS = {
    "draw": ":material/draw:",
    "number": ":material/123:",
    "file": ":material/upload:",
    "camera": ":material/photo_camera:",
    "sent": ":material/grid_view:",
}
PICTURE_TYPES = [ending.removeprefix(".") for ending in ENDINGS]

LARGEST_PICTURE = 20  # MB


Image = UInt8Array | None


@dataclass(frozen=True)
class Given:
    """What the visitor gave to be answered.

    Attributes
    ----------
    images : list of (uint8 array or None)
        As each model sees it; None when there is none.
    hint : str
        What to do to give one.
    digits : list of ReadDigit or None
        The digits of a number, as the first model reads them; None when one digit is to be given.
    """

    images: list[Image]
    hint: str
    digits: list[ReadDigit] | None = None


def take_images(session: Session, models: Sequence[Model]) -> Given:
    """Show the way that the visitor chose to give a digit or a number, and return what was given."""
    way = st.segmented_control(
        _("Input"),
        [way for way in WAYS if way != "sent" or session.sent is not None],
        default="draw",
        required=True,
        format_func=lambda way: f"{WAY_ICONS[way]} {_(WAYS[way])}",
        key="draw_way",
        label_visibility="collapsed",
        persist_state="session",
        width="stretch",
    )
    if way == "file":
        label = _("A picture of one digit or a number")
        file = in_memory(
            st.file_uploader(label, PICTURE_TYPES, max_upload_size=LARGEST_PICTURE, key="draw_file")
        )
        given = _in_picture(
            file, models, _("Choose a picture: a scan, a photo, or a drawing made elsewhere.")
        )
        if file is not None and (given.digits or given.images[0] is not None):
            st.image(file, alt=_("The picture that was uploaded"), width="stretch")
        return given
    if way == "camera":
        file = in_memory(st.camera_input(_("Digits on paper, large and alone"), key="draw_camera"))
        return _in_picture(file, models, _("Take a photo: dark ink on light paper works best."))
    if way == "sent" and session.sent is not None:
        return Given(images_sent(session.sent, models), _("Choose a model for images of this size."))
    nothing: list[Image] = [None for _model in models]
    if way == "number":
        show_canvas(session, wide=True)
        offer_keys(session, wide=True)
        hint = _("Write a number: its digits are read after each stroke.")
        return Given(nothing, hint, number_drawn(session, models[0]))
    show_canvas(session)
    offer_keys(session)
    try:
        drawn = [digit_drawn(session, model) for model in models]
    except NoDigitError as error:
        return Given(nothing, str(error))
    return Given([*drawn], _("Draw a digit: the answer is updated after each stroke."))


def _in_picture(file: BinaryIO | None, models: Sequence[Model], hint: str) -> Given:
    """Return what a picture shows: one digit, or a number when the visitor says so."""
    is_several = st.toggle(
        _("A number of several digits"),
        key="draw_several",
        persist_state="session",
        help=_("Each digit is cut out and read on its own."),
    )
    if not is_several:
        return Given(images_of(file, models), hint)
    return Given([None for _model in models], hint, digits_of(file, models[0]))


def digits_of(file: BinaryIO | None, model: Model) -> list[ReadDigit]:
    """Return the digits of a number in a picture file, read by a model; say so when there are none."""
    if file is None:
        return []
    try:
        digits = number_in_file(file, model)
    except NoDigitError as error:
        show_message("warning", str(error))
        return []
    except (DatasetError, NoRoom) as error:
        show_error(error)
        return []
    if not digits:
        show_message("warning", _("No digits were found. Dark ink on light paper works best."))
    return digits


def images_of(file: BinaryIO | None, models: Sequence[Model]) -> list[Image]:
    """Return the digit in a picture file, prepared for each model; say so when there is none."""
    try:
        if file is not None:
            return [digit_in_file(file, model) for model in models]
    except NoDigitError as error:
        show_message("warning", str(error))
    except (DatasetError, NoRoom) as error:
        show_error(error)
    return [None for _model in models]


def images_sent(sent: SentImage, models: Sequence[Model]) -> list[Image]:
    """Show the image that was sent here, and return it for each model that takes images of its size."""
    grid([Picture(sent.image, sent.words, sent.words)], SIZE)
    return [sent.image if sent.image.shape == model.image_shape else None for model in models]


def is_drawing() -> bool:
    """Return whether the visitor draws one digit with the pen."""
    return bool(st.session_state.get("draw_way") == "draw")


def is_number() -> bool:
    """Return whether the visitor gives a number, on the wide canvas or in a picture."""
    way, is_several = (st.session_state.get(key) for key in ("draw_way", "draw_several"))
    return way == "number" or bool(way in ("file", "camera") and is_several)


def choose_pen(session: Session) -> None:
    """Let the visitor choose how wide the pen is, while there is one."""
    if st.session_state.get("draw_way") not in ("draw", "number"):
        return
    st.session_state["draw_pen"] = session.pen_width
    st.slider(
        _("Pen width"),
        8,
        40,
        key="draw_pen",
        on_change=lambda: setattr(session, "pen_width", st.session_state["draw_pen"]),
    )
