"""Pen strokes as the canvas describes them, read within bounds: a browser may send anything.

The Draw page draws them with `mlcore.images.strokes`. The strokes are the one truth about a drawing: what
Undo leaves, what is kept when the page changes and what the network answers all come from them, while the
canvas's own pixels arrive late, or not at all before the first stroke.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mlcore.images.strokes import Point, Stroke

# A browser may send anything; a drawing of a digit comes nowhere near these. The largest drawing that they
# allow takes 90 ms of a core, one of three strokes 3 ms, and the rest of an answer 12 ms.
MOST_STROKES = 100
MOST_POINTS = 2000  # of a whole drawing: at least 4,000 pixels of ink
MOST_COMMANDS = 6000  # of a whole drawing: a hand that moves for a minute and a half
WIDEST_PEN = 48.0
MOST_FIELDS, LONGEST_WORD = 60, 40  # of an object, and of a name or a word in it; Fabric.js writes 33
FARTHEST = 600.0  # pixels of the canvas, which has 280: a pen that is held may leave it

_NEAR = 2.0  # points closer together than this are one: a slow hand costs no more than a quick one


def strokes_of(drawing: Any) -> list[Stroke]:
    """Return the strokes in a canvas's JSON (Fabric.js); what is no stroke is left out, whatever it is.

    >>> strokes_of({"objects": [{"type": "Path", "strokeWidth": 9, "path": [["M", 1, 2], ["L", 3, 4]]}]})
    [Stroke(points=((1.0, 2.0), (3.0, 4.0)), width=9.0)]
    """
    objects = drawing.get("objects") if isinstance(drawing, Mapping) else None
    return [stroke for _item, stroke in _read(objects if isinstance(objects, list) else [])]


def drawn_by_pen(objects: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the objects of a canvas's JSON that are strokes, with what the canvas needs to show them."""
    return [
        {name: value for name, value in item.items() if name == "path" or _is_small(name, value)}
        for item, _stroke in _read(objects)
    ]


def as_objects(strokes: Iterable[Stroke]) -> list[dict[str, Any]]:
    """Return strokes as a canvas's JSON has them: the way back from `strokes_of`, along straight lines.

    >>> stroke = Stroke(((1.0, 2.0), (3.0, 4.0)), 9.0)
    >>> strokes_of({"objects": as_objects([stroke])}) == [stroke]
    True
    """
    return [
        {
            "type": "Path",
            "path": [["L" if number else "M", x, y] for number, (x, y) in enumerate(stroke.points)],
            "stroke": "#ffffff",
            "strokeWidth": stroke.width,
            "strokeLineCap": "round",
            "strokeLineJoin": "round",
            "fill": None,
        }
        for stroke in strokes
    ]


def _read(objects: Sequence[Any]) -> Iterator[tuple[Mapping[str, Any], Stroke]]:
    """Yield the objects that are strokes, and the strokes, as far as the bounds allow."""
    points, commands = MOST_POINTS, MOST_COMMANDS
    for item in objects[:MOST_STROKES]:
        path = item.get("path") if isinstance(item, dict) and len(item) <= MOST_FIELDS else None
        if not isinstance(path, list):
            continue
        commands -= len(path)
        if commands < 0 or points == 0:
            return
        try:
            stroke = _stroke(item, points)
        except (TypeError, ValueError, KeyError, IndexError, OverflowError):
            continue
        points -= len(stroke.points)
        yield item, stroke


def _is_small(name: str, value: Any) -> bool:
    """Whether a field of an object is one of the few numbers and words by which the canvas shows a stroke."""
    is_word = isinstance(value, str) and len(value) <= LONGEST_WORD
    return len(name) <= LONGEST_WORD and (
        value is None or isinstance(value, bool) or is_word or _is_number(value)
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e9


def _stroke(item: Mapping[str, Any], most: int) -> Stroke:
    """Read one path, ``most`` points of it at most; one that no pen can have drawn raises."""
    width = item["strokeWidth"]
    if item["type"] != "Path" or not _is_number(width) or not 0 < width <= WIDEST_PEN:
        raise ValueError("not a stroke")
    commands = [_command(command) for command in item["path"]]  # all, as they may be shown again
    points: list[Point] = []
    for point in _flatten(commands):
        if len(points) == most:
            break
        if len(points) > 1 and math.dist(points[-2], point) < _NEAR:
            points[-1] = point
        else:
            points.append(point)
    if not points:
        raise ValueError("nothing drawn")
    return Stroke(tuple(points), float(width))


def _command(command: Any) -> tuple[Point, ...]:
    """Return the points of a start (M), a line (L) or a quadratic curve (Q: the middle, then the end)."""
    letter, *numbers = command
    if len(numbers) != {"M": 2, "L": 2, "Q": 4}[letter] or not all(map(_is_number, numbers)):
        raise ValueError("not drawn by the pen")
    if max(map(abs, numbers)) > FARTHEST:
        raise ValueError("not on any canvas")
    return tuple((float(x), float(y)) for x, y in zip(numbers[::2], numbers[1::2], strict=True))


def _flatten(commands: Iterable[tuple[Point, ...]]) -> Iterator[Point]:
    """Yield the points of a path, its curves as short lines."""
    here: Point = (0.0, 0.0)
    for *middle, end in commands:
        if middle:
            yield from _curve(here, middle[0], end)
        here = end
        yield here


def _curve(start: Point, control: Point, end: Point, piece: float = 4.0) -> Iterator[Point]:
    """Yield points inside a quadratic Bézier curve, about ``piece`` pixels apart and without its two ends."""
    length = math.dist(start, control) + math.dist(control, end)
    pieces = min(64, math.ceil(length / piece))
    for k in range(1, pieces):
        t = k / pieces
        # B(t) = (1 − t)² start + 2 t (1 − t) control + t² end
        p, q, r = (1 - t) ** 2, 2 * t * (1 - t), t * t
        yield (
            p * start[0] + q * control[0] + r * end[0],
            p * start[1] + q * control[1] + r * end[1],
        )
