"""The ink in a photo of a digit on paper, without uneven light, ruled lines and the table around the sheet.

`image_from_picture` reads photos with it. What cannot be told apart from a digit is refused with a sentence.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.errors import NoDigitError
from mlcore.images.light import light_with_edges, smooth_light
from mlcore.images.marks import (
    Box,
    Ink,
    Mark,
    box_around,
    keep_marks,
    marks_in,
    spread,
    without_specks,
    without_stray_dots,
)
from mlcore.images.picture_file import grey_of
from mlcore.language import N_, _

PICTURE_SIDE = 400  # a photo is shrunk to this first, which averages its noise
BLANK = 0.1  # less contrast than this is no ink
CLEAR = 0.3  # ink of this contrast in all three colours is looked for first: lines are often coloured

LEAST_PHOTO = 100  # pixels: a smaller picture shows a digit, and neither lines nor a table
TABLE = 0.25  # a sheet is lighter than the table by at least this
REACHING = 0.25  # of the picture's border is reached by a sheet, at most
SMALLEST_SHEET = 0.3  # of the picture
MOSTLY = 0.75  # of a sheet is paper; of a line drawn in chalk far less fills what it goes around
MARGIN = 0.015  # of the longer side, left out along the edge of a sheet

SLOPES = np.linspace(-0.15, 0.15, 41)  # ruled lines may lie as much askew: 8 degrees
SAMPLED = 80  # columns in which lines are looked for
ROUNDS = 4
FAINT_LINE = 0.05  # of contrast: a line is at least this dark,
NEARLY = 0.85  # and there in nearly all columns of the sheet,
END = 4  # at both ends too, in half of the last sampled columns,
WIDEST_LINE = 0.05  # and narrower than this, of the picture's height
DARKER = 1.6  # times darker than a line: that is ink on top of it

STROKE = 0.25  # of full ink: what is fainter is the edge of a stroke, as far as it lies within
SOFT_EDGE = 3  # pixels of one; else it is none
SHARP = 0.28  # of full ink, from a pixel to the next: beside a shadow, a mark without such a step is one

NEAR = 0.35  # marks this near, in sizes of the largest, belong to it: the bar of a 5
MOST_PARTS = 5  # of a digit
LEAST_OF_LINE = 0.2  # of the highest digit's height: a mark of a number is at least this long
AS_LARGE = 0.35  # a mark this large, in sizes of the largest, is another digit

SHADOW = N_("No digit was found, only a shadow. Take the photo in even light.")
LINES = N_("The digit cannot be told from the lines on the paper. Use plain paper, or a darker pen.")

Mask = NDArray[np.bool_]


def ink_of_photo(pixels: UInt8Array, *, several: bool = False) -> Ink:
    """Return the ink of the digit in a photo, of whatever size; none when nothing stands out from the paper.

    Parameters
    ----------
    pixels : uint8 array, ``(height, width)`` grey or ``(height, width, 3)`` red, green and blue
    several : bool
        Whether there may be several digits beside one another, as in a number.

    Raises
    ------
    NoDigitError
        When there is more than one digit, or lines that cannot be told from one.
    """
    values = np.atleast_3d(pixels).astype(np.float32) / np.float32(255)
    rows, columns, sheet = _sheet(grey_of(pixels).astype(np.float32) / np.float32(255))
    values = values[rows, columns]
    refusal = None
    contrasts, shadowed = _contrasts(values, sheet)
    for contrast in contrasts:
        try:
            ink = _ink_in(contrast, sheet)
            if ink is not None and shadowed:
                ink = _without_shadows(ink)
            if ink is not None:
                ink = _digits_in(ink) if several else _digit_alone(ink)
        except NoDigitError as error:
            refusal = refusal or error
            continue
        if ink is not None:
            return ink
    if refusal is not None:
        raise refusal
    if shadowed:
        raise NoDigitError(_(SHADOW))
    return np.zeros(sheet.shape, np.float32)


# The sheet and its light


def _sheet(grey: Ink) -> tuple[slice, slice, Mask]:
    """Find a light sheet on a dark table: its rows and columns, and which pixels of them are paper.

    Where there is no table, that is the whole picture.
    """
    whole = slice(None), slice(None), np.ones(grey.shape, bool)
    if min(grey.shape) < LEAST_PHOTO:
        return whole
    light = grey > _otsu(grey)
    if not light.any() or light.all() or grey[light].mean() - grey[~light].mean() < TABLE:
        return whole
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    if border.mean() > REACHING:  # a shadow falls from one side, a table lies around the sheet
        return whole
    largest = max(marks_in(light.astype(np.float32)), key=lambda mark: mark.area)
    paper = np.zeros(grey.shape, bool)
    for row, start, end in largest.runs:
        paper[row, start:end] = True
    filled = _between(paper) & _between(paper.T).T
    if filled.mean() < SMALLEST_SHEET or paper.sum() < MOSTLY * filled.sum():
        return whole
    margin = max(1, round(MARGIN * max(grey.shape)))
    filled = _shrunk(filled, margin)
    if not filled.any():
        return whole
    down, across = np.flatnonzero(filled.any(axis=1)), np.flatnonzero(filled.any(axis=0))
    rows, columns = slice(down[0], down[-1] + 1), slice(across[0], across[-1] + 1)
    return rows, columns, filled[rows, columns]


def _between(mask: Mask) -> Mask:
    """Return what lies between the first and the last of each row."""
    before = np.logical_or.accumulate(mask, axis=1)
    behind = np.logical_or.accumulate(mask[:, ::-1], axis=1)[:, ::-1]
    return before & behind


def _shrunk(mask: Mask, margin: int) -> Mask:
    """Return a mask without what lies nearer than this to its edge, or to that of the picture."""
    n = 2 * margin + 1
    for _axis in range(2):
        padded = np.pad(mask, ((margin, margin), (0, 0)))
        counts = np.cumsum(np.pad(padded, ((1, 0), (0, 0))), axis=0)
        mask = (counts[n:] - counts[:-n] == n).T
    return mask


def _contrasts(values: Ink, sheet: Mask) -> tuple[list[Ink], bool]:
    """Return how much each pixel differs from the paper, and whether a shadow with an edge lies on it.

    First in all colours, which tells dark ink from coloured lines, then in any, which finds coloured ink.
    """
    channels = np.ascontiguousarray(np.moveaxis(values, -1, 0))
    medians = np.median(channels[:, sheet], axis=1)[:, np.newaxis, np.newaxis]
    channels = np.where(sheet, channels, medians)
    paper = np.stack([smooth_light(channel) for channel in channels])
    dark_ink = _is_darker(np.where(sheet, channels - paper, 0))
    shadowed = min(sheet.shape) >= LEAST_PHOTO and _has_edge(channels, paper, dark_ink)
    if shadowed:
        paper = np.stack([light_with_edges(channel, dark_ink=dark_ink) for channel in channels])
    contrast = np.where(sheet, channels - paper, np.float32(0))
    if dark_ink:  # ink takes the same fraction of the light everywhere, which is less where the paper is dim
        contrast = -contrast / np.maximum(paper, np.float32(0.2))
    kinds = [contrast.min(axis=0)]
    if len(contrast) > 1:
        kinds.append(contrast.max(axis=0))
    # In blue light, a blue pen is as light as paper in the shadow: there all colours are not enough.
    return kinds[::-1] if shadowed else kinds, shadowed


def _is_darker(difference: Ink) -> bool:
    """Whether what differs from the paper is mostly darker than it."""
    return bool((np.minimum(difference, 0) ** 2).sum() > (np.maximum(difference, 0) ** 2).sum())


def _has_edge(channels: Ink, paper: Ink, dark_ink: bool) -> bool:
    """Whether the light changes all at once: a shadow reaches into the picture from its border."""
    change = np.abs(light_with_edges(channels.mean(axis=0), dark_ink=dark_ink) - paper.mean(axis=0))
    marks = marks_in(without_specks(np.where(change > BLANK, change, np.float32(0))))
    return any(mark.box.touches(change.shape) for mark in marks)


# Ruled lines


def _without_lines(contrast: Ink, sheet: Mask) -> Ink:
    """Return the contrast without straight lines that run across the whole sheet, in either direction."""
    if min(contrast.shape) < LEAST_PHOTO:
        return contrast
    for _direction in range(2):
        for _round in range(ROUNDS):  # lines that are not quite parallel are found one slope after another
            contrast, found = _without_parallel_lines(contrast, sheet)
            if not found:
                break
        contrast, sheet = contrast.T, sheet.T
    return contrast


def _without_parallel_lines(contrast: Ink, sheet: Mask) -> tuple[Ink, bool]:
    """Take out the lines of the slope at which most are found; tell whether there are any."""
    inked = contrast > max(FAINT_LINE, 3 * _grain(contrast))
    columns = np.linspace(0, contrast.shape[1] - 1, min(SAMPLED, contrast.shape[1])).round().astype(int)
    found = [_lines_at(slope, inked, sheet, columns) for slope in SLOPES]
    most = int(np.argmax([rows.sum() for rows in found]))
    bands = [(top, bottom) for top, bottom in _runs(found[most]) if bottom - top <= WIDEST_LINE * len(inked)]
    cleaned = contrast.copy()
    shift = _shift(SLOPES[most], np.arange(contrast.shape[1]), contrast.shape[1])
    for top, bottom in bands:  # with the soft edge of the line
        _bridge(cleaned, top - 1 + shift, bottom - top + 2)
    return cleaned, bool(bands)


def _grain(contrast: Ink) -> float:
    """Return the noise of the paper, from neighbouring pixels: lines all over do not count as noise."""
    steps = [float(np.median(np.abs(np.diff(contrast, axis=axis)))) for axis in (0, 1)]
    return 1.48 * min(steps) / math.sqrt(2)


def _shift(slope: float, columns: NDArray[np.intp], width: int) -> NDArray[np.intp]:
    """Return how far down a line of this slope lies in some columns, compared with the middle."""
    return np.round(slope * (columns - width / 2)).astype(np.intp)


def _lines_at(slope: float, inked: Mask, sheet: Mask, columns: NDArray[np.intp]) -> Mask:
    """Return the rows from which a line of this slope is inked nearly everywhere on the sheet.

    At both ends of the sheet, too: a digit's own strokes end before.
    """
    shift = _shift(slope, columns, inked.shape[1])
    paper = _sheared(sheet, columns, shift)
    line = _sheared(inked, columns, shift) & paper
    length = paper.sum(axis=1)
    rows: Mask = (length >= 0.5 * len(columns)) & (line.sum(axis=1) >= NEARLY * length)
    for row in np.flatnonzero(rows):
        on_line = line[row, paper[row]]
        rows[row] = on_line[:END].mean() >= 0.5 and on_line[-END:].mean() >= 0.5
    return rows


def _sheared(mask: Mask, columns: NDArray[np.intp], shift: NDArray[np.intp]) -> Mask:
    """Return some columns of a mask, each moved up by its shift; what is moved in is empty."""
    rows = np.arange(len(mask))[:, np.newaxis] + shift
    moved: Mask = mask[np.clip(rows, 0, len(mask) - 1), columns] & (rows >= 0) & (rows < len(mask))
    return moved


def _runs(rows: Mask) -> list[list[int]]:
    """Return where each run of True begins and where it has ended."""
    runs: list[list[int]] = np.flatnonzero(np.diff(rows, prepend=False, append=False)).reshape(-1, 2).tolist()
    return runs


def _bridge(contrast: Ink, top: NDArray[np.intp], height: int) -> None:
    """Replace a line by what lies above and below it, so that a stroke which crosses it goes on.

    What is much darker than the line is a stroke on top of it, and stays.
    """
    last = len(contrast) - 1
    columns = np.arange(contrast.shape[1])
    above = contrast[np.clip(top - 1, 0, last), columns]
    below = contrast[np.clip(top + height, 0, last), columns]
    across = [contrast[np.clip(top + k, 0, last), columns] for k in range(height)]
    line = max(float(np.median(values)) for values in across)
    for k, values in enumerate(across):
        between = above + (below - above) * ((k + 1) / (height + 1))
        inside = (top + k >= 0) & (top + k <= last)
        kept = np.where(values > DARKER * line, values, between)
        contrast[(top + k)[inside], columns[inside]] = kept[inside]


# From contrast to the digit


def _ink_in(contrast: Ink, sheet: Mask) -> Ink | None:
    """Return all ink; None when nothing stands out."""
    contrast = _without_lines(contrast, sheet)
    threshold = _otsu(np.maximum(contrast[sheet], 0))
    is_ink = contrast > threshold
    if not is_ink.any() or is_ink[sheet].all():
        return None
    full = float(np.median(contrast[is_ink]))
    noise = 1.48 * float(np.median(np.abs(contrast[sheet & ~is_ink])))
    if full < max(BLANK, 5 * noise) or is_ink.mean() > 0.6:
        return None
    low = 0.75 * threshold  # of 300 made photos 0.89 were read with 0.3, 0.93 with 0.7 to 1
    return _without_faint_tails(np.clip((contrast - low) / (full - low), 0, 1))


def _without_faint_tails(ink: Ink) -> Ink:
    """Return ink without what is faint and no soft edge of a stroke: what is left of a ruled line, say.

    Such a tail hangs on to the digit, and the digit would be made small to have room for both.
    """
    near = (ink > STROKE).astype(np.float32)
    for _pixel in range(SOFT_EDGE):
        near = spread(spread(near).T).T
    return np.where(near > 0, ink, np.float32(0))


def _without_shadows(ink: Ink) -> Ink:
    """Return ink without marks that have no sharp edge anywhere, as the shadow of a finger has none."""
    return keep_marks(ink, [mark for mark in marks_in(ink) if _steepest_step(ink, mark.box) >= SHARP])


def _steepest_step(ink: Ink, box: Box) -> float:
    part = ink[box.top : box.bottom, box.left : box.right]
    return max(float(np.abs(np.diff(part, axis=axis)).max(initial=0)) for axis in (0, 1))


def _digit_alone(ink: Ink) -> Ink | None:
    """Return the ink of the largest mark and of what belongs to it; None when there are only specks."""
    marks = marks_in(without_stray_dots(without_specks(ink)))
    inside = [mark for mark in marks if not mark.box.touches(ink.shape)]
    if not marks:
        return None
    main = max(inside or marks, key=lambda mark: mark.area)
    if not inside and min(ink.shape) >= LEAST_PHOTO and main.is_filled:
        raise NoDigitError(_(SHADOW))
    group, rest = [main], [mark for mark in (inside or marks) if mark is not main]
    while near := [mark for mark in rest if mark.box.distance(_around(group)) <= NEAR * main.box.longest]:
        group += near
        rest = [mark for mark in rest if not any(mark is other for other in near)]
    others = [mark for mark in marks if not any(mark is other for other in group)]
    if len(group) > MOST_PARTS or any(_runs_through(mark.box, _around(group), ink.shape) for mark in others):
        raise NoDigitError(_(LINES))
    if any(mark.box.longest >= AS_LARGE * main.box.longest for mark in rest):
        raise NoDigitError(_("One digit at a time: there is more than one in the picture."))
    return keep_marks(ink, group)


def _digits_in(ink: Ink) -> Ink | None:
    """Return the ink of the marks of a line of digits; None when there are only specks."""
    marks = marks_in(without_stray_dots(without_specks(ink)))
    inside = [mark for mark in marks if not mark.box.touches(ink.shape)]
    highest = max((mark.box.height for mark in inside), default=0)
    line = [mark for mark in inside if mark.box.longest >= LEAST_OF_LINE * highest]
    if any(_runs_through(mark.box, _around(line or marks), ink.shape) for mark in marks):
        raise NoDigitError(_(LINES))
    return keep_marks(ink, line) if line else None


def _around(marks: list[Mark]) -> Box:
    return box_around([mark.box for mark in marks])


def _runs_through(box: Box, digit: Box, shape: tuple[int, ...]) -> bool:
    """Whether a mark reaches from one side of the picture to another, through the digit's box."""
    sides = box.top == 0, box.left == 0, box.bottom == shape[0], box.right == shape[1]
    return sum(sides) >= 2 and box.distance(digit) == 0


# The threshold


def _otsu(values: Ink, bins: int = 128) -> float:
    """Return the threshold that divides values into two groups the farthest apart (Otsu 1979).

    >>> bool(0.1 < _otsu(np.array([0.0, 0.1, 0.1, 0.8, 0.9], np.float32)) < 0.8)
    True
    """
    counts, edges = np.histogram(values, bins=bins, range=(0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    mean_below = sums / np.maximum(below, 1)
    mean_above = (sums[-1] - sums) / np.maximum(above, 1)
    return float(edges[1:][np.argmax(below * above * (mean_above - mean_below) ** 2)])
