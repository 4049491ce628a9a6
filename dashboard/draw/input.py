"""The ways to give an image: drawn on the canvas, from a file, by the camera, or sent here by Evaluate.

The Draw page shows the one that was chosen, and the width of the pen beside it.
"""

from collections.abc import Sequence
from typing import BinaryIO

import streamlit as st

from dashboard.budget import NoRoom
from dashboard.draw.canvas import show_canvas
from dashboard.draw.drawing import digit_drawn, digit_in_file
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


def take_images(session: Session, models: Sequence[Model]) -> tuple[list[Image], str]:
    """Show the way that the visitor chose to give an image; return it as each model sees it.

    Where there is none it is None; the sentence says what to do to give one.
    """
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
        label = _("A picture of one digit")
        file = in_memory(
            st.file_uploader(label, PICTURE_TYPES, max_upload_size=LARGEST_PICTURE, key="draw_file")
        )
        images = images_of(file, models)
        if file is not None and images[0] is not None:
            st.image(file, alt=_("The picture that was uploaded"), width="stretch")
        return images, _("Choose a picture: a scan, a photo, or a drawing made elsewhere.")
    if way == "camera":
        file = in_memory(st.camera_input(_("A digit on paper, large and alone"), key="draw_camera"))
        return images_of(file, models), _("Take a photo: dark ink on light paper works best.")
    if way == "sent" and session.sent is not None:
        return images_sent(session.sent, models), _("Choose a model for images of this size.")
    if way == "number":
        show_canvas(session, wide=True)
        offer_keys(session, wide=True)
        return [None for _model in models], _("Write a number: its digits are read after each stroke.")
    show_canvas(session)
    offer_keys(session)
    try:
        drawn = [digit_drawn(session, model) for model in models]
    except NoDigitError as error:
        return [None for _model in models], str(error)
    return drawn, _("Draw a digit: the answer is updated after each stroke.")


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
    """Return whether the visitor writes a number on the wide canvas."""
    return bool(st.session_state.get("draw_way") == "number")


def choose_pen(session: Session) -> None:
    """Let the visitor choose how wide the pen is, while there is one."""
    if not is_drawing() and not is_number():
        return
    st.session_state["draw_pen"] = session.pen_width
    st.slider(
        _("Pen width"),
        8,
        40,
        key="draw_pen",
        on_change=lambda: setattr(session, "pen_width", st.session_state["draw_pen"]),
    )
