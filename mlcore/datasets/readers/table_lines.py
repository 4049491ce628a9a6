"""Cuts the text of a table into rows: blocks of lines, the separator, comments, and the head of ARFF files.

`read_table` opens every table here first, and learns from the first rows how the table is laid out.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import BinaryIO, Self

from mlcore.datasets.readers.limits import MAX_TEXT_BYTES, MEGABYTE
from mlcore.datasets.readers.source import Source, decoded, open_text
from mlcore.errors import DatasetError
from mlcore.language import _

BLOCK_BYTES = 1 << 20
SEPARATORS = (b"\t", b";", b"|", b",")
MANY = 15  # separators in a row of a table of images: 4×4 pixels have as many between them
COMMENTS = (b"#", b"%")

# Each digit can be read in one way only: of a cell of a million digits, an ambiguous pattern takes hours.
NUMBER = re.compile(rb"\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(rb'[\s"]*[+-]?\d+,\d+[\s"]*')
SPARSE_ROW = re.compile(rb"\s*[+-]?\d[\d.e+-]*(?:[ \t]+\d{1,9}:[+-]?[\d.][\d.eE+-]*)*\s*(?:#.*)?")
_SEPARATOR_LINE = re.compile(rb'"?sep=(.)"?\s*', re.IGNORECASE)
_IMAGE = re.compile(rb'[ "]*\d[\d.]*(?: +\d[\d.]*){15,}[ "]*')
_LIST = re.compile(rb'"?\[([^\[\]"]*)\]"?')  # "[0, 0, 255]"
_TRUE, _FALSE = re.compile(rb"\b(true|TRUE|True)\b"), re.compile(rb"\b(false|FALSE|False)\b")
# The name, and of a class its first value.
_ATTRIBUTE = re.compile(rb"@attribute\s+('[^']*'|\"[^\"]*\"|[^\s{]+)(?:\s*\{\s*([^,}]*))?", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """How the cells of a row are separated and written.

    Attributes
    ----------
    separator : bytes or None
        What stands between two cells; None: any number of blanks.
    decimal_comma : bool
        Whether fractions are written "0,5".
    is_sparse : bool
        Whether a row is a label and pairs of a pixel's number and its value ("5 153:3 154:18"), as LIBSVM has
        them.
    """

    separator: bytes | None
    decimal_comma: bool = False
    is_sparse: bool = False

    def cells(self, line: bytes) -> list[bytes]:
        """Return the cells of a row, without quotes.

        >>> Dialect(b";", decimal_comma=True).cells(b'"a";0,5;')
        [b'a', b'0.5', b'']
        """
        return self.plain(line).replace(b'"', b"").split(self.separator)

    def plain(self, line: bytes) -> bytes:
        """Return a row with its fractions written with a point."""
        return line.replace(b",", b".") if self.decimal_comma else line


@dataclass
class TableText:
    """An open table.

    Attributes
    ----------
    file : str
    dialect : Dialect
    names : tuple of str or None
        The columns' names where they do not stand in the first row, as in ARFF files.
    head : list of bytes
        The first lines from the first row on; comments among them are blank lines.
    first_row : int
        The number of the first of them in the file, from 1.
    """

    file: str
    dialect: Dialect
    names: tuple[str, ...] | None
    head: list[bytes]
    first_row: int
    _blocks: Iterator[list[bytes]]

    def blocks(self) -> Iterator[tuple[int, list[bytes]]]:
        """Yield all lines once, block by block, each with the number of its first row.

        Comments may be among them: they are rare, and looking for them takes time.
        """
        row = self.first_row
        for lines in chain([self.head], self._blocks):
            yield row, lines
            row += len(lines)


@contextmanager
def open_table(source: Source) -> Iterator[TableText]:
    """Open a table at its first row.

    Raises
    ------
    DatasetError
        When it is no text, has no rows, or is too large.
    """
    with open_text(source) as stream:
        blocks = _blocks(source.name, stream)
        lines, row = _first_lines(source.name, blocks)
        separator, attributes = None, None
        said = _SEPARATOR_LINE.fullmatch(lines[0])
        if said:
            separator = said[1]
            lines, row = _first_lines(source.name, chain([lines[1:]], blocks), row + 1)
        if lines[0].lstrip()[:9].lower() == b"@relation":
            lines, row, attributes = _behind_attributes(source.name, lines, row)
            if lines[0].lstrip().startswith(b"{"):
                blocks = (attributes.filled(block) for block in blocks)
                lines = attributes.filled(lines)
        while sum(map(len, lines)) < BLOCK_BYTES // 2 and (more := next(blocks, None)) is not None:
            lines = lines + more
        written = _rewritten(lines[:3])
        if written is not None:
            lines, blocks = written(lines), map(written, blocks)
        lines = without_comments(lines)
        dialect = _dialect_of(separator or _separator_of(lines[0]), lines[:5])
        names = attributes.names if attributes else None
        text = TableText(source.name, dialect, names, lines, row, blocks)
        image = _Image.among(dialect, [line for line in lines if line.strip()][:2])
        yield image.unpacked(text) if image else text


@dataclass(frozen=True)
class _Attributes:
    """What the head of an ARFF file says: the columns' names, and what a sparse row leaves unsaid in each."""

    names: tuple[str, ...]
    unsaid: tuple[bytes, ...]

    def filled(self, lines: Sequence[bytes]) -> list[bytes]:
        """Return sparse rows, ``{3 12, 64 seven}``, with all their values; what is no such row stays.

        >>> _Attributes(("a", "b", "c"), (b"0", b"0", b"x")).filled([b"{1 7, 2 y}", b"{}", b"{9 1}"])
        [b'0,7,y', b'0,0,x', b'{9 1}']
        """
        return [self._filled(line) for line in lines]

    def _filled(self, line: bytes) -> bytes:
        inner = line.strip()
        if not (inner.startswith(b"{") and inner.endswith(b"}")):
            return line
        cells = list(self.unsaid)
        for pair in filter(None, (pair.strip() for pair in inner[1:-1].split(b","))):
            place, _blank, value = pair.partition(b" ")
            if not (place.isdigit() and len(place) < 9 and int(place) < len(cells)):
                return line
            cells[int(place)] = value.strip(b" '\"")
        return b",".join(cells)


@dataclass(frozen=True)
class _Image:
    """The cell that holds a whole image, its pixels divided by blanks, as FER-2013 has them."""

    separator: bytes
    column: int
    n_pixels: int
    header: bytes | None

    @classmethod
    def among(cls, dialect: Dialect, rows: Sequence[bytes]) -> Self | None:
        """Return it when the first or the second row has such a cell: above the second there is a header."""
        if dialect.separator is None:
            return None
        for row, header in zip(rows, (None, rows[0]), strict=False):
            for column, cell in enumerate(row.split(dialect.separator, MANY)):
                if _IMAGE.fullmatch(cell):
                    return cls(dialect.separator, column, len(cell.split()), header)
        return None

    def unpacked(self, text: TableText) -> TableText:
        """Return the same table with a cell for each pixel."""
        names, head, first_row = text.names, text.head, text.first_row
        if self.header is not None:
            cells = [decoded(cell).strip(' "') for cell in self.header.split(self.separator)]
            pixels = [
                f"{name}{k}" for name in cells[self.column : self.column + 1] for k in range(self.n_pixels)
            ]
            names = (*cells[: self.column], *pixels, *cells[self.column + 1 :])
            head, first_row = head[1:], first_row + 1
        blocks = (list(map(self._row, lines)) for lines in text._blocks)
        return replace(
            text, names=names, head=list(map(self._row, head)), first_row=first_row, _blocks=blocks
        )

    def _row(self, line: bytes) -> bytes:
        cells = line.split(self.separator)
        if self.column < len(cells):
            cells[self.column] = self.separator.join(cells[self.column].strip(b' "').split())
        return self.separator.join(cells)


def _blocks(file: str, stream: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the lines of about a megabyte at a time."""
    start, carry, total = True, b"", 0
    while piece := stream.read(BLOCK_BYTES):
        if start:
            if b"\0" in piece:
                message = _(
                    "{file} is not text, so it is not a table. Save it as CSV (UTF-8) and choose it again."
                )
                raise DatasetError(message.format(file=file))
            piece, start = piece.removeprefix(b"\xef\xbb\xbf") or b"\n", False
        total += len(piece)
        if total > MAX_TEXT_BYTES:
            message = _("{file} is larger than {limit:,.0f} MB unpacked. Use fewer rows.")
            raise DatasetError(message.format(file=file, limit=MAX_TEXT_BYTES / MEGABYTE))
        # The start of a piece is joined to the line before it: to join the pieces would copy them.
        lines = (carry + piece if carry.endswith(b"\r") else piece).splitlines()
        if carry and not carry.endswith(b"\r"):
            lines[0] = carry + lines[0]
        carry = b"" if piece.endswith(b"\n") else lines.pop()
        if piece.endswith(b"\r"):  # a line feed may follow in the next piece
            carry += b"\r"
        if len(carry) > BLOCK_BYTES:
            message = _("{file} has a line of more than 1 MB, so it is not a table of images.")
            raise DatasetError(message.format(file=file))
        yield lines
    if carry:
        yield carry.splitlines()


def _rewritten(first: Sequence[bytes]) -> Callable[[Sequence[bytes]], list[bytes]] | None:
    """Return what writes lines as other tables have them, judged by the first few, or None.

    Lists of pixels in one cell come to be divided by blanks, and true and false become 1 and 0.

    >>> write = _rewritten([b"label,pixels", b'5,"[' + b"0, " * 16 + b']"'])
    >>> write([b'7,"[3, 4]"'])
    [b'7,3  4']
    >>> _rewritten([b'5,"[' + b"0 " * 16 + b']"'])([b'7,"[3 4]"'])
    [b'7,3 4']
    >>> _rewritten([b"True," * 16])([b"3,True,False"])
    [b'3,1,0']
    """
    if any(inside and len(re.split(rb"[, ]+", inside[1])) > MANY for inside in map(_LIST.search, first)):
        return lambda lines: [_LIST.sub(lambda found: found[1].replace(b",", b" "), line) for line in lines]
    if any(len(_TRUE.findall(line)) + len(_FALSE.findall(line)) >= MANY for line in first):
        return lambda lines: [_FALSE.sub(b"0", _TRUE.sub(b"1", line)) for line in lines]
    return None


def without_comments(lines: Sequence[bytes]) -> list[bytes]:
    """Return the lines with blank ones in place of comments."""
    return [b"" if line.startswith(COMMENTS) else line for line in lines]


def _first_lines(file: str, blocks: Iterator[list[bytes]], row: int = 1) -> tuple[list[bytes], int]:
    """Return the first lines from the first that is not blank on, and the row number of that one."""
    for lines in blocks:
        for k, line in enumerate(lines):
            if line.strip() and not line.startswith(COMMENTS):
                return lines[k:], row + k
        row += len(lines)
    raise DatasetError(_("{file} has no rows: it is empty. Choose the file again.").format(file=file))


def _behind_attributes(file: str, lines: list[bytes], row: int) -> tuple[list[bytes], int, _Attributes]:
    """Return the lines behind the head of an ARFF file, the first one's number, and what the head says."""
    names, unsaid = [], []
    for k, line in enumerate(lines):
        if attribute := _ATTRIBUTE.match(line.strip()):
            names.append(decoded(attribute[1]).strip("'\""))
            unsaid.append(attribute[2].strip(b" '\"") if attribute[2] else b"0")
        if line.strip().lower() == b"@data":
            rest, first_row = _first_lines(file, iter([lines[k + 1 :]]), row + k + 1)
            return rest, first_row, _Attributes(tuple(names), tuple(unsaid))
    raise DatasetError(_("{file} is an ARFF file without @data. Save it again.").format(file=file))


def _separator_of(line: bytes) -> bytes | None:
    """Return what separates the cells of a row.

    >>> _separator_of(b"0,5;" * 20), _separator_of(b"1, 2"), _separator_of(b"1 2")
    (b';', b',', None)
    """
    many = next((separator for separator in SEPARATORS if line.count(separator) >= MANY), None)
    most = many or max(SEPARATORS, key=line.count)
    return most if most in line.strip() else None


def _dialect_of(separator: bytes | None, lines: list[bytes]) -> Dialect:
    if SPARSE_ROW.fullmatch(lines[0]) and b":" in lines[0]:
        return Dialect(None, is_sparse=True)
    cells = [] if separator == b"," else [cell for line in lines for cell in line.split(separator)]
    return Dialect(separator, any(map(_DECIMAL_COMMA.fullmatch, cells)))
