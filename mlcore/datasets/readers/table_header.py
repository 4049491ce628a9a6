"""Tells whether the first row of a table is a header, and fits its names to the columns.

`read_table` asks before it looks for the label and the pixels; `layout_of` then goes by the names, too.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from mlcore.datasets.readers.source import decoded
from mlcore.datasets.readers.table_lines import NUMBER

LABEL_NAMES = (
    "label",
    "labels",
    "class",
    "target",
    "digit",
    "y",
    "letter",
    "character",
    "category",
    "classes",
)
MOST_BESIDE = 3  # columns beside the pixels, where no name says which they are


def header_of(rows: Sequence[Sequence[bytes]]) -> tuple[str, ...] | None:
    """Return the names of the columns when the first row holds them.

    A header is mostly words; or its cells are all different and one is a usual name, or they count, or they
    were made different, as pandas does with a row of numbers.

    >>> header_of([[b"label", b"0", b"1", b"2"]]), header_of([[b"0", b"1", b"2", b"3"]])
    (('label', '0', '1', '2'), ('0', '1', '2', '3'))
    >>> header_of([[b"5", b"0", b"9", b"x"]]), header_of([[b"y", b"0", b"0", b"7"]])
    (None, None)
    """
    names = tuple(decoded(cell).strip().strip("'").strip() for cell in rows[0])
    numbers = [NUMBER.fullmatch(cell) is not None for cell in rows[0]]
    if len(names) <= MOST_BESIDE:
        return names if _stands_above(names, numbers, rows[1:]) else None
    if 2 * sum(numbers) < len(names):
        return names
    filled = [name for name in names if name]
    named = any(name.lower() in LABEL_NAMES for name in filled)
    different = len(set(filled)) == len(filled)
    return names if different and (named or _are_counting(filled) or are_mangled(filled)) else None


def _stands_above(names: Sequence[str], numbers: Sequence[bool], rows: Sequence[Sequence[bytes]]) -> bool:
    """Whether the first row of a narrow table is a header: a usual name, or a word above numbers."""
    if any(name.lower() in LABEL_NAMES for name in names):
        return True
    below = [
        [NUMBER.fullmatch(row[k]) is not None for row in rows if k < len(row)] for k in range(len(names))
    ]
    return any(not number and under and all(under) for number, under in zip(numbers, below, strict=True))


def _are_counting(names: Sequence[str]) -> bool:
    """Whether the numbers among some names go up by one.

    >>> _are_counting(["0", "1", "2", "label"]), _are_counting(["0", "1", "1"])
    (True, False)
    """
    counts = [int(name) for name in names if name.isascii() and name.isdigit() and len(name) < 9]
    # Two words beside the numbers, an index and a label, are as many as headers have.
    steps = all(second - first == 1 for first, second in pairwise(counts))
    return steps and len(counts) >= max(2, len(names) - 2)


def are_mangled(names: Sequence[str]) -> bool:
    """Whether names are a row of numbers that pandas took for a header: "0" again is "0.1", then "0.2".

    >>> are_mangled(["5", "0", "0.1", "0.2", "253", "0.3", "253.1"]), are_mangled(["0.1", "0.2", "0.5"])
    (True, False)
    """
    seen: Counter[str] = Counter()
    repeated = 0
    for name in names:
        base, point, count = name.rpartition(".")
        if point and base in seen and count == str(seen[base]):
            seen[base] += 1
            repeated += 1
        elif name in seen:
            return False
        else:
            seen[name] = 1
    return 2 * repeated > len(names)


def fitted_header(names: tuple[str, ...], n_columns: int, last_is_blank: bool) -> tuple[str, ...]:
    """Return a header of as many names as columns: R gives none to the first, others end rows by a comma.

    >>> fitted_header(("label", "p0"), 3, last_is_blank=False)
    ('', 'label', 'p0')
    """
    if len(names) == n_columns - 1:
        return (*names, "") if last_is_blank else ("", *names)
    if len(names) == n_columns + 1 and not names[-1]:
        return names[:-1]
    return names
