"""Writes explanation/architecture.md and its pictures: the rooms of the code, and which imports which.

`python -m docs.rooms_page` writes them; a test tells when that is due. ``--before FOLDER`` also surveys an
older tree of the project, with which the page compares the present one.
"""

import json
import sys
from html import escape
from pathlib import Path

from tests.house import ROOT, Graph, House, arrows, survey

PAGE = ROOT / "docs" / "explanation" / "architecture.md"
IMAGES = ROOT / "docs" / "images"
BEFORE = ROOT / "docs" / "rooms_before.json"

WIDTH = 1000  # units of a picture, at least
ROW, BOX = 92, 26  # from one row of rooms to the next; height of a room
LETTER = 7.2  # width of a letter, roughly

TEXT = """# How the code is arranged

The pages import `dashboard`, and `dashboard` imports `mlcore`, never the other way round. A *room* is a
folder or module directly below `dashboard` or `mlcore`. [Decision 16](../decisions/0016-rooms.md) explains
the rules, and `tests/test_house.py` checks them. `python -m docs.rooms_page` writes this page.

| | before the code was divided into rooms (commit `4e891ee`) | today |
| --- | --- | --- |
{rows}

## Which room imports which

Each arrow is an import between two rooms. A room stands above all the rooms that it imports, so every arrow
points down. The circle before the move was inside the room `runs`.

{pictures}
"""


def files() -> dict[Path, str]:
    """Return what the page and its pictures contain, by their paths."""
    before, today = read(BEFORE), survey(ROOT)
    views = [
        line
        for package in today.rooms
        for line in (
            f"**{package} today**",
            f"![The rooms of {package} today, with an arrow for each import](../images/rooms-{package}.svg)",
            f"**{package} before**",
            f"![The modules before, with an arrow for each import](../images/rooms-{package}-before.svg)",
        )
    ]
    found = {PAGE: TEXT.format(rows="\n".join(rows(before, today)), pictures="\n\n".join(views))}
    for package, rooms in today.rooms.items():
        found[IMAGES / f"rooms-{package}.svg"] = picture(rooms)
        found[IMAGES / f"rooms-{package}-before.svg"] = picture(before.rooms[package])
    return found


def rows(before: House, today: House) -> list[str]:
    """Return the rows of the table that compares two trees."""
    both = (before, today)
    counts = {
        f"rooms of `{package}`, imports between them": [
            f"{len(house.rooms[package])}, {arrows(house.rooms[package])}" for house in both
        ]
        for package in today.rooms
    }
    groups = [[" ↔ ".join(f"`{module}`" for module in circle) for circle in house.circles] for house in both]
    counts["imports in a circle"] = [", ".join(names) or "none" for names in groups]
    for kind in today.longest:
        counts[f"longest {kind}"] = [longest(house, kind) for house in both]
    return [f"| {name} | {old} | {new} |" for name, (old, new) in counts.items()]


def longest(house: House, kind: str) -> str:
    """Return the longest page, file or function, with its lines to the next ten: few changes change that."""
    name, lines = house.longest[kind]
    return f"`{name}`, about {round(lines, -1)} lines".replace(" in ", "` in `")


# ---- the pictures -----------------------------------------------------------------------------------------


def levels(rooms: Graph) -> list[list[str]]:
    """Return the rooms from the top row to the bottom row: each above all those that it imports.

    >>> levels({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    [['a'], ['b'], ['c']]
    """
    height = dict.fromkeys(rooms, 0)
    for _room in rooms:  # the longest way down has at most as many steps as there are rooms
        for room, others in rooms.items():
            height[room] = max([height[other] + 1 for other in others], default=0)
    top = max(height.values())
    return [[room for room in sorted(rooms) if height[room] == row] for row in range(top, -1, -1)]


def places(rooms: Graph, table: list[list[str]], width: float) -> dict[str, tuple[float, float]]:
    """Return the middle of each room, (x, y): as near as may be to the rooms with which it has an import."""
    friends = {room: others | {one for one in rooms if room in rooms[one]} for room, others in rooms.items()}
    across: dict[str, float] = {}
    for row in table:
        across |= _spread(row, width)
    for _sweep in range(20):
        for row in table:
            wish = {room: sum(across[f] for f in friends[room]) / max(len(friends[room]), 1) for room in row}
            row.sort(key=lambda room: (round(wish[room], 6), room))
            across |= _spread(row, width)
    return {room: (across[room], 30.0 + ROW * number) for number, row in enumerate(table) for room in row}


def _spread(row: list[str], width: float) -> dict[str, float]:
    """Return where the rooms of a row stand, with equal gaps between them."""
    gap = (width - sum(map(_width, row))) / len(row)
    found, left = {}, gap / 2
    for room in row:
        found[room] = left + _width(room) / 2
        left += _width(room) + gap
    return found


def _width(room: str) -> float:
    return LETTER * len(room) + 14


def picture(rooms: Graph) -> str:
    """Return the drawing of the rooms and their imports, as SVG."""
    table = levels(rooms)
    width = max(WIDTH, *(sum(_width(room) + 10 for room in row) for row in table))
    where = places(rooms, table, width)
    height = ROW * (len(table) - 1) + 60
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        'font-family="sans-serif" font-size="12">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" '
        'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#9ca3af"/></marker></defs>',
        f'<rect width="{width:.0f}" height="{height}" fill="#ffffff"/>',
        '<g fill="none" stroke="#9ca3af" stroke-opacity="0.6">',
        *(_arrow(*where[room], *where[other]) for room in sorted(rooms) for other in sorted(rooms[room])),
        '</g><g text-anchor="middle">',
        *(_room(room, x, y) for room, (x, y) in sorted(where.items())),
        "</g></svg>",
    ]
    return "\n".join(lines) + "\n"


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    """Return the curve from the lower side of one room to the upper side of another."""
    start, end = y1 + BOX / 2, y2 - BOX / 2
    middle = (start + end) / 2
    bend = f"C{x1:.0f} {middle:.0f} {x2:.0f} {middle:.0f} {x2:.0f} {end:.0f}"
    return f'<path d="M{x1:.0f} {start:.0f} {bend}" marker-end="url(#tip)"/>'


def _room(room: str, x: float, y: float) -> str:
    box = f'x="{x - _width(room) / 2:.0f}" y="{y - BOX / 2:.0f}" width="{_width(room):.0f}" height="{BOX}"'
    return (
        f'<rect {box} rx="5" fill="#f0fdfa" stroke="#0f766e"/>'
        f'<text x="{x:.0f}" y="{y + 4:.0f}" fill="#111827">{escape(room)}</text>'
    )


# ---- an older tree ----------------------------------------------------------------------------------------


def read(path: Path) -> House:
    """Return the survey that `write` wrote."""
    content = json.loads(path.read_text("utf-8"))
    rooms = {
        package: {room: set(others) for room, others in graph.items()}
        for package, graph in content["rooms"].items()
    }
    return House(
        rooms, content["circles"], {kind: (name, lines) for kind, (name, lines) in content["longest"].items()}
    )


def write(house: House, path: Path) -> None:
    """Write a survey as JSON."""
    content = {
        "rooms": {
            package: {room: sorted(others) for room, others in sorted(graph.items())}
            for package, graph in house.rooms.items()
        },
        "circles": house.circles,
        "longest": house.longest,
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--before"]:
        write(survey(Path(sys.argv[2])), BEFORE)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
