"""Three digits as a hand writes them, and how far each has come after a part of its ink.

The moving picture on Home is made from them, with the answers that the shipped model gives on the way.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import dist

from mlcore.images.strokes import Point, Stroke

SIZE = 280  # units of the canvas, as on Draw
PEN = 22.0

# Each line is a stroke: points that a smooth curve goes through.
LINES: dict[str, tuple[tuple[Point, ...], ...]] = {
    "3": (
        (
            (84, 74),
            (112, 48),
            (156, 44),
            (184, 72),
            (172, 112),
            (128, 132),
            (176, 144),
            (198, 184),
            (172, 228),
            (124, 240),
            (80, 216),
        ),
    ),
    "4": (
        ((112, 44), (96, 96), (78, 150), (120, 156), (210, 152)),
        ((172, 92), (168, 160), (160, 244)),
    ),
    "8": (
        (
            (188, 82),
            (158, 46),
            (112, 52),
            (92, 90),
            (122, 128),
            (170, 154),
            (190, 196),
            (160, 236),
            (110, 230),
            (92, 188),
            (120, 146),
            (168, 118),
            (190, 88),
        ),
    ),
}


def smooth(points: Sequence[Point], parts: int = 6) -> tuple[Point, ...]:
    """Return points on a curve through these points, ``parts`` to each piece (a Catmull-Rom spline).

    >>> smooth([(0.0, 0.0), (6.0, 0.0)], 2)
    ((0.0, 0.0), (3.0, 0.0), (6.0, 0.0))
    """
    ends = [points[0], *points, points[-1]]
    curve = [points[0]]
    for p, q, r, s in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for k in range(1, parts + 1):
            t = k / parts
            curve.append((_between(t, p[0], q[0], r[0], s[0]), _between(t, p[1], q[1], r[1], s[1])))
    return tuple(curve)


def _between(t: float, p: float, q: float, r: float, s: float) -> float:
    """Return the coordinate a part ``t`` of the way from q to r; the curve comes from p and goes to s."""
    return (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t**2 + (3 * q - p - 3 * r + s) * t**3) / 2


def written(digit: str) -> list[Stroke]:
    """Return a digit of `LINES` as strokes."""
    return [Stroke(smooth(line), PEN) for line in LINES[digit]]


def length(stroke: Stroke) -> float:
    """Return how long a stroke is, in units of the canvas."""
    return sum(dist(a, b) for a, b in pairwise(stroke.points))


def begun(strokes: Sequence[Stroke], share: float) -> list[Stroke]:
    """Return what stands on the canvas after a share of the ink, from 0 to 1.

    >>> begun([Stroke(((0.0, 0.0), (8.0, 0.0)), 2.0), Stroke(((0.0, 4.0), (2.0, 4.0)), 2.0)], 0.5)
    [Stroke(points=((0.0, 0.0), (5.0, 0.0)), width=2.0)]
    """
    left = share * sum(map(length, strokes))
    drawn = []
    for stroke in strokes:
        if left <= 0:
            break
        points = [stroke.points[0]]
        for a, b in pairwise(stroke.points):
            piece = dist(a, b)
            t = min(1.0, left / piece)
            points.append((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t))
            left -= piece
            if left <= 0:
                break
        drawn.append(Stroke(tuple(points), stroke.width))
    return drawn
