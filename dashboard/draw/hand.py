"""My drawings: what a visitor drew and named, as a data set, and as one file to take away and bring back.

The Draw page keeps them in `Session.hand` (see `dashboard.draw.teach`). The file is a ZIP archive: a picture
of each drawing in a folder with its name, which any program can read, and the strokes.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from dashboard.draw.strokes import as_objects, strokes_of
from dashboard.models.drawn import SIZE
from dashboard.session import MyDrawing, Session
from mlcore import Dataset, DatasetError, Model
from mlcore.arrays import UInt8Array
from mlcore.datasets.readers.limits import MAX_CLASSES, MAX_LABEL_LETTERS
from mlcore.images.drawing import digit_in_strokes
from mlcore.images.frame import Frame, mnist_frame
from mlcore.images.strokes import Stroke
from mlcore.language import _

MOST = 300
"""Drawings of one visitor."""

MOST_TEXT = 4_000_000
"""Characters of the strokes of all of them."""

LEAST_IN_DATASET = 10
"""Images that a network can be trained with at all."""

SHAPE = (28, 28)
STROKES = "strokes.json"
LARGEST_PACK = 5  # MB
_LARGEST_STROKES = 4 * MOST_TEXT  # bytes of the unpacked strokes


def keep_drawing(session: Session, label: str) -> None:
    """Keep what is on the canvas under this name.

    Raises
    ------
    DatasetError
        When the canvas is blank, or there are too many.
    """
    session.hand = [*session.hand, *_fitting(session, [my_drawing(label, strokes_of(session.drawing))])]
    session.lesson = None


def my_drawing(label: str, strokes: Sequence[Stroke]) -> MyDrawing:
    """Return strokes with their name as they are kept.

    Raises
    ------
    DatasetError
        When nothing was drawn, or the name is too long.
    """
    label = label.strip()
    if not 0 < len(label) <= MAX_LABEL_LETTERS:
        message = _("The name of a class has 1 to {n} letters.")
        raise DatasetError(message.format(n=MAX_LABEL_LETTERS))
    if not strokes:
        raise DatasetError(_("Draw something first, then say what it is."))
    plain_strokes = [
        {"width": stroke.width, "points": [[round(x, 1), round(y, 1)] for x, y in stroke.points]}
        for stroke in strokes
    ]
    text = json.dumps(plain_strokes, separators=(",", ":"))
    return MyDrawing(label, text, _image(strokes, mnist_frame(SHAPE), SHAPE))


def remove(session: Session, positions: Iterable[int]) -> None:
    """Remove some of the drawings."""
    gone = set(positions)
    session.hand = [drawing for number, drawing in enumerate(session.hand) if number not in gone]
    session.lesson = None


def counts(hand: Sequence[MyDrawing]) -> dict[str, int]:
    """Return how many drawings there are of each name, by name."""
    names = sorted({drawing.label for drawing in hand}, key=lambda name: (len(name), name))
    return {name: sum(drawing.label == name for drawing in hand) for name in names}


def dataset_for(hand: Sequence[MyDrawing], model: Model) -> Dataset:
    """Return the drawings of a model's classes as images like those that it learned from.

    Raises
    ------
    DatasetError
        When there are none.
    """
    known = [drawing for drawing in hand if drawing.label in model.class_names]
    if not known:
        raise DatasetError(_("None of your drawings is of a class that this network knows."))
    images = [_image(_strokes(drawing), model.frame, model.image_shape) for drawing in known]
    labels = [model.class_names.index(drawing.label) for drawing in known]
    return Dataset(np.stack(images), labels, model.class_names, _("your drawings"))


def dataset_of(hand: Sequence[MyDrawing]) -> Dataset:
    """Return all drawings as a data set of 28×28 images, to train a network with.

    Raises
    ------
    DatasetError
        When there are too few, or all are of one class.
    """
    names = [*counts(hand)]
    if len(hand) < LEAST_IN_DATASET or len(names) < 2:
        message = _("A data set needs at least {n} drawings and two classes.")
        raise DatasetError(message.format(n=LEAST_IN_DATASET))
    labels = [names.index(drawing.label) for drawing in hand]
    return Dataset(np.stack([drawing.image for drawing in hand]), labels, names, _("your drawings"))


def pack(hand: Sequence[MyDrawing]) -> bytes:
    """Return all drawings as one file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        rows = [{"label": drawing.label, "strokes": json.loads(drawing.text)} for drawing in hand]
        archive.writestr(STROKES, json.dumps({"canvas": SIZE, "drawings": rows}, separators=(",", ":")))
        for number, drawing in enumerate(hand):
            picture = io.BytesIO()
            Image.fromarray(drawing.image).save(picture, "PNG")
            folder = re.sub(r"[^\w\- ]", "_", drawing.label)
            archive.writestr(f"{folder}/{number + 1:03d}.png", picture.getvalue())
    return file.getvalue()


def join(session: Session, file: BinaryIO) -> int:
    """Add the drawings of a file that `pack` made to those that are there; return how many were new.

    Raises
    ------
    DatasetError
        When it is no such file, or there are too many.
    """
    message = _("This is not a file of drawings. Choose a .zip file that was downloaded here.")
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(STROKES).file_size > _LARGEST_STROKES:
                raise DatasetError(_("There are too many drawings in this file."))
            rows = json.loads(archive.read(STROKES))["drawings"]
        drawings = [my_drawing(str(row["label"]), _read(row["strokes"])) for row in rows[: 10 * MOST]]
    except DatasetError:
        raise
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, NotImplementedError) as error:
        raise DatasetError(message) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ArithmeticError) as error:
        raise DatasetError(message) from error
    there = {(drawing.label, drawing.text) for drawing in session.hand}
    new = [drawing for drawing in drawings if (drawing.label, drawing.text) not in there]
    session.hand = [*session.hand, *_fitting(session, new)]
    session.lesson = None
    return len(new)


def _fitting(session: Session, new: Sequence[MyDrawing]) -> Sequence[MyDrawing]:
    """Return new drawings when there is room for them, and raise otherwise."""
    together = [*session.hand, *new]
    if len(together) > MOST or sum(len(drawing.text) for drawing in together) > MOST_TEXT:
        message = _("That would be {n} drawings, and there is room for {most}. Remove some first.")
        raise DatasetError(message.format(n=len(together), most=MOST))
    if len(counts(together)) > MAX_CLASSES:
        raise DatasetError(_("There are more than {n} classes.").format(n=MAX_CLASSES))
    return new


def _read(rows: Sequence[Any]) -> list[Stroke]:
    """Return the strokes in a file, within the bounds of what a pen can have drawn."""
    given = [
        Stroke(tuple((float(x), float(y)) for x, y in row["points"]), float(row["width"])) for row in rows
    ]
    return strokes_of({"objects": as_objects(given)})


def _strokes(drawing: MyDrawing) -> list[Stroke]:
    return _read(json.loads(drawing.text))


def _image(strokes: Sequence[Stroke], frame: Frame, shape: tuple[int, int]) -> UInt8Array:
    """Return a drawing as a network sees it: it has a name, so it is one thing, in parts or not."""
    return digit_in_strokes(strokes, replace(frame, in_parts=True), shape, SIZE)
