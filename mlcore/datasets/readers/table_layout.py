"""Tells from the first rows of a table what its columns are: the label, the pixels, and what is left out.

`layout_of` decides by what stands in the columns and by their names, and by nothing else; `read_table` then
reads all rows in the layout that it returns.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.readers.limits import MAX_CLASSES, MIN_SIDE, check_image_shape
from mlcore.datasets.readers.parts import part_of
from mlcore.datasets.readers.table_header import LABEL_NAMES, MOST_BESIDE, are_mangled
from mlcore.datasets.readers.table_lines import Dialect
from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.quote import quoted

LABEL_WORDS = ("label", "class", "target", "digit", "letter", "character")
INDEX_NAMES = (
    "",
    "index",
    "id",
    "unnamed: 0",
    "no",
    "nr",
    "row",
    "filename",
    "file",
    "image",
    "path",
    "name",
)
ROW_NAMES = ("", "index", "unnamed: 0")
COLOURS = (1, 3)  # values of a pixel, in the order in which they are tried
LEAST_COLOURED_SIDE = 8
MOST_WORDS = 20  # of a column that are looked at
LEAST_NAMES = 10  # words that all differ before they are names of images rather than of classes
LEAST_PIXELS = 16
LARGEST_SIDE = 256

_FILE_NAME = re.compile(r".*\.[A-Za-z]{3,4}")


@dataclass(frozen=True)
class Layout:
    """What the columns of a table are.

    Attributes
    ----------
    file : str
    dialect : Dialect
    names : tuple of str or None
        The header, where there is one; as many as columns.
    n_columns : int
    pixels : tuple of int
        The columns of the pixels, row by row of the image; empty in a table of labels alone.
    image_shape : (int, int)
    label : int or None
    one_hot : tuple of int
        The columns that mark the class with a single 1, where the label comes that way.
    text : frozenset of int
        Columns that hold no numbers: labels that are words, names of files, nothing at all.
    colours : int
        How many values a pixel has: 3 for red, green and blue.
    first_pixel : int
        The number of the first pixel in rows of pairs.
    part : int or None
        The column that says of each row to which part of the data it belongs ("train", "test").
    identity : int or None
        The column that names the images, where no labels are wanted: one of `text`, kept as it stands.
    are_points : bool
        Whether the pixels are points of a pen, x and y by turns, that are drawn as images of `image_shape`.
    notes : tuple of str
        What is left out, for the user.
    """

    file: str
    dialect: Dialect
    names: tuple[str, ...] | None
    n_columns: int
    pixels: tuple[int, ...] = ()
    image_shape: tuple[int, int] = (0, 0)
    label: int | None = None
    one_hot: tuple[int, ...] = ()
    text: frozenset[int] = frozenset()
    colours: int = 1
    first_pixel: int = 1
    part: int | None = None
    identity: int | None = None
    are_points: bool = False
    notes: tuple[str, ...] = ()

    @property
    def is_labelled(self) -> bool:
        """Whether each row has a label."""
        return self.label is not None or bool(self.one_hot)

    @cached_property
    def places(self) -> dict[int, int]:
        """Where each column of numbers stands once the columns of text are taken out."""
        numbers = [k for k in range(self.n_columns) if k not in self.text]
        return {column: place for place, column in enumerate(numbers)}

    @cached_property
    def pixel_places(self) -> NDArray[np.intp]:
        """The same of the pixels, in their order."""
        return np.array([self.places[k] for k in self.pixels], np.intp)

    def column(self, index: int) -> str:
        """Return how a sentence calls a column: its number, and its name when there is one."""
        return _called(self.names, index)


def _called(names: Sequence[str] | None, column: int) -> str:
    name = names[column] if names else ""
    return f"{column + 1} ({quoted(name)})" if name else str(column + 1)


@dataclass(frozen=True)
class Columns:
    """The first rows of a table, column by column.

    Attributes
    ----------
    values : float array, ``(rows, columns)``
        NaN where a cell is no number.
    text : frozenset of int
        The columns that hold words.
    blank : frozenset of int
        The columns that hold nothing.
    words : mapping of int to frozenset of str
        For each column of words, some of them.
    """

    values: NDArray[Any]
    text: frozenset[int] = frozenset()
    blank: frozenset[int] = frozenset()
    words: Mapping[int, frozenset[str]] = field(default_factory=dict)
    _kept: dict[int, NDArray[Any]] = field(default_factory=dict)

    def numbers(self, column: int) -> NDArray[Any]:
        """Return the numbers that a column holds."""
        if column not in self._kept:
            values = self.values[:, column]
            self._kept[column] = values[~np.isnan(values)] if values.dtype.kind == "f" else values
        return self._kept[column]

    def is_counting(self, column: int) -> bool:
        """Whether a column numbers the rows, in steps of one."""
        numbers = self.numbers(column).astype(np.float64)
        return len(numbers) > 1 and column not in self.text and bool((np.diff(numbers) == 1).all())

    def is_naming(self, column: int) -> bool:
        """Whether the words of a column are names of files, or another one with a number in each row.

        >>> names = frozenset(f"a/{k}.png" for k in range(3))
        >>> Columns(np.full((3, 1), np.nan), frozenset({0}), words={0: names}).is_naming(0)
        True
        """
        words = self.words[column]
        if len(words) < min(MOST_WORDS, len(self.values)):
            return False
        are_files = all(_FILE_NAME.fullmatch(word) for word in words)
        return are_files or (len(words) > LEAST_NAMES and all(re.search("[0-9]", word) for word in words))


def layout_of(
    file: str, dialect: Dialect, names: tuple[str, ...] | None, columns: Columns, labelled: bool = True
) -> Layout:
    """Return what the columns of a table are.

    Parameters
    ----------
    file : str
        The table's name; "digits-20x25.csv" says that its images are not square.
    dialect : Dialect
        How its cells are separated, kept in the layout.
    names : tuple of str or None
        The header, when there is one.
    columns : Columns
        Its first rows.
    labelled : bool
        Whether the table should have labels; otherwise a column that may be an index is taken for one.

    Raises
    ------
    DatasetError
        When the pixels do not make an image, or the table is none of images and none of labels.
    """
    n = columns.values.shape[1]
    used = [k for k in range(n) if k not in columns.blank]
    says_nothing = names is None or are_mangled([name for name in names if name])
    small = ("",) * n if names is None or says_nothing else tuple(name.lower() for name in names)
    part = _part_column(columns, small)
    used = [k for k in used if k != part]
    text = columns.text | columns.blank
    alone = _labels_alone(columns, small, used)
    if alone is not None:
        one_hot, label = (alone, None) if len(alone) > 1 else ((), alone[0])
        return Layout(file, dialect, names, n, label=label, one_hot=one_hot, text=text)
    for colours in COLOURS:
        shapes = _Shapes(file, names, len(used), colours)
        choice = _Choice(columns, small, shapes, labelled)
        found = choice.roles(used)
        if found is not None:
            break
    else:
        raise _no_image(file, columns, small, used)
    check_image_shape(file, found.shape)
    others = sorted(set(used) - set(found.pixels) - set(found.one_hot))
    identity = None if labelled else choice.identity(others)
    notes = [*_notes(names, columns, set(others) - {found.label, identity}, found)]
    if identity is not None:
        message = _("What each image is called was read in column {column}.")
        notes.append(message.format(column=_called(names, identity)))
    return Layout(
        file,
        dialect,
        names,
        n,
        found.pixels,
        found.shape,
        found.label,
        found.one_hot,
        text if identity is None else text | {identity},
        colours=colours,
        part=part,
        identity=identity,
        notes=tuple(notes),
    )


@dataclass(frozen=True)
class _Roles:
    pixels: tuple[int, ...]
    shape: tuple[int, int]
    label: int | None = None
    one_hot: tuple[int, ...] = ()


class _Shapes:
    """The heights and widths that a number of pixels can have, of so many colours."""

    def __init__(self, file: str, names: Sequence[str] | None, n_columns: int, colours: int) -> None:
        self._colours = colours
        last = _shapes_in(names[-1] if names else "")  # of 1x1, 1x2, …, 28x28, or of 0x0, …, 27x27
        last |= {(height + 1) * (width + 1): (height + 1, width + 1) for height, width in last.values()}
        self._said = {n: shape for n, shape in last.items() if 0 <= n_columns - n <= MOST_BESIDE}
        named = _shapes_in(file.lower())
        self._said |= {n: shape for n, shape in named.items() if 0 <= n_columns - n <= MAX_CLASSES}

    def of(self, n_pixels: int) -> tuple[int, int] | None:
        """Return height and width: as the header or the file's name says (20x25), else a square."""
        if self._said and self._colours == 1:
            return self._said.get(n_pixels)
        side = math.isqrt(max(0, n_pixels) // self._colours)
        least = MIN_SIDE if self._colours == 1 else LEAST_COLOURED_SIDE
        fits = side * side * self._colours == n_pixels and least <= side <= LARGEST_SIDE
        return (side, side) if fits else None


def _shapes_in(text: str) -> dict[int, tuple[int, int]]:
    """Return the heights and widths that a text speaks of, by the number of pixels.

    >>> _shapes_in("digits-20x25.csv")
    {500: (20, 25)}
    """
    said = re.findall(r"(?<!\d)(\d{1,3})x(\d{1,3})(?!\d)", text)
    return {int(height) * int(width): (int(height), int(width)) for height, width in said}


def shape_in_name(file: str, least: int) -> tuple[int, int] | None:
    """Return the height and width that a file's name speaks of, where they make at least so many pixels."""
    return next((shape for n, shape in _shapes_in(file.lower()).items() if n >= least), None)


class _Choice:
    """The search for the label and the pixels among the columns of one table."""

    def __init__(self, columns: Columns, names: Sequence[str], shapes: _Shapes, labelled: bool) -> None:
        self._columns = columns
        self._names = names
        self._shapes = shapes
        self._labelled = labelled

    def roles(self, used: list[int]) -> _Roles | None:
        """Return the roles of the columns, or None when no number of them makes an image."""
        label = self._named_label(used)
        alike = self._alike_by_name([k for k in used if k != label])
        if alike is not None:
            return self._beside(alike, used, label)
        if label is not None:
            return self._without_index([k for k in used if k != label], label)
        shape = self._shapes.of(len(used))
        if shape is not None and not self._columns.text & set(used):
            return _Roles(tuple(used), shape)
        return self._one_hot_at_an_end(used) or self._run_of_pixels(used)

    def identity(self, others: Sequence[int]) -> int | None:
        """Return which of the columns beside the pixels names the images: each has a name of its own there.

        A column that counts from 0 and has no name is what pandas writes beside a table, and names nothing.
        """
        return next((k for k in others if self._is_index(k) and self._names_rows(k)), None)

    def _names_rows(self, column: int) -> bool:
        if column in self._columns.text:
            return True
        numbers = self._columns.numbers(column)
        is_said = self._names[column] not in ROW_NAMES
        return len(np.unique(numbers)) == len(numbers) and (is_said or bool(numbers[0] != 0))

    def _named_label(self, used: Sequence[int]) -> int | None:
        named = {self._names[k]: k for k in reversed(used)}
        exact = next((named[name] for name in LABEL_NAMES if name in named), None)
        if exact is not None:
            return exact
        spoken = [k for k in used if set(re.findall("[a-z]+", self._names[k])) & set(LABEL_WORDS)]
        return spoken[0] if len(spoken) == 1 else None

    def _alike_by_name(self, columns: Sequence[int]) -> tuple[int, ...] | None:
        """Return the columns whose names differ by numbers alone, when they are as many as an image has."""
        stems: dict[str, list[int]] = {}
        for k in columns:
            name = self._names[k]
            if any(map(str.isdigit, name)):
                stems.setdefault(re.sub("[0-9]+", "0", name), []).append(k)
        alike = max(stems.values(), key=len, default=[])
        fits = len(alike) >= LEAST_PIXELS and self._shapes.of(len(alike)) is not None
        return tuple(alike) if fits and not self._columns.text & set(alike) else None

    def _beside(self, pixels: tuple[int, ...], used: Sequence[int], label: int | None) -> _Roles:
        """Return the roles where the names have told the pixels."""
        shape = self._shapes.of(len(pixels))
        assert shape is not None
        others = sorted(set(used) - set(pixels))
        if label is not None:
            return _Roles(pixels, shape, label)
        if len(others) > 1 and _is_one_hot(self._columns, others):
            return _Roles(pixels, shape, one_hot=tuple(others))
        labels = [k for k in others if not self._is_index(k)]
        return _Roles(pixels, shape, self._best_label(labels))

    def _without_index(self, pixels: list[int], label: int) -> _Roles | None:
        """Return the roles where a name has told the label: columns that only count are no pixels."""
        for k in [None, *[k for k in pixels if k in self._columns.text or self._is_index(k)]]:
            pixels = [pixel for pixel in pixels if pixel != k]
            shape = self._shapes.of(len(pixels))
            if shape is not None and not self._columns.text & set(pixels):
                return _Roles(tuple(pixels), shape, label)
        return None

    def _one_hot_at_an_end(self, used: list[int]) -> _Roles | None:
        n = len(used)
        for k in range(2, min(MAX_CLASSES, n - LEAST_PIXELS) + 1):
            shape = self._shapes.of(n - k)
            if shape is None:
                continue
            for marks, pixels in ((used[-k:], used[:-k]), (used[:k], used[k:])):
                if _is_one_hot(self._columns, marks):
                    return _Roles(tuple(pixels), shape, one_hot=tuple(marks))
        return None

    def _run_of_pixels(self, used: list[int]) -> _Roles | None:
        """Return the roles where the pixels lie side by side, and up to three other columns at the ends."""
        n = len(used)
        best: tuple[tuple[float, ...], _Roles] | None = None
        for beside in range(1, MOST_BESIDE + 1):
            shape = self._shapes.of(n - beside)
            if shape is None:
                continue
            for front in range(beside, -1, -1):
                pixels = used[front : n - beside + front]
                others = used[:front] + used[n - beside + front :]
                if self._columns.text & set(pixels):
                    continue
                labels = [k for k in others if not self._is_index(k)]
                label = self._best_label(labels)
                score = (float(-len(labels)), *self._labelness(label, pixels))
                if best is None or score > best[0]:
                    best = score, _Roles(tuple(pixels), shape, label)
        return best[1] if best else None

    def _is_index(self, column: int) -> bool:
        """Whether a column names or numbers the rows: by its name, or as it counts on beyond all classes."""
        name = self._names[column]
        if name in INDEX_NAMES[1:] or re.search(r"(^|[^a-z])id$|[a-z]id$|^id[^a-z]", name):
            return True
        if column in self._columns.text:
            return self._columns.is_naming(column)
        if not self._columns.is_counting(column):
            return False
        rows = len(self._columns.numbers(column))
        is_unnamed = not name and any(self._names)
        return rows > MAX_CLASSES or is_unnamed or not self._labelled

    def _best_label(self, candidates: Sequence[int]) -> int | None:
        """Return the column that looks most like labels; values that come once each are rather an index."""

        def score(column: int) -> tuple[float, ...]:
            numbers = self._columns.numbers(column)
            repeats = column in self._columns.text or len(np.unique(numbers)) < len(numbers)
            return (float(repeats), *self._labelness(column, ()))

        return max(candidates, key=score, default=None)

    def _labelness(self, column: int | None, pixels: Sequence[int]) -> tuple[float, ...]:
        """Return how much a column looks like labels, as numbers that are compared one after the other."""
        if column is None:
            return (-1.0,)
        if column in self._columns.text:
            return (2.0,)
        numbers = self._columns.numbers(column)
        values, counts = np.unique(numbers, return_counts=True)
        is_plausible = (
            0 < len(values) <= MAX_CLASSES and values[0] >= -1 and bool((values == np.floor(values)).all())
        )
        if not is_plausible:
            return (0.0,)
        span = float(values[-1]) - float(values[0]) + 1
        return (
            1.0,
            float(len(values) > 1),
            float(self._stands_out(values, pixels)),
            float(span <= MAX_CLASSES),
            float(span == len(values)),
            -float(counts.max() / len(numbers)),
        )

    def _stands_out(self, values: NDArray[Any], pixels: Sequence[int]) -> bool:
        """Whether a column has values that the pixels do not have: 0 to 9 beside 0 and 255, say."""
        if len(pixels) <= 2:
            return False
        inner = self._columns.values[:, list(pixels[1:-1])]
        return not bool(np.isin(values, np.unique(inner)).all())


def _part_column(columns: Columns, names: Sequence[str]) -> int | None:
    """Return the column in which all words name a part of the data: such words are never classes."""
    for column, words in columns.words.items():
        is_other = names[column] in LABEL_NAMES or columns.is_naming(column)
        if not is_other and words and all(map(part_of, words)):
            return column
    return None


def _is_one_hot(columns: Columns, marks: Sequence[int]) -> bool:
    """Whether each row has a single 1 in these columns and 0 beside it, and not all the same."""
    if len(marks) > MAX_CLASSES or columns.text & set(marks):
        return False
    values = columns.values[:, list(marks)]
    single = bool(np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all())
    return single and len(np.unique(values.argmax(axis=1))) > 1


def _labels_alone(columns: Columns, names: Sequence[str], used: Sequence[int]) -> tuple[int, ...] | None:
    """Return the columns of the label in a table that has nothing else but an index."""
    if len(used) > 2 and _is_one_hot(columns, used):
        return tuple(used)
    if len(used) == 1:
        return tuple(used)
    if len(used) == 2 and used[0] not in columns.text:
        first_counts = names[used[0]] in INDEX_NAMES or columns.is_counting(used[0])
        return (used[1],) if first_counts or names[used[0]].endswith("id") else None
    return None


def _notes(
    names: tuple[str, ...] | None, columns: Columns, ignored: Collection[int], found: _Roles
) -> Iterable[str]:
    if names and are_mangled([name for name in names if name]):
        yield _("The first row is an image that was taken for a header (0, 0.1, 0.2, …); it was left out.")
    if found.one_hot:
        message = _("The label was found in {n} columns, as a single 1 among zeros (one-hot).")
        yield message.format(n=len(found.one_hot))
    for k in sorted(ignored):
        if k == 0 and columns.is_counting(0):
            yield _("The first column only numbers the rows; it was ignored.")
        else:
            message = _("Column {column} is neither a pixel nor the label; it was ignored.")
            yield message.format(column=_called(names, k))


def _no_image(file: str, columns: Columns, names: Sequence[str], used: Sequence[int]) -> DatasetError:
    """Return what is wrong with a table that has no image in a row."""
    n = len(used)
    if len(columns.text) > LEAST_PIXELS:
        column = min(columns.text - {k for k in used[:1] if len(columns.text) > 1})
        message = _(
            "{file}, column {column}: the cells are not numbers, such as “{word}”. A pixel is a "
            "number, 0 to 255 or 0 to 1."
        )
        word = quoted(min(columns.words[column], default=""))
        raise DatasetError(message.format(file=file, column=column + 1, word=word))
    if columns.text and n <= LEAST_PIXELS:
        message = _(
            "{file} is a list of pictures or other things, not a table of pixels. If it tells which picture "
            "shows what, pack it together with the pictures as one .zip."
        )
        return DatasetError(message.format(file=file))
    if n <= LEAST_PIXELS or n > LARGEST_SIDE**2 + MOST_BESIDE:
        message = _(
            "{file} has {n:,} columns in its first row. A table of images has one for the label "
            "and one per pixel: 785 for images of 28×28."
        )
        return DatasetError(message.format(file=file, n=n))
    message = _(
        "{file} has {n:,} pixel columns, which do not make a square image. If a column is "
        "missing or there is one too many, correct that; if the images are not square, put "
        "height and width into the file's name: digits-20x25.csv."
    )
    return DatasetError(message.format(file=file, n=n - 1))
