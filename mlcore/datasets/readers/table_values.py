"""Turns rows of text into numbers, as fast as their content allows, and names a cell that is not a number.

`read_table` goes through these chunks once to find the range of the values where it is not plain, and once to
keep them.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.readers.labels import labels_of_marks
from mlcore.datasets.readers.limits import check_label, check_name
from mlcore.datasets.readers.parts import NamedPart, part_of
from mlcore.datasets.readers.source import decoded
from mlcore.datasets.readers.table_layout import MOST_WORDS, Columns, Layout
from mlcore.datasets.readers.table_lines import COMMENTS, NUMBER, Dialect, TableText, without_comments
from mlcore.datasets.readers.table_sparse import sparse_rows
from mlcore.errors import DatasetError
from mlcore.language import N_, _
from mlcore.quote import quoted

LONGEST_CELL = 24  # characters of a cell that a sentence quotes
FIRST_LOOK = MOST_WORDS  # rows that are examined cell by cell
MOST_CELLS = 200_000  # examined in all: 255 rows of 28×28 pixels, 3,000 of 8×8
LOOK = 200  # rows that are, where NumPy cannot take them together
MAX_LABEL = 1e9
BESIDE_WORDS = " \t\"'"  # around a word in its cell

_BYTES = re.compile(rb"\s*b'([^']*)'\s*")
_NEEDLESS = re.compile(rb"\.0+(?![0-9])")


@dataclass(frozen=True)
class Chunk:
    """Some rows as numbers.

    Attributes
    ----------
    labels : int64 or text array, ``(rows,)``
        All 0 in a table without labels.
    pixels : array, ``(rows, pixels)``
        As they stand in the file, finite.
    parts : sequence of str or None
        The part of the data that each row belongs to; empty where no column says it.
    names : sequence of str
        What each image is called; empty where no column says it.
    lines : list of bytes
        The rows, and the blank lines among them.
    first_row : int
        The number of the first of these lines in the file.
    """

    labels: NDArray[Any]
    pixels: NDArray[Any]
    parts: Sequence[NamedPart | None]
    names: Sequence[str]
    lines: Sequence[bytes]
    first_row: int

    def line(self, index: int) -> tuple[int, bytes]:
        """Return the number of a row of the arrays in the file, and its text."""
        full = ((row, line) for row, line in enumerate(self.lines, self.first_row) if line.strip())
        return next(islice(full, index, None))


# The first rows


def columns_of(dialect: Dialect, lines: Sequence[bytes]) -> Columns:
    """Return the first rows of a table, column by column.

    >>> columns = columns_of(Dialect(b","), [b"a,0,1,", b"b,0,2,"])
    >>> columns.values.shape, columns.text, columns.blank
    ((2, 4), frozenset({0}), frozenset({3}))
    """
    full = [line for line in lines if line.strip()]
    n = len(dialect.cells(full[0]))
    full = full[: max(LOOK, MOST_CELLS // n)]
    rows = [dialect.cells(line) for line in full[:FIRST_LOOK]]
    text, blank = _kinds(rows, n)
    apart = _text_apart(dialect, n, text | blank, full)
    values = _values_together(dialect, n - len(text | blank), apart[0]) if apart else None
    if values is None:
        rows = [dialect.cells(line) for line in full[:LOOK]]
        text, blank = _kinds(rows, n)
        cells = [[number_in(cell) for cell in row] for row in rows if len(row) == n]
        values = np.array(cells, np.float64)
    else:
        values = _with_columns(values, n, sorted(text | blank))
    words = {k: frozenset(label_text(row[k]) for row in rows if k < len(row)) for k in text}
    return Columns(values, text, blank, words)


def _kinds(rows: Sequence[Sequence[bytes]], n: int) -> tuple[frozenset[int], frozenset[int]]:
    """Return which columns hold words, and which hold nothing. One odd cell among numbers is an error."""
    text, blank = set(), set()
    for k in range(n):
        cells = [row[k].strip() for row in rows if k < len(row)]
        filled = [cell for cell in cells if cell]
        words = {cell for cell in filled if not NUMBER.fullmatch(cell)}
        if not filled:
            blank.add(k)
        elif len(words) > 1 or (words and 2 * len(filled) < 3 * sum(cell in words for cell in filled)):
            text.add(k)
    return frozenset(text), frozenset(blank)


def _with_columns(values: NDArray[Any], n: int, missing: Sequence[int]) -> NDArray[Any]:
    """Return the values with columns of NaN in the missing places."""
    if not missing:
        return values
    whole = np.full((len(values), n), np.nan)
    whole[:, [k for k in range(n) if k not in set(missing)]] = values
    return whole


# All rows


def chunks_of(table: TableText, layout: Layout, has_header: bool) -> Iterator[Chunk]:
    """Yield all rows of a table as numbers, in order.

    Raises
    ------
    DatasetError
        With row and column of the first cell that is no number, or a label that is none.
    """
    for first_row, lines in table.blocks():
        if has_header and first_row == table.first_row:
            lines, first_row = lines[1:], first_row + 1
        yield from _chunks(layout, lines, first_row)


def _chunks(layout: Layout, lines: Sequence[bytes], first_row: int) -> Iterator[Chunk]:
    """Parse some lines.

    NumPy takes them together; what it cannot take is halved until the lines are found that must be read cell
    by cell, which is thirty times slower.
    """
    full = [line for line in lines if line.strip()]
    if not full:
        return
    together = _together(layout, full)
    if together is not None:
        yield Chunk(*together, lines, first_row)
    elif any(line.startswith(COMMENTS) for line in full):
        yield from _chunks(layout, without_comments(lines), first_row)
    elif len(full) == 1:
        row = first_row + next(k for k, line in enumerate(lines) if line.strip())
        yield Chunk(*_slowly(layout, full[0], row), lines, first_row)
    else:
        middle = len(lines) // 2
        yield from _chunks(layout, lines[:middle], first_row)
        yield from _chunks(layout, lines[middle:], first_row + middle)


Parsed: TypeAlias = tuple[NDArray[Any], NDArray[Any], Sequence[NamedPart | None], Sequence[str]]
"""Labels, pixels, parts and names of some rows, as `Chunk` has them."""


def _together(layout: Layout, lines: list[bytes]) -> Parsed | None:
    """Return labels, pixels and parts of some lines when NumPy can parse all of them, otherwise None."""
    if layout.dialect.is_sparse:
        parsed = sparse_rows(layout, lines)
        return parsed and (*parsed, (), ())
    apart = _text_apart(layout.dialect, layout.n_columns, layout.text, lines)
    values = (
        _values_together(layout.dialect, layout.n_columns - len(layout.text), apart[0]) if apart else None
    )
    if apart is None or values is None:
        return None
    pixels = values.take(layout.pixel_places, axis=1)
    labels: NDArray[Any] | None
    if layout.label is not None and layout.label in layout.text:
        labels = _labels_of_text(layout, [cells[layout.label] for cells in apart[1]])
    elif layout.label is not None:
        labels = _labels_of_numbers(values[:, layout.places[layout.label]])
    elif layout.one_hot:
        labels = labels_of_marks(values.take([layout.places[k] for k in layout.one_hot], axis=1))
    else:
        labels = np.zeros(len(values), np.int64)
    return None if labels is None else (labels, pixels, *_parts_and_names(layout, apart[1]))


def _values_together(dialect: Dialect, n_columns: int, lines: list[bytes]) -> NDArray[Any] | None:
    """Return the table that NumPy makes of the lines when all of it are numbers, otherwise None.

    It is tried as bytes, then as larger whole numbers, then as floats: a table of 76 MB in blocks of 1 MB
    takes 1.1 s as uint8 but 6.4 s as float32, so ".0" is cut off before.
    """
    if n_columns == 0:
        return np.zeros((len(lines), 0), np.uint8)
    separator = None if dialect.separator is None else dialect.separator.decode()
    if dialect.decimal_comma:
        lines = list(map(dialect.plain, lines))
    for dtype in (np.uint8, np.int64, np.float64):
        if dtype is np.int64:
            lines = _without_needless(lines, dialect.separator)
        try:
            values: NDArray[Any] = np.loadtxt(lines, dtype, comments=None, delimiter=separator, ndmin=2)
        except ValueError:
            continue
        if values.shape[1] == n_columns and (dtype is not np.float64 or bool(np.isfinite(values).all())):
            return values
    return None


def _text_apart(
    dialect: Dialect, n_columns: int, text: frozenset[int], lines: list[bytes]
) -> tuple[list[bytes], list[dict[int, bytes]]] | None:
    """Return the lines without their columns of text, and for each line what stands in these.

    Only the ends of a line are cut into cells, as far as text reaches into it. None when a line is too short.
    """
    if not text:
        return lines, []
    separator = dialect.separator
    front = 1 + max((k for k in text if 2 * k < n_columns), default=-1)
    back = n_columns - min((k for k in text if 2 * k >= n_columns), default=n_columns)
    places = [*range(front), -1, *range(n_columns - back, n_columns)]
    numbers, words = [], []
    for line in lines:
        pieces = line.split(separator, front)
        pieces[-1:] = pieces[-1].rsplit(separator, back)
        if len(pieces) != len(places):
            return None
        cells = dict(zip(places, pieces, strict=True))
        numbers.append((separator or b" ").join(cells[k] for k in places if k not in text))
        words.append({k: cells[k] for k in text})
    return numbers, words


def _without_needless(lines: list[bytes], separator: bytes | None) -> list[bytes]:
    """Take off quotes, and the ".0" or ".00" behind whole numbers in the way that the first one has it.

    >>> _without_needless([b'3.0,4.0,"5.0"', b"1.5,2.05,7.0"], b",")
    [b'3,4,5', b'1.5,2.05,7']
    """
    text = b"\n".join(lines).replace(b'"', b"") + b"\n"
    if zeros := _NEEDLESS.search(text):
        for end in (separator or b" ", b"\n"):
            text = text.replace(zeros[0] + end, end)
    return text.split(b"\n")[:-1]


# Labels


def _labels_of_numbers(numbers: NDArray[Any]) -> NDArray[np.int64] | None:
    """Return labels as whole numbers from -1 on, or None when some are no such numbers."""
    fits = (numbers >= -1) & (numbers < MAX_LABEL) & (numbers == np.floor(numbers))
    return numbers.astype(np.int64) if fits.all() else None


def _labels_of_text(layout: Layout, cells: Sequence[bytes]) -> NDArray[np.str_] | None:
    """Return labels as text, or None when one is missing."""
    words = [label_text(cell) for cell in cells]
    check_label(layout.file, max(map(len, words)))
    return np.array(words, np.str_) if all(words) else None


def label_text(cell: bytes) -> str:
    """Return a label that may be a word, in one spelling, or bytes as Python writes them.

    >>> label_text(b' "seven" '), label_text(b"7.0"), label_text(b"b'7'")
    ('seven', '7', '7')
    """
    if written := _BYTES.fullmatch(cell):
        cell = written[1]
    if NUMBER.fullmatch(cell) and abs(number := float(cell)) < MAX_LABEL and number == int(number):
        return str(int(number))
    return decoded(cell).strip(BESIDE_WORDS)


# Cell by cell


def _slowly(layout: Layout, line: bytes, row: int) -> Parsed:
    """Parse one line cell by cell, to find the cell that cannot be read."""
    if layout.dialect.is_sparse:
        message = _(
            "{file}, row {row:,} is not a label with pairs of a pixel's number and its value (5 "
            "153:3 154:18). Correct that row."
        )
        raise DatasetError(message.format(file=layout.file, row=row))
    cells = layout.dialect.cells(line)
    while len(cells) > layout.n_columns and not cells[-1].strip():
        cells.pop()
    if len(cells) != layout.n_columns:
        message = _(
            "{file}, row {row:,} has {found:,} columns; the first row has {expected:,}. Correct that row."
        )
        raise DatasetError(
            message.format(file=layout.file, row=row, found=len(cells), expected=layout.n_columns)
        )
    labels = np.zeros(1, np.int64)
    if layout.label is not None:
        labels = _read_label(layout, row, layout.label, cells[layout.label])
    elif layout.one_hot:
        labels = _read_marks(layout, row, [cells[k] for k in layout.one_hot])
    pixels = [_read_pixel(layout, row, column, cells[column]) for column in layout.pixels]
    return labels, np.array([pixels]), *_parts_and_names(layout, [dict(enumerate(cells))])


def _parts_and_names(
    layout: Layout, rows: Sequence[Mapping[int, bytes]]
) -> tuple[Sequence[NamedPart | None], Sequence[str]]:
    """Return of some rows, by their columns, the part that each belongs to, and what its image is called."""
    parts: Sequence[NamedPart | None] = ()
    names: Sequence[str] = ()
    if layout.part is not None:
        parts = [part_of(label_text(cells[layout.part])) for cells in rows]
    if layout.identity is not None:
        names = [decoded(cells[layout.identity]).strip(BESIDE_WORDS) for cells in rows]
        check_name(layout.file, max(map(len, names)))
    return parts, names


def _read_label(layout: Layout, row: int, column: int, cell: bytes) -> NDArray[Any]:
    is_text = column in layout.text
    labels = _labels_of_text(layout, [cell]) if is_text else _labels_of_numbers(np.array([number_in(cell)]))
    if labels is not None:
        return labels
    if not cell.strip():
        message = _(
            "{file}, row {row:,}, column {column}: the label is missing. Each row needs one: 0, 1, 2, …"
        )
    else:
        message = _("{file}, row {row:,}, column {column}: the label is {found}; it must be 0, 1, 2, …")
    raise cell_error(message, layout, row, column, cell)


def _read_marks(layout: Layout, row: int, cells: Sequence[bytes]) -> NDArray[np.int64]:
    labels = labels_of_marks(np.array([[number_in(cell) for cell in cells]]))
    if labels is None:
        message = _(
            "{file}, row {row:,}: columns {first} to {last} mark the class by a single 1 among "
            "zeros, but here there is none, or several. Correct that row."
        )
        first, last = layout.column(layout.one_hot[0]), layout.column(layout.one_hot[-1])
        raise DatasetError(message.format(file=layout.file, row=row, first=first, last=last))
    return labels


def _read_pixel(layout: Layout, row: int, column: int, cell: bytes) -> float:
    number = number_in(cell)
    if math.isfinite(number):
        return number
    if not cell.strip():
        message = _("{file}, row {row:,}, column {column} is empty; a pixel is a number, 0 to 255 or 0 to 1.")
    elif math.isnan(number):
        message = _("{file}, row {row:,}, column {column}: {found} is not a number; a pixel is one.")
    else:
        message = _(OUTSIDE)
    raise cell_error(message, layout, row, column, cell)


OUTSIDE = N_("{file}, row {row:,}, column {column}: {found} is outside 0 to 255, where the other pixels lie.")


def number_in(cell: bytes) -> float:
    """Return the number in a cell, NaN when there is none.

    >>> number_in(b" 3.0"), number_in(b"1_0")
    (3.0, nan)
    """
    return float(cell) if NUMBER.fullmatch(cell) else math.nan


def cell_error(message: str, layout: Layout, row: int, column: int, cell: bytes) -> DatasetError:
    """Return the error that a cell is, with where it stands and what stands there."""
    text = decoded(cell).strip()
    return DatasetError(
        message.format(
            file=layout.file, row=row, column=layout.column(column), found=f"“{quoted(text, LONGEST_CELL)}”"
        )
    )
