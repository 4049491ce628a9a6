"""Reads tables: CSV with an image a row, as Kaggle's "Digit Recognizer" has them, plain or packed.

It is one of the readers between a dataset file and a Dataset; it works block by block, so that a table of
76 MB needs little more memory than its pixels.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.datasets.readers.assemble import Found
from mlcore.datasets.readers.limits import (
    MAX_SIDE,
    MAX_TEXT_BYTES,
    MEGABYTE,
    check_image_shape,
    check_images,
)
from mlcore.datasets.readers.parts import MissingPart, Part, several
from mlcore.datasets.readers.source import Source, open_content
from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.quote import quoted

ENDINGS = (".csv", ".tsv", ".txt")
BLOCK_BYTES = 1 << 20
LONGEST_CELL = 24  # characters of a cell that a sentence quotes
LABEL_NAMES = ("label", "labels", "class", "target", "digit", "y")
INDEX_NAMES = ("", "index", "id", "unnamed: 0")
DELIMITERS = (b",", b";", b"\t")

# Each digit can be read in one way only: of a cell of a million digits, an ambiguous pattern takes hours.
_NUMBER = re.compile(rb"\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)
_NEEDLESS = re.compile(rb"\.0+(?![0-9])")


@dataclass(frozen=True)
class Layout:
    """How a table is laid out: which column is the label, which are pixels, and how they form an image."""

    file: str
    delimiter: bytes
    names: tuple[str, ...] | None
    n_columns: int
    label: int | None
    pixels: tuple[int, ...]
    image_shape: tuple[int, int]

    def column(self, index: int) -> str:
        """Return how a sentence calls a column: its number, and its name when there is one."""
        name = self.names[index] if self.names else ""
        return f"{index + 1} ({quoted(name)})" if name else str(index + 1)


class Rows:
    """Labels and pixels as they come in: two arrays that grow in place."""

    def __init__(self, file: str, n_pixels: int) -> None:
        self.file = file
        self.count = 0
        self.labels = np.empty(1024, np.int64)
        self.pixels = np.empty((1024, n_pixels), np.uint8)

    def append(self, labels: NDArray[np.int64], pixels: UInt8Array) -> None:
        """Add some rows. The arrays grow by a quarter: realloc moves large ones without copying them."""
        end = self.count + len(labels)
        if end > len(self.labels):
            room, n_pixels = max(end, len(self.labels) * 5 // 4), self.pixels.shape[1]
            check_images(self.file, end, n_pixels, (room - end) * n_pixels)
            self._resize(room)
        self.labels[self.count : end] = labels
        self.pixels[self.count : end] = pixels
        self.count = end

    def finished(self) -> tuple[NDArray[np.int64], UInt8Array]:
        """Return the rows that were added, and nothing beyond them."""
        self._resize(self.count)
        return self.labels, self.pixels

    def _resize(self, n: int) -> None:
        self.labels.resize(n, refcheck=False)
        self.pixels.resize((n, self.pixels.shape[1]), refcheck=False)


def read_table(sources: Sequence[Source], part: Part, labelled: bool = True) -> Found:
    """Return the images and labels of one table.

    The label is the first column, or the one that the header calls "label". The pixels are whole numbers
    from 0 to 255 ("3.0" will do), row by row of the image. With ``labelled=False`` the table needs no label,
    and one that it has is left out: ``labels`` is then empty.

    Raises
    ------
    DatasetError
        With file, row and column of the first value that cannot be read.
    """
    if part != "train":
        raise MissingPart(part)
    if len(sources) > 1:
        message = _(
            "{n} tables were chosen ({names}). Choose the one that has the labels, usually train.csv."
        )
        raise DatasetError(message.format(n=len(sources), names=several(source.name for source in sources)))
    source = sources[0]
    notes: list[str] = []
    with open_content(source) as stream:
        blocks = _blocks(source.name, stream)
        lines, first_row = _first_lines(source.name, blocks)
        layout, has_header = _find_layout(source.name, lines, notes, labelled)
        rows = Rows(source.name, len(layout.pixels))
        if has_header:
            lines, first_row = lines[1:], first_row + 1
        while True:
            _append_lines(rows, layout, lines, first_row)
            first_row += len(lines)
            block = next(blocks, None)
            if block is None:
                break
            lines = block.splitlines()
    if rows.count == 0:
        message = _("{file} has a header but no rows under it. It needs one row for each image.")
        raise DatasetError(message.format(file=source.name))
    labels, pixels = rows.finished()
    if not labelled:
        labels = labels[:0]
    return Found(source.name, pixels.reshape(-1, *layout.image_shape), labels, notes)


def _blocks(file: str, stream: BinaryIO) -> Iterator[bytes]:
    """Yield the text in blocks that end at a line's end."""
    carry, total = b"", 0
    while piece := stream.read(BLOCK_BYTES):
        total += len(piece)
        if total > MAX_TEXT_BYTES:
            message = _("{file} is larger than {limit:,.0f} MB unpacked. Use fewer rows.")
            raise DatasetError(message.format(file=file, limit=MAX_TEXT_BYTES / MEGABYTE))
        cut = max(piece.rfind(b"\n"), piece.rfind(b"\r", 0, -1)) + 1
        if cut:
            yield carry + piece[:cut]
            carry = piece[cut:]
        else:
            carry += piece
            if len(carry) > BLOCK_BYTES:
                message = _("{file} has a line of more than 1 MB, so it is no table of images.")
                raise DatasetError(message.format(file=file))
    if carry:
        yield carry


def _first_lines(file: str, blocks: Iterator[bytes]) -> tuple[list[bytes], int]:
    """Return the first lines from the first that is not blank on, and the row number of that one."""
    skipped = 0
    for block in blocks:
        if b"\0" in block:
            message = _("{file} is not text, so it is no table. Save it as CSV (UTF-8) and choose it again.")
            raise DatasetError(message.format(file=file))
        lines = block.removeprefix(b"\xef\xbb\xbf").splitlines()
        for k, line in enumerate(lines):
            if line.strip():
                return lines[k:], skipped + k + 1
        skipped += len(lines)
    raise DatasetError(_("{file} has no rows: it is empty. Choose the file again.").format(file=file))


def _find_layout(file: str, lines: list[bytes], notes: list[str], labelled: bool) -> tuple[Layout, bool]:
    """Tell from the first line what the columns are and whether that line is a header."""
    delimiter = max(DELIMITERS, key=lines[0].count)
    cells = lines[0].split(delimiter)
    names = _header_names(cells)
    n = len(cells)
    if n < 2 or n > MAX_SIDE**2 + 2:
        message = _(
            "{file} has {n:,} columns in its first row. A table of images has one for the label and one a "
            "pixel: 785 for images of 28×28."
        )
        raise DatasetError(message.format(file=file, n=n))
    label: int | None
    if not labelled and math.isqrt(n) ** 2 == n:
        label, ignored = None, set[int]()
    else:
        label, ignored = _label_column(file, names, notes)
    pixels = tuple(k for k in range(n) if k != label and k not in ignored)
    image_shape = _image_shape(file, names, len(pixels))
    return Layout(file, delimiter, names, n, label, pixels, image_shape), names is not None


def _header_names(cells: list[bytes]) -> tuple[str, ...] | None:
    """Return the column names when the first row is a header: it says "label", is mostly text, or counts.

    >>> _header_names([b"label", b"0", b"1"])
    ('label', '0', '1')
    >>> _header_names([b"5", b"0", b"x"])
    """
    names = tuple(cell.decode("utf-8", "replace").strip().strip('"').strip() for cell in cells)
    numbers = sum(_NUMBER.fullmatch(name.encode()) is not None for name in names)
    named = any(name.lower() in LABEL_NAMES for name in names)
    counted = names == tuple(str(k) for k in range(len(names)))
    return names if named or counted or numbers < len(names) / 2 else None


def _label_column(file: str, names: tuple[str, ...] | None, notes: list[str]) -> tuple[int, set[int]]:
    """Return the position of the label, and of a column that only counts the rows."""
    if names is None:
        return 0, set()
    small = [name.lower() for name in names]
    label = next((small.index(name) for name in LABEL_NAMES if name in small), None)
    if label is None:
        message = _(
            'The header of {file} names no column "label" (it begins {some}, …). Images without labels '
            'cannot be learned from: use a table that has them, or name their column "label".'
        )
        raise DatasetError(message.format(file=file, some=", ".join(map(quoted, names[:3]))))
    ignored = {0} if label != 0 and small[0] in INDEX_NAMES else set()
    if ignored:
        notes.append(_("The first column only numbers the rows; it was ignored."))
    return label, ignored


def _image_shape(file: str, names: tuple[str, ...] | None, n_pixels: int) -> tuple[int, int]:
    """Return height and width: as the header or the file's name says (20x25), else a square."""
    said = re.findall(r"(?<!\d)(\d{1,2})x(\d{1,2})(?!\d)", f"{names[-1] if names else ''} {file.lower()}")
    for height, width in said:
        if int(height) * int(width) == n_pixels:
            check_image_shape(file, (int(height), int(width)))
            return int(height), int(width)
    side = math.isqrt(n_pixels)
    if side * side != n_pixels:
        message = _(
            "{file} has {n:,} pixel columns, which make no square image. If a column is missing or too many, "
            "mend that; if the images are not square, put height and width into the file's name: "
            "digits-20x25.csv."
        )
        raise DatasetError(message.format(file=file, n=n_pixels))
    check_image_shape(file, (side, side))
    return side, side


def _append_lines(rows: Rows, layout: Layout, lines: list[bytes], first_row: int) -> None:
    """Parse some lines and append them, as fast as what stands in them allows.

    NumPy takes them together; what it cannot take is halved until the lines are found that must be read cell
    by cell, which is thirty times slower.
    """
    full = [line for line in lines if line.strip()]
    if not full:
        return
    if _append_together(rows, layout, full):
        return
    if len(full) == 1:
        row = first_row + next(k for k, line in enumerate(lines) if line.strip())
        _append_slowly(rows, layout, full[0], row)
        return
    middle = len(lines) // 2
    _append_lines(rows, layout, lines[:middle], first_row)
    _append_lines(rows, layout, lines[middle:], first_row + middle)


def _append_together(rows: Rows, layout: Layout, lines: list[bytes]) -> bool:
    """Parse lines with NumPy and append them; return whether all of them could be read that way."""
    for values in _attempts(layout, lines):
        labels = values[:, layout.label] if layout.label is not None else np.zeros(len(values), np.int64)
        pixels = values.take(layout.pixels, axis=1)
        if labels.min() >= 0 and pixels.min() >= 0 and pixels.max() <= 255 and _all_whole(values):
            rows.append(labels.astype(np.int64), pixels.astype(np.uint8))
            return True
    return False


def _attempts(layout: Layout, lines: list[bytes]) -> Iterator[NDArray[Any]]:
    """Yield the table that NumPy makes of the lines: as bytes, then as larger whole numbers, then as floats.

    A table of 76 MB in blocks of 1 MB takes 1.1 s as uint8 but 6.4 s as float32, so ".0" is cut off first.
    """
    for dtype in (np.uint8, np.int64, np.float64):
        if dtype is np.int64:
            lines = _without_needless(lines, layout.delimiter)
        try:
            values = np.loadtxt(lines, dtype, comments=None, delimiter=layout.delimiter.decode(), ndmin=2)
        except ValueError:
            continue
        if values.shape[1] == layout.n_columns:
            yield values


def _without_needless(lines: list[bytes], delimiter: bytes) -> list[bytes]:
    """Take off quotes, and the ".0" or ".00" behind whole numbers in the way that the first one has it.

    >>> _without_needless([b'3.0,4.0,"5.0"', b"1.5,2.05,7.0"], b",")
    [b'3,4,5', b'1.5,2.05,7']
    """
    text = b"\n".join(lines).replace(b'"', b"") + b"\n"
    if zeros := _NEEDLESS.search(text):
        for end in (delimiter, b"\n"):
            text = text.replace(zeros[0] + end, end)
    return text.split(b"\n")[:-1]


def _all_whole(values: NDArray[Any]) -> bool:
    return values.dtype.kind in "iu" or bool((values == np.floor(values)).all())


def _append_slowly(rows: Rows, layout: Layout, line: bytes, row: int) -> None:
    """Parse one line cell by cell, to find the cell that cannot be read."""
    cells = line.replace(b'"', b"").split(layout.delimiter)
    if len(cells) != layout.n_columns:
        message = _(
            "{file}, row {row:,} has {found:,} columns; the first row has {expected:,}. Mend that row."
        )
        raise DatasetError(
            message.format(file=layout.file, row=row, found=len(cells), expected=layout.n_columns)
        )
    label = 0 if layout.label is None else _read_label(layout, row, layout.label, cells[layout.label])
    pixels = [_read_pixel(layout, row, column, cells[column]) for column in layout.pixels]
    rows.append(np.array([label]), np.array([pixels], np.uint8))


def _read_label(layout: Layout, row: int, column: int, cell: bytes) -> int:
    number = _number(cell)
    if 0 <= number < 1e9 and number == int(number):
        return int(number)
    if not cell.strip():
        message = _(
            "{file}, row {row:,}, column {column}: the label is missing. Each row needs one: 0, 1, 2, …"
        )
    else:
        message = _("{file}, row {row:,}, column {column}: the label is {found}; it must be 0, 1, 2, …")
    raise _cell_error(message, layout, row, column, cell)


def _read_pixel(layout: Layout, row: int, column: int, cell: bytes) -> int:
    number = _number(cell)
    if 0 <= number <= 255 and number == int(number):
        return int(number)
    if not cell.strip():
        message = _("{file}, row {row:,}, column {column} is empty; a pixel is a whole number from 0 to 255.")
    elif math.isnan(number):
        message = _("{file}, row {row:,}, column {column}: {found} is no number; a pixel is one, 0 to 255.")
    elif 0 < number < 255:
        message = _(
            "{file}, row {row:,}, column {column}: {found} is a fraction; pixels are whole numbers from 0 to "
            "255. If yours go from 0 to 1, multiply them by 255 first."
        )
    else:
        message = _("{file}, row {row:,}, column {column}: {found} is outside 0 to 255, where pixels lie.")
    raise _cell_error(message, layout, row, column, cell)


def _number(cell: bytes) -> float:
    """Return the number in a cell, NaN when there is none.

    >>> _number(b" 3.0"), _number(b"1_0")
    (3.0, nan)
    """
    return float(cell) if _NUMBER.fullmatch(cell) else math.nan


def _cell_error(message: str, layout: Layout, row: int, column: int, cell: bytes) -> DatasetError:
    text = cell.decode("utf-8", "replace").strip()
    return DatasetError(
        message.format(
            file=layout.file, row=row, column=layout.column(column), found=f"“{quoted(text, LONGEST_CELL)}”"
        )
    )
