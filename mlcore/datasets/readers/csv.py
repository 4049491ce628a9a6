"""Reads tables: text with one image per row, as Kaggle's "Digit Recognizer" has them, plain or packed.

It is one of the readers between a dataset file and a Dataset; it works block by block, so that a table of 110
MB needs little more memory than its pixels.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.datasets.decision import Decision
from mlcore.datasets.readers.assemble import Found, check_counts
from mlcore.datasets.readers.class_names import classes_in_names
from mlcore.datasets.readers.labels import without_unlabelled
from mlcore.datasets.readers.limits import MEGABYTE, check_bytes, check_images, holding
from mlcore.datasets.readers.parts import MissingPart, NamedPart, Part, set_aside, several
from mlcore.datasets.readers.scale import (
    FRACTION_SCALES,
    OVERSHOOT,
    WHOLE_SCALES,
    Scale,
    ValueRange,
    scale_of,
)
from mlcore.datasets.readers.source import Source
from mlcore.datasets.readers.table_header import LABEL_NAMES, fitted_header, header_of
from mlcore.datasets.readers.table_layout import Columns, Layout, layout_of
from mlcore.datasets.readers.table_lines import TableText, open_table, without_comments
from mlcore.datasets.readers.table_points import are_points, drawn, layout_of_points
from mlcore.datasets.readers.table_sparse import sparse_layout, sparse_rows
from mlcore.datasets.readers.table_values import (
    FIRST_LOOK,
    LOOK,
    OUTSIDE,
    Chunk,
    cell_error,
    chunks_of,
    columns_of,
)
from mlcore.datasets.unlabelled import MissingLabels
from mlcore.errors import DatasetError
from mlcore.images.picture_file import grey_of
from mlcore.language import _

ENDINGS = (".csv", ".tsv", ".txt", ".tra", ".tes", ".data", ".dat", ".arff", ".train", ".test")


ROWS_OF_A_BLOCK = 20  # of a table in order, to find the label
MOST_ROWS = 2000
DOUBTFUL_PIXELS = 64
"""Of an image: fewer may be measurements of something else, and a note says what they were taken for."""


@dataclass(frozen=True)
class Table:
    """A table that has been opened once: how it is laid out, and the range of its first pixels."""

    source: Source
    layout: Layout
    has_header: bool
    range: ValueRange
    colours_first: bool = False  # all of red, then all of green, then all of blue
    part: Part = "train"
    seen: set[NamedPart | None] = field(default_factory=set)  # parts, as the rows are read


def read_table(sources: Sequence[Source], part: Part, labelled: bool = True) -> Found:
    """Return the images and labels of one table, or of a table of images and one of their labels.

    The label is the column that a header calls so; otherwise the first, the last, or the one that stands out
    beside columns that are alike. It may be a number, a word, or a single 1 among zeros. With
    ``labelled=False`` the table needs no label, and one that it has is left out: ``labels`` is then empty.

    Raises
    ------
    DatasetError
        With file, row and column of the first value that cannot be read.
    """
    tables = _opened(sources, labelled)
    if labelled and part == "train" and (classes := _class_of_each(tables)):
        return _read_class_by_class(tables, classes)
    if part != "train" and all(table.layout.part is None for table in tables):
        raise MissingPart(part)
    images_of, labels_of, notes = _chosen(tables, labelled)
    decisions: list[Decision] = []
    images_of = replace(images_of, part=part)
    images, labels, names = _read(images_of, decisions)
    if len(images) == 0:
        raise MissingPart(part)
    notes = [*images_of.layout.notes, *notes]
    if part == "train":
        notes += set_aside([other for other in ("dev", "test") if other in images_of.seen])
    file = images_of.layout.file
    if not labelled:
        labels = labels[:0]
    elif labels_of is not None:
        labels = _labels_beside(labels_of, len(images), images.nbytes)
        check_counts(labels_of.layout.file, len(images), len(labels))
    images, labels = without_unlabelled(images, labels, notes)
    return Found(file, images, labels, notes, decisions, names)


def _class_of_each(tables: Sequence[Table]) -> list[str]:
    """Return the class that each table's name is, where all hold images of one size without labels."""
    shapes = {table.layout.image_shape for table in tables}
    are_images = all(table.layout.pixels and not table.layout.is_labelled for table in tables)
    return (
        classes_in_names([table.source.stem for table in tables]) if are_images and len(shapes) == 1 else []
    )


def _read_class_by_class(tables: Sequence[Table], classes: Sequence[str]) -> Found:
    ranges = [table.range for table in tables]
    every = ValueRange(
        min(values.lowest for values in ranges),
        max(values.highest for values in ranges),
        all(values.whole for values in ranges),
    )
    decisions: list[Decision] = []
    found: list[UInt8Array] = []
    for table in tables:
        with holding(sum(images.nbytes for images in found)):
            found.append(_read(replace(table, range=every), decisions)[0])
    file, size = tables[0].layout.file, sum(images.nbytes for images in found)
    check_bytes(file, size, size)
    images = np.concatenate(found)
    labels = np.repeat(np.array(classes), [len(images) for images in found])
    message = _("The classes are the names of the files: {names}.")
    decisions = [replace(decision, count=len(images)) for decision in decisions[:1]]
    return Found(file, images, labels, [message.format(names=several(classes))], decisions)


def read_labels_of_table(sources: Sequence[Source], beside: int) -> NDArray[Any]:
    """Return the labels of the one table of labels among some, while so many bytes are held ``beside``.

    Raises
    ------
    DatasetError
        When there is none, or several, or it cannot be used.
    """
    tables = [table for table in _opened(sources, True) if not table.layout.pixels]
    if len(tables) != 1:
        raise _several_tables([table.source for table in tables])
    return _read(tables[0], [])[1]


# Which table is read


def _opened(sources: Sequence[Source], labelled: bool) -> list[Table]:
    """Return the tables among some files; of several, those that are none are passed over."""
    tables, errors = [], []
    for source in sources:
        try:
            tables.append(_open(source, labelled))
        except DatasetError as error:
            errors.append(error)
    if not tables:
        raise errors[0]
    return tables


def _open(source: Source, labelled: bool) -> Table:
    file = source.name
    with open_table(source) as table:
        rows = [line for line in table.head if line.strip()]
        if table.dialect.is_sparse:
            layout = sparse_layout(table)
            parsed = sparse_rows(layout, rows[:LOOK])
            if parsed and are_points(parsed[1]):
                layout = layout_of_points(replace(layout, notes=()))
            return Table(source, layout, False, ValueRange.of([parsed[1]] if parsed else []))
        first = [table.dialect.cells(line) for line in rows[:FIRST_LOOK]]
        names = table.names or header_of(first)
        has_header = table.names is None and names is not None
        if has_header:
            rows = rows[1:]
        if not rows:
            message = _("{file} has a header but no rows under it. It needs one row for each image.")
            raise DatasetError(message.format(file=file))
        columns = columns_of(table.dialect, rows)
        n = columns.values.shape[1]
        if names is not None:
            names = fitted_header(names, n, n - 1 in columns.blank)
            if len(names) != n:
                message = _(
                    "{file}: its header has {names:,} columns, the rows have {n:,}. Correct the header."
                )
                raise DatasetError(message.format(file=file, names=len(names), n=n))
        layout = layout_of(file, table.dialect, names, columns, labelled)
        if _label_is_in_doubt(layout, columns):
            columns = columns_of(table.dialect, _rows_from_all_over(table, rows))
            layout = layout_of(file, table.dialect, names, columns, labelled)
        values = columns.values[:, list(layout.pixels)]
        pixels = values[~np.isnan(values)] if values.dtype.kind == "f" else values
        if are_points(values):
            layout = layout_of_points(layout)
        elif 0 < len(layout.pixels) < DOUBTFUL_PIXELS:
            layout = replace(layout, notes=(*layout.notes, _small_images(layout)))
        return Table(source, layout, has_header, ValueRange.of([pixels]), _colours_lie_first(layout, values))


def _small_images(layout: Layout) -> str:
    """Say what a table was taken for that may have other numbers than pixels: 16 features, say."""
    message = _("The {n} columns of numbers were taken for the pixels of images of {height}×{width}.")
    height, width = layout.image_shape
    return message.format(n=len(layout.pixels), height=height, width=width)


def _colours_lie_first(layout: Layout, rows: NDArray[Any]) -> bool:
    """Whether the values of one colour lie together rather than those of a pixel: then they vary less so."""
    if layout.colours == 1 or not rows.size:
        return False
    rows, width = np.nan_to_num(rows.astype(np.float64)), layout.image_shape[1]

    def steps(apart: int) -> float:
        """Return how much neighbours differ, across and down, that lie so far apart."""
        return sum(float(np.abs(rows[:, k:] - rows[:, :-k]).mean()) for k in (apart, apart * width))

    return steps(1) < steps(layout.colours)


def _label_is_in_doubt(layout: Layout, columns: Columns) -> bool:
    """Whether no name told the label and it is the same in all first rows, as where the rows are in order."""
    label = layout.label
    if label is None or label in layout.text or len(columns.values) < LOOK:
        return False
    is_named = layout.names is not None and layout.names[label].lower() in LABEL_NAMES
    return not is_named and len(np.unique(columns.numbers(label))) < 2


def _rows_from_all_over(table: TableText, first: Sequence[bytes]) -> list[bytes]:
    """Return some rows of each block of a table, behind its very first ones."""
    rows = list(first[:1])
    for _row, lines in table.blocks():
        full = without_comments([line for line in lines if line.strip()])
        rows += [line for line in full[1 :: max(1, len(full) // ROWS_OF_A_BLOCK)] if line]
    step = max(1, len(rows) // MOST_ROWS)
    return rows[::step]


def _chosen(tables: Sequence[Table], labelled: bool) -> tuple[Table, Table | None, list[str]]:
    """Return the table of the images, that of their labels when it is another one, and what was left out."""
    whole = [table for table in tables if table.layout.pixels and table.layout.is_labelled]
    images = [table for table in tables if table.layout.pixels and not table.layout.is_labelled]
    labels = [table for table in tables if not table.layout.pixels]
    taken: list[Table] = []
    if labelled and len(whole) == 1:
        taken = whole
    elif labelled and not whole and len(images) == 1 and len(labels) == 1:
        taken = [*images, *labels]
    elif not labelled and len(images or whole) == 1:
        taken = images or whole
    if taken:
        others = [table.source.name for table in tables if table not in taken]
        left_out = _("Left out: {names}.").format(names=several(others))
        return taken[0], taken[1] if len(taken) > 1 else None, [left_out] if others else []
    if len(tables) == 1:
        raise _labels_missing(tables[0]) if images else _images_missing(tables[0])
    raise _several_tables([table.source for table in tables])


def _several_tables(sources: Sequence[Source]) -> DatasetError:
    message = _("{n} tables were chosen ({names}). Choose the one that has the labels, usually train.csv.")
    return DatasetError(message.format(n=len(sources), names=several(source.name for source in sources)))


def _labels_missing(table: Table) -> MissingLabels:
    message = _(
        "{file}: its {n:,} columns are images of {height}×{width} pixels; the labels are missing. To learn "
        "from them, choose the file of their labels together with it, or a table with a label in each row."
    )
    height, width = table.layout.image_shape
    return MissingLabels(
        message.format(file=table.layout.file, n=len(table.layout.pixels), height=height, width=width)
    )


def _images_missing(table: Table) -> DatasetError:
    message = _(
        "{file} holds labels without images. Choose it together with the table of its images, one per row."
    )
    return DatasetError(message.format(file=table.layout.file))


# Reading


class Rows:
    """Labels and pixels as they come in: two arrays that grow in place, and the names of the images."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.count = 0
        room = max(1, min(1024, MEGABYTE // max(1, len(layout.pixels))))
        self.labels = np.empty(room, np.int64)
        self.pixels = np.empty((room, layout.image_shape[0] * layout.image_shape[1]), np.uint8)
        self.names: list[str] = []
        self._words: dict[str, int] = {}

    def append(self, labels: NDArray[Any], pixels: UInt8Array, names: Sequence[str]) -> None:
        """Add some rows. The arrays grow by a quarter: realloc moves large ones without copying them."""
        end = self.count + len(labels)
        if end > len(self.labels):
            room, n_pixels = max(end, len(self.labels) * 5 // 4), self.pixels.shape[1]
            beside = room * sys.getsizeof(self.names[0]) if self.names else 0
            check_images(self.layout.file, end, n_pixels, (room - end) * n_pixels + beside)
            self._resize(room)
        if labels.dtype.kind == "U":
            labels = np.array([self._words.setdefault(word, len(self._words)) for word in labels.tolist()])
        self.names += names
        self.labels[self.count : end] = labels
        self.pixels[self.count : end] = pixels
        self.count = end

    def finished(self) -> tuple[UInt8Array, NDArray[Any], tuple[str, ...]]:
        """Return the images, labels and names that were added, and nothing beyond them."""
        self._resize(self.count)
        labels: NDArray[Any] = self.labels
        if self._words:
            words = np.array(list(self._words))
            check_bytes(self.layout.file, self.count * words.dtype.itemsize, self.pixels.nbytes)
            labels = words[self.labels]
        return self.pixels.reshape(self.count, *self.layout.image_shape), labels, tuple(self.names)

    def _resize(self, n: int) -> None:
        self.labels.resize(n, refcheck=False)
        self.pixels.resize((n, self.pixels.shape[1]), refcheck=False)


class _OtherScaleError(Exception):
    """A pixel lies outside the scale that the first rows have."""


def _read(table: Table, decisions: list[Decision]) -> tuple[UInt8Array, NDArray[Any], tuple[str, ...]]:
    """Return the images and labels of a table, and what the images are called where a column says it.

    The first rows tell the scale of the pixels where they are bytes or lie on a usual scale. Where they do
    not, or a later pixel lies outside, all rows are read once more, for the lowest and the highest value.
    """
    usual, scale = _usual_scale(table.range)
    if usual:
        try:
            return _collect(table, scale, decisions)
        except _OtherScaleError:
            pass
    return _collect(table, _scale_of_all(table), decisions)


def _collect(
    table: Table, scale: Scale | None, decisions: list[Decision]
) -> tuple[UInt8Array, NDArray[Any], tuple[str, ...]]:
    """Return all images, labels and names; the pixels lie on this scale, or are bytes where it is None."""
    rows = Rows(table.layout)
    for chunk in _chunks(table):
        if not _lies_on(chunk.pixels, scale):
            raise _OtherScaleError
        pixels = chunk.pixels if scale is None else scale.to_bytes(chunk.pixels)
        rows.append(chunk.labels, _grey(table, pixels), chunk.names)
    if scale is not None:
        decisions.append(Decision("stretch", scale.sentence, rows.count))
    return rows.finished()


def _grey(table: Table, pixels: UInt8Array) -> UInt8Array:
    """Return some rows of pixels or points as grey pixels, ``(rows, height · width)``."""
    layout, n = table.layout, len(pixels)
    if layout.are_points:
        return drawn(pixels)
    if layout.colours == 1:
        return pixels
    if table.colours_first:
        pixels = pixels.reshape(n, layout.colours, -1).transpose(0, 2, 1)
    grey: UInt8Array = grey_of(pixels.reshape(n, -1, layout.colours))
    return grey


def _chunks(table: Table) -> Iterator[Chunk]:
    """Yield the rows of the part that is read; what speaks of no part is learned from."""
    for chunk in _all_chunks(table):
        if chunk.parts:
            table.seen.update(chunk.parts)
            wanted = (table.part, None) if table.part == "train" else (table.part,)
            kept = np.array([part in wanted for part in chunk.parts])
            names = list(compress(chunk.names, kept))
            chunk = replace(chunk, labels=chunk.labels[kept], pixels=chunk.pixels[kept], names=names)
        yield chunk


def _all_chunks(table: Table) -> Iterator[Chunk]:
    with open_table(table.source) as text:
        yield from chunks_of(text, table.layout, table.has_header)


def _usual_scale(values: ValueRange) -> tuple[bool, Scale | None]:
    """Return whether the first rows suffice to tell the scale, and the scale; None: they are bytes."""
    if _are_bytes(values):
        return True, None
    scale = scale_of(values)
    return scale is not None and (scale.low, scale.high) in (*FRACTION_SCALES, *WHOLE_SCALES), scale


def _are_bytes(values: ValueRange) -> bool:
    return values.whole and values.lowest >= 0 and values.highest <= 255


def _lies_on(pixels: NDArray[Any], scale: Scale | None) -> bool:
    """Whether pixels are bytes, or lie on a scale."""
    if pixels.size == 0 or (pixels.dtype == np.uint8 and scale is None):
        return True
    if scale is None:
        return _are_bytes(ValueRange.of([pixels]))
    spare = OVERSHOOT * (scale.high - scale.low)
    return bool(pixels.min() >= scale.low - spare and pixels.max() <= scale.high + spare)


def _scale_of_all(table: Table) -> Scale | None:
    """Return the scale of all pixels of a table; None when they are bytes.

    Raises
    ------
    DatasetError
        When they are no pixels, naming the first that lies outside of 0 to 255.
    """
    values = ValueRange.of(chunk.pixels for chunk in _chunks(table))
    scale = scale_of(values)
    if scale is None:
        raise _outside(table)
    return None if _are_bytes(values) else scale


def _outside(table: Table) -> DatasetError:
    outside = (
        (chunk, wrong)
        for chunk in _all_chunks(table)
        if (wrong := (chunk.pixels < 0) | (chunk.pixels > 255)).any()
    )
    chunk, wrong = next(outside)
    index, pixel = divmod(int(wrong.argmax()), wrong.shape[1])
    row, line = chunk.line(index)
    column = table.layout.pixels[pixel]
    return cell_error(_(OUTSIDE), table.layout, row, column, table.layout.dialect.cells(line)[column])


def _labels_beside(table: Table, n_images: int, beside: int) -> NDArray[Any]:
    """Return the labels of a table that has no images."""
    check_bytes(table.layout.file, 8 * n_images, beside)
    labels = _read(table, [])[1]
    # A single column of numbers may have a number for a header, as pandas writes it: then it is one too long.
    return labels[1:] if len(labels) == n_images + 1 and not table.has_header else labels
