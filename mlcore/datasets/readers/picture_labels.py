"""Finds the labels of pictures that lie in no folders of classes: in a table beside them, or in their names.

The choice of what is read asks for them. What only the names say is offered to the user before it is used.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from mlcore.datasets.readers.limits import MAX_CLASSES, MAX_MEMBERS, MEGABYTE, MIN_CLASSES
from mlcore.datasets.readers.source import Source, decoded, open_text
from mlcore.datasets.readers.table_header import LABEL_NAMES
from mlcore.datasets.unlabelled import MissingLabels
from mlcore.language import _
from mlcore.quote import quoted

LONGEST_LIST = 20 * MEGABYTE
LEAST_LISTED = 0.5
"""Of the pictures, the share that a table must name to be the list of their labels."""

LONGEST_NUMBER = 20
"""Figures of a picture's number."""

SHOWN = 3
"""How many names are shown with their labels when these are offered."""

K = TypeVar("K")

_MARKS = {"0": 0, "0.0": 0, "1": 1, "1.0": 1}

_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_SPOKEN = {"digit", "label", "class", "cls", "lbl", "num", "number", "char", "letter"}


class LabelsInNames(MissingLabels):
    """Pictures lie in no folders of classes, but their names seem to hold the labels: the user has to say."""


# ---- a table beside the pictures -------------------------------------------------------------------------


def labelled_by_list(
    pictures: Sequence[Source], tables: Sequence[Source]
) -> tuple[list[Source], list[Source]]:
    """Return the pictures that tables name, with their labels, and these tables; or none.

    Such a table has a column of names of pictures, as paths or without their ending, and one of labels. Of
    several, the one that names the most counts, and those of the same columns that name other pictures.
    """
    places = _Places(pictures)
    found = [_Listed.of(table, places) for table in tables]
    found.sort(key=lambda listed: len(listed.labels), reverse=True)
    labels: dict[int, str] = {}
    used = []
    for listed in found:
        if listed.labels.keys() - labels.keys() and listed.header == found[0].header:
            labels = listed.labels | labels
            used.append(listed.table)
    if len(labels) < LEAST_LISTED * len(pictures):
        return [], []
    return [replace(pictures[place], label=text) for place, text in sorted(labels.items())], used


@dataclass(frozen=True)
class _Listed:
    """What a table tells: its first row, and the label of each picture that it names, by its place."""

    table: Source
    header: list[str]
    labels: dict[int, str]

    @classmethod
    def of(cls, table: Source, places: "_Places") -> Self:
        rows = _rows(table)
        return cls(table, rows[0] if rows else [], _labels_of(rows, places))


class _Places:
    """Where each picture stands in the list of all, by its name and by the end of its path."""

    def __init__(self, pictures: Sequence[Source]) -> None:
        self._paths = [f"/{picture.path.lower()}" for picture in pictures]
        self._by_name: dict[str, list[int]] = {}
        self._by_number: dict[int, list[int]] = {}
        for place, path in enumerate(self._paths):
            name = path.rpartition("/")[2]
            for called in {name, name.rpartition(".")[0]}:
                self._by_name.setdefault(called, []).append(place)
                if (number := _number(called)) is not None:
                    self._by_number.setdefault(number, []).append(place)

    def of(self, cell: str) -> int | None:
        """Return the place of the one picture that a cell names, or None; of 0007.png, 7 is a name too."""
        path = cell.strip().lower().replace("\\", "/").removeprefix("./")
        found = self._by_name.get(path.rpartition("/")[2], [])
        if not found and (number := _number(path)) is not None:
            found = self._by_number.get(number, [])
        if len(found) > 1:
            found = [place for place in found if self._paths[place].endswith(f"/{path}")]
        return found[0] if len(found) == 1 else None


def _number(name: str) -> int | None:
    return int(name) if name.isascii() and name.isdigit() and len(name) < LONGEST_NUMBER else None


def _rows(table: Source) -> list[list[str]]:
    """Return the cells of a list; nothing when it is too long to be one."""
    with open_text(table) as stream:
        text = stream.read(LONGEST_LIST + 1)
    if len(text) > LONGEST_LIST or b"\0" in text:
        return []
    lines = decoded(text).removeprefix("\ufeff").splitlines()[: MAX_MEMBERS + 1]
    first = lines[0] if lines else ""
    delimiter = max(",;\t ", key=first.count)
    return [row for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter) if row]


def _labels_of(rows: Sequence[Sequence[str]], places: _Places) -> dict[int, str]:
    """Return the label of each picture that the rows name, by its place."""
    width = max(map(len, rows), default=0)
    columns = [[row[k].strip() if k < len(row) else "" for row in rows] for k in range(min(width, 50))]
    found = [[places.of(cell) for cell in column] for column in columns]
    if not found:
        return {}
    # Labels may be names too, where the pictures are called 0.png, 1.png and so on: they name fewer.
    named = max(range(len(columns)), key=lambda k: len({*found[k]} - {None}))
    others = {k: column for k, column in enumerate(columns) if k != named}
    labels = _marked(list(others.values()))
    if not labels:
        label = _label_column(others)
        labels = columns[label] if label is not None else []
    pairs = zip(found[named], labels, strict=False)
    return {place: text for place, text in pairs if place is not None and text}


def _marked(columns: Sequence[Sequence[str]]) -> list[str]:
    """Return the label of each row where one of the columns has a single 1 there: the name of that column.

    >>> _marked([["cat", "1.0", "0.0"], ["dog", "0.0", "1.0"]])
    ['', 'cat', 'dog']
    >>> _marked([["label", "1", "0"]])
    []
    """
    names = [column[0] for column in columns]
    cells = zip(*(column[1:] for column in columns), strict=True)
    marks = [[_MARKS.get(cell, 2) for cell in row] for row in cells]  # 2 makes the sum of a row too large
    if not MIN_CLASSES <= len(columns) <= MAX_CLASSES or any(sum(row) != 1 for row in marks):
        return []
    return ["", *(names[row.index(1)] for row in marks)]


def _label_column(columns: Mapping[int, Sequence[str]]) -> int | None:
    """Return the column of labels: the one that is called so, or the one of the fewest different values."""
    header = {columns[k][0].lower(): k for k in sorted(columns, reverse=True)}
    called = [header[name] for name in LABEL_NAMES if name in header]
    if called:
        return called[0]
    counts = {k: len(set(column[1:])) for k, column in columns.items()}
    fitting = {k: n for k, n in counts.items() if MIN_CLASSES <= n <= MAX_CLASSES}
    return min(fitting, key=fitting.__getitem__) if fitting else None


# ---- the names of the pictures ---------------------------------------------------------------------------


def labels_in_names(pictures: Sequence[Source]) -> list[str]:
    """Return a label for each picture, read in its name; nothing when the names do not tell.

    All names have as many words and numbers. The label is the one behind "digit", "label" and the like; else
    a word that differs; else a number that repeats, rather a single figure than one that only counts.

    >>> def names(*stems): return [Source(f"{stem}.png", open) for stem in stems]
    >>> labels_in_names(names("3_17", "3_18", "7_19", "7_20"))
    ['3', '3', '7', '7']
    >>> labels_in_names(names("digit3-001", "digit3-002", "digit7-001", "digit7-002"))
    ['3', '3', '7', '7']
    >>> labels_in_names(names("img_1", "img_2", "img_3"))
    []
    """
    columns = _columns(pictures)
    place = _label_place(columns)
    return [] if place is None else list(columns[place])


def _columns(pictures: Sequence[Source]) -> list[tuple[str, ...]]:
    """Return the words and numbers of the names, those of one place together; nothing when names differ."""
    stems = [re.split(r"[/\\]", picture.inner)[-1].rpartition(".")[0] for picture in pictures]
    tokens = [_TOKEN.findall(stem) for stem in stems]
    return list(zip(*tokens, strict=True)) if len(set(map(len, tokens))) == 1 else []


def _label_place(columns: Sequence[Sequence[str]]) -> int | None:
    telling = [k for k, column in enumerate(columns) if _repeats(column)]
    return min(telling, key=lambda k: _unlikeliness(columns, k), default=None)


def _repeats(column: Sequence[str]) -> bool:
    different = len(set(column))
    return MIN_CLASSES <= different <= MAX_CLASSES and different < len(column)


def _unlikeliness(columns: Sequence[Sequence[str]], k: int) -> int:
    before = {word.lower() for word in columns[k - 1]} if k else set()
    if before and before <= _SPOKEN:
        return 0
    if not any(word.isdigit() for word in columns[k]):
        return 1
    return 2 if all(len(word) == 1 for word in columns[k]) else 3


def labelled_by_name(groups: Mapping[K, Sequence[Source]], learned_from: K) -> dict[K, list[Source]]:
    """Return the pictures of all parts with the labels that their names hold, or as they were.

    Where the label stands is decided by the names of the pictures that are learned from.
    """
    place = _label_place(_columns(groups[learned_from]))
    found = {}
    for part, pictures in groups.items():
        columns = _columns(pictures)
        labels = [""] * len(pictures) if place is None or place >= len(columns) else columns[place]
        found[part] = [replace(picture, label=text) for picture, text in zip(pictures, labels, strict=True)]
    return found


def offer(file: str, pictures: Sequence[Source], labels: Sequence[str]) -> LabelsInNames:
    """Return the question whether the labels in the names are the right ones, with some of them."""
    first: dict[str, str] = {}
    for picture, label in zip(pictures, labels, strict=True):
        first.setdefault(label, picture.name)
    message = _(
        "{file}: the pictures lie in no folders of classes, but their names may hold the labels: {shown} "
        "({n} classes). If that is right, let them be read from the names (in Python: labels=“names”); else "
        "put the pictures into one folder for each class, or add a table of two columns, image and label, as "
        ".csv."
    )
    return LabelsInNames(message.format(file=file, shown=_examples(first), n=len(first)))


def _examples(names: Mapping[str, str]) -> str:
    message = _("{name} is “{label}”")
    some = list(names.items())[:SHOWN]
    return ", ".join(message.format(name=quoted(name), label=quoted(label)) for label, name in some)
