"""A trained model for a browser: as JSON for the script that runs it there, and as one web page to take home.

The Draw page sends the JSON once, so that the network answers while the pen is down. `write_web_page` makes a
file that needs neither a server nor the internet; notebooks can call it, and Draw and Train offer it.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from mlcore.arrays import UInt8Array
from mlcore.errors import ModelFileError, NoDigitError
from mlcore.evaluation import UNSURE
from mlcore.exports.lights import (
    HTML,
    can_be_shown,
    lights_help,
    lights_script,
    lights_title,
    lights_words,
)
from mlcore.images.drawing import NOTHING, TWO, digit_in_strokes
from mlcore.images.strokes import Stroke
from mlcore.language import _
from mlcore.model import Model
from mlcore.network.convolution import Conv2d, Flatten, MaxPool2d
from mlcore.network.layers import Activation, Dropout, Layer, Linear
from mlcore.quote import quoted
from mlcore.refusal import NEAREST, REFUSED, Refusal

CANVAS = 280
"""Units of the canvas, both ways."""

PEN = 24
"""Width of its pen, in these units."""

SHORT_NAME = 24
"""Letters of a class's name where little room is."""

MOST_BARS, SOME_BARS = 12, 10
"""With more classes than the first, only so many bars are shown as the second says."""

MOST_PARAMETERS = 8_000_000
"""Of a model that is made a web page of: about 43 MB."""

_HERE = Path(__file__).parent
_KINDS: tuple[type[Layer], ...] = (Linear, Conv2d, MaxPool2d, Activation, Flatten)


def network_script() -> str:
    """Return the JavaScript module that prepares drawings and runs networks, with what shows an answer."""
    return "\n".join((_HERE / name).read_text("utf-8") for name in ("network.js", "card.js"))


def describe_model(model: Model, refusal: Refusal | None = None) -> dict[str, Any]:
    """Return all that the script needs to answer as a model does, as JSON has it.

    Parameters
    ----------
    model : Model
        One of images; its weights are rounded to float32, four bytes each, and written in base64.
    refusal : Refusal, optional
        What is asked first, whether an image shows one of the classes at all.

    Raises
    ------
    ModelFileError
        When the model takes a table of numbers instead of images.
    """
    preparation = model.preparation
    if preparation.floats:
        message = _(
            "A web page draws images, and this model takes a table of numbers. It can be used from Python."
        )
        raise ModelFileError(message)
    return {
        "shape": model.image_shape,
        "frame": dataclasses.asdict(model.frame),
        "pooling": preparation.pooling,
        "kept": _numbers(preparation.kept),
        "levels": preparation.levels,
        "scale": preparation.scale,
        "mean": _numbers(preparation.mean),
        "deviation": _numbers(preparation.deviation),
        "separate": not model.network.loss.is_softmax,
        "layers": [
            _describe(layer, model.network_config.activation)
            for layer in model.network.layers
            if not isinstance(layer, Dropout)  # it changes nothing in an answer
        ],
        "weights": _base64(np.ascontiguousarray(model.parameters, "<f4").tobytes()),
        "refusal": refusal and {**describe_model(refusal.network), "above": refusal.above},
    }


def fits_web_page(model: Model) -> bool:
    """Return whether `web_page` can be made of a model."""
    return not model.preparation.floats and model.parameter_count <= MOST_PARAMETERS


def _describe(layer: Layer, activation: str) -> dict[str, Any]:
    if not isinstance(layer, _KINDS):
        raise TypeError(f"network.js knows no layer of the kind {layer.kind!r}")
    name = {"name": activation} if isinstance(layer, Activation) else {}
    return {
        "kind": layer.kind,
        "inputs": layer.input_shape,
        "outputs": layer.output_shape,
        "parameters": {part: int(np.prod(shape)) for part, shape in layer.parameter_shapes.items()},
        **name,
    }


def describe_words(class_names: Sequence[str], percent: str) -> dict[str, Any]:
    """Return the words with which an answer is shown, and from which probability on it is called sure.

    Parameters
    ----------
    class_names : sequence of str
    percent : str
        How a percentage is written, with ``{number}`` in it.
    """
    return {
        "names": [quoted(name) for name in class_names],
        "short": [_isolated(quoted(name, SHORT_NAME)) for name in class_names],
        "words": {
            "percent": percent,
            "sure": _("{percent} sure"),
            "unsure": _("not sure ({percent})"),
            "sureFrom": UNSURE,
            "second": _("Second guess: {name}, {percent}"),
            "nearest": _(NEAREST),
        },
    }


def _isolated(name: str) -> str:
    """Return a name between marks that keep it from turning the words around it."""
    return name if name.isascii() else f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


def describe_answer(
    strokes: Iterable[Stroke],
    image: UInt8Array | None,
    probabilities: np.ndarray | None,
    doubt: float | None = None,
) -> dict[str, Any]:
    """Return strokes with Python's answer to them, with which a browser compares its own.

    Parameters
    ----------
    strokes : iterable of Stroke
        All that were drawn, stray taps included.
    image : uint8 array (height, width) or None
        What the network was given; None when there is no digit.
    probabilities : float array (classes,) or None
    doubt : float, optional
        How likely the image shows none of the classes, where that is told.
    """
    return {
        "strokes": [
            [stroke.width, *(place for point in stroke.points for place in point)] for stroke in strokes
        ],
        "image": None if image is None else _base64(image.tobytes()),
        "probabilities": _numbers(probabilities),
        "doubt": doubt,
    }


def as_text(content: Mapping[str, Any]) -> str:
    """Return JSON without a space in it."""
    return json.dumps(content, separators=(",", ":"))


# The web page


def web_page(model: Model, refusal: Refusal | None = None, *, title: str = "", story: str = "") -> str:
    """Return one HTML page with a canvas and a model that answers what is drawn on it.

    It needs no server and loads nothing. It holds some drawings with the answers that the model gives them
    here, asks itself for the same, and says so when the browser answers otherwise.

    Parameters
    ----------
    model : Model
    refusal : Refusal, optional
        What is asked first, whether a drawing shows one of the classes at all.
    title : str, optional
        What the page is called.
    story : str, optional
        How the model was trained; without one, what its card tells.

    Raises
    ------
    ModelFileError
        When the model takes a table of numbers, or is too large for a web page.
    """
    if model.parameter_count > MOST_PARAMETERS:
        message = _("A web page can hold a model of {most:,} parameters at most, and this one has {n:,}.")
        raise ModelFileError(message.format(most=MOST_PARAMETERS, n=model.parameter_count))
    content = {
        **describe_words(model.class_names, _("{number} %")),
        "model": describe_model(model, refusal),
        "bars": len(model.class_names) if len(model.class_names) <= MOST_BARS else SOME_BARS,
        "checks": [_checked(model, refusal, strokes) for strokes in CHECKS],
        "size": CANVAS,
        "pen": PEN,
        "lights": lights_words() if can_be_shown(model) else None,
        "texts": {
            "title": quoted(title) or _task(model.class_names),
            "story": story or tell_story(model),
            **_page_words(),
        },
    }
    page = (_HERE / "page.html").read_text("utf-8")
    parts = {
        "TITLE": escape(content["texts"]["title"]),
        # Within a script element only "<" can end it.
        "CONTENT": as_text(content).replace("<", "\\u003c"),
        "LIGHTS": HTML,
        "SCRIPT": network_script() + lights_script() + (_HERE / "page.js").read_text("utf-8"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], page)


def write_web_page(
    model: Model,
    path: str | PathLike[str],
    refusal: Refusal | None = None,
    *,
    title: str = "",
    story: str = "",
) -> None:
    """Write what `web_page` returns as a file, which any browser opens from anywhere."""
    Path(path).write_text(web_page(model, refusal, title=title, story=story), encoding="utf-8")


def _task(class_names: Sequence[str]) -> str:
    """Return what there is to draw.

    >>> _task(["0", "1"]), _task(["cat", "dog"])
    ('Draw a digit', 'Draw one of these: cat, dog')
    """
    if all(len(name) == 1 and name.isdecimal() for name in class_names):
        return _("Draw a digit")
    return quoted(_("Draw one of these: {names}").format(names=", ".join(class_names)))


def tell_story(model: Model) -> str:
    """Return a line about how a model was trained, as far as its card tells."""
    card: Mapping[str, Any] = model.card
    parts = [_("A neural network with {n:,} parameters").format(n=model.parameter_count)]
    if isinstance(card.get("dataset"), str) and type(card.get("train_size")) is int:
        learned = _("trained on {n:,} images of {name}")
        parts.append(learned.format(n=card["train_size"], name=quoted(card["dataset"])))
    scores = {
        "test_accuracy": _("{percent} of the test images right"),
        "dev_accuracy": _("{percent} of the dev set right"),
    }
    for key, words in scores.items():
        if isinstance(card.get(key), float):
            parts.append(words.format(percent=_("{number} %").format(number=f"{100 * card[key]:.1f}")))
            break
    return ", ".join(parts) + "."


def _page_words() -> dict[str, str]:
    return {
        "hint": _("Draw: the answer follows the pen."),
        "nothing": _(NOTHING),
        "two": _(TWO),
        "refused": _(REFUSED),
        "canvas": _("Canvas for drawing with mouse, pen or finger."),
        "undo": _("Undo"),
        "clear": _("Clear"),
        "pen": _("Pen width"),
        "seen": _("What the network sees"),
        "work": lights_title(),
        "work_help": lights_help(),
        "bars": _("Probability of each class"),
        "offline": _("Nothing that you draw leaves this page."),
        "same": _("Checked: this browser answers as the network did in Python."),
        "other": _(
            "This browser gives other answers than the network did in Python: do not rely on it. "
            "Try another browser."
        ),
    }


def _checked(model: Model, refusal: Refusal | None, strokes: Sequence[Stroke]) -> dict[str, Any]:
    """Return strokes with the answer of a model."""
    try:
        image = digit_in_strokes(strokes, model.frame, model.image_shape, CANVAS)
    except NoDigitError:
        return describe_answer(strokes, None, None)
    doubt = None if refusal is None else float(refusal.doubts(image[None])[0])
    return describe_answer(strokes, image, model.probabilities_of(image[None])[0], doubt)


def _ring(x: float, y: float, across: float, down: float) -> Stroke:
    turns = np.linspace(0, 2 * np.pi, 25)
    points = zip(x + across * np.sin(turns), y - down * np.cos(turns), strict=True)
    return Stroke(tuple((round(float(a), 2), round(float(b), 2)) for a, b in points), PEN)


CHECKS: tuple[tuple[Stroke, ...], ...] = (
    (_ring(140, 140, 60, 95),),
    (Stroke(((150.0, 40.0), (138.0, 235.0)), PEN),),
    (
        Stroke(((70.0, 60.0), (205.0, 66.0), (120.0, 240.0)), PEN),
        Stroke(((95.0, 150.0), (190.0, 145.0)), PEN),
    ),
    (_ring(138, 90, 45, 48), _ring(142, 190, 55, 52), Stroke(((20.0, 20.0),), PEN)),
    (_ring(70, 140, 30, 60), _ring(210, 140, 30, 60)),
)
"""Drawings that a page asks itself about: like 0, 1, 7, 8 beside a stray tap, and two digits."""


def _numbers(values: np.ndarray | None) -> list[float] | None:
    return None if values is None else values.tolist()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
