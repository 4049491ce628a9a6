"""A visitor's drawing: adding a stroke, Undo, Clear, and the picture that the strokes make.

The canvas and the Draw page use it. The canvas is only told what to show; the drawing itself is kept in the
`Session`.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from dashboard.budget import Reservation
from dashboard.draw.strokes import as_objects, drawn_by_pen, strokes_of
from dashboard.models.drawn import SIZE, digit_of
from dashboard.server.server import server
from dashboard.session import Session
from dashboard.shipped import refusal_for
from dashboard.ui.pictures import GreyImage
from mlcore import Model
from mlcore.images.drawing import digit_in_picture
from mlcore.images.photo import PICTURE_SIDE
from mlcore.images.picture_file import decoding_cost
from mlcore.images.strokes import Stroke
from mlcore.language import _
from mlcore.number import ReadDigit, read_number, read_number_in_picture

WIDE = 2 * SIZE
"""Units of the canvas for a number, across."""

LONGEST_TEXT = 1_000_000
"""Characters of a drawing that a tab hands back; no hand draws one that has as many."""


def digit_drawn(session: Session, model: Model) -> GreyImage | None:
    """Return the digit on the canvas, prepared for the model; None when the canvas is blank.

    Raises
    ------
    NoDigitError
        When what was drawn is no digit, or two.
    """
    if is_blank(session):
        return None
    return digit_of(strokes_of(session.drawing), model)


def number_drawn(session: Session, model: Model) -> list[ReadDigit]:
    """Return the digits of the number on the wide canvas, read by a model; none when it is blank."""
    return read_number(model, refusal_for(model), strokes_of(session.drawing), WIDE, SIZE)


def is_blank(session: Session) -> bool:
    """Say whether there is nothing to take back."""
    return not _objects(session.drawing)


def keep(session: Session, drawing: Any) -> None:
    """Keep what the browser says is on the canvas now, as far as it is what a pen can have drawn there."""
    session.drawing = {"objects": drawn_by_pen(_objects(drawing))}


def as_text(session: Session) -> str | None:
    """Return the drawing as the visitor's tab remembers it; None when this session has seen no canvas yet."""
    return None if session.drawing is None else json.dumps(session.drawing, separators=(",", ":"))


def take_back(session: Session, text: str) -> None:
    """Put on the canvas what the visitor's tab remembers, unless something was drawn in this session."""
    if session.drawing is not None:
        return
    with suppress(ValueError, RecursionError):
        if len(text) <= LONGEST_TEXT:
            keep(session, json.loads(text))
    _put_up(session, _objects(session.drawing))


def undo(session: Session) -> None:
    """Take the last stroke back."""
    _put_up(session, _objects(session.drawing)[:-1])


def clear(session: Session) -> None:
    """Take all strokes back."""
    _put_up(session, [])


def add(session: Session, stroke: Stroke) -> None:
    """Put one more stroke on the canvas."""
    _put_up(session, drawn_by_pen([*_objects(session.drawing), *as_objects([stroke])]))


def show_again(session: Session, strokes: Sequence[Stroke]) -> None:
    """Put these strokes on the canvas in place of what is there."""
    _put_up(session, as_objects(strokes))


def _put_up(session: Session, objects: list[Any]) -> None:
    """Put these objects on the canvas in place of what is there.

    The canvas takes a start that differs from the last one it was given, without being mounted again, so that
    nothing flickers. The number makes a second Clear differ from the first.
    """
    session.drawing = {"objects": objects}
    session.canvas_revision += 1
    session.canvas_start = {"objects": objects, "revision": session.canvas_revision}


def _objects(drawing: Any) -> list[Any]:
    objects = drawing.get("objects") if isinstance(drawing, dict) else None
    return objects if isinstance(objects, list) else []


def digit_in_file(file: BinaryIO, model: Model) -> GreyImage:
    """Return the digit in a picture file, prepared for the model.

    Raises
    ------
    NoDigitError
        When the picture shows no digit, or two.
    DatasetError
        When it is no picture, or too large.
    NoRoom
        When the server has no memory to decode it.
    """
    with _room_to_decode(file):
        return digit_in_picture(file, model.frame, model.image_shape)


def number_in_file(file: BinaryIO, model: Model) -> list[ReadDigit]:
    """Return the digits of the number in a picture file, read by a model; none when it shows none.

    Raises
    ------
    NoDigitError
        When lines on the paper cannot be told from digits.
    DatasetError
        When it is no picture, or too large.
    NoRoom
        When the server has no memory to decode it.
    """
    with _room_to_decode(file):
        return read_number_in_picture(model, refusal_for(model), file)


def _room_to_decode(file: BinaryIO) -> Reservation:
    """Return the memory that decoding a picture takes, reserved until it is done."""
    cost = decoding_cost(str(getattr(file, "name", _("The file"))), file, PICTURE_SIDE)
    file.seek(0)
    return server().budget.reserve(cost.bytes)
