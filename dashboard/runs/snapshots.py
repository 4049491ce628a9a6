"""Snapshots: checkpoints of a run from several moments, which stay in its folder beside the newest one.

Workers write them; the run service lists them, opens one for visitors who look back, and lets runs be forked
there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.runs.files import sizes_of

MOST = 16
MOST_BYTES = 40_000_000
"""Of all snapshots of one run; of the recipe `standard` each takes 2.5 MB."""

GROWTH = 1.3
"""How many times as many steps as the last one a snapshot has behind it, once there are many."""

EARLY_GROWTH = 2.0
"""The same for a snapshot between two measurements: a network learns most in its first epoch."""

_NAME = re.compile(r"at-(\d+)-(\d+)\.npz")


@dataclass(frozen=True)
class Snapshot:
    """A moment of a run that is kept.

    Attributes
    ----------
    step : int
    epoch : float
        Passes over the training images until then.
    size : int
        Bytes of its file.
    """

    step: int
    epoch: float
    size: int


@dataclass(frozen=True, order=True)
class SnapshotFile:
    """The file of a snapshot: a resumable model file, whose name says how far the run was.

    Attributes
    ----------
    step, images_seen : int
    path : Path
    size : int
        Bytes.
    """

    step: int
    images_seen: int
    path: Path
    size: int


def snapshot_path(folder: Path, step: int, images_seen: int) -> Path:
    """Return where the snapshot of this moment lies."""
    return folder / f"at-{step}-{images_seen}.npz"


def snapshot_files(folder: Path) -> list[SnapshotFile]:
    """Return the snapshots in a run's folder on this machine, the earliest first."""
    return snapshots_among(folder, sizes_of(folder))


def snapshots_among(folder: Path, sizes: Mapping[str, int]) -> list[SnapshotFile]:
    """Return the snapshots among the files of a folder, given by names and bytes, the earliest first."""
    named = ((_NAME.fullmatch(name), folder / name, size) for name, size in sizes.items())
    return sorted(SnapshotFile(int(m[1]), int(m[2]), path, size) for m, path, size in named if m)


def is_due(kept: Sequence[SnapshotFile], step: int, is_measured: bool) -> bool:
    """Return whether a snapshot at this step is wanted.

    While there is room, it is at every measurement, and between two whenever the steps have doubled. Then
    only measurements count, and ever more rarely.

    >>> few, many = ([SnapshotFile(step, 0, Path("none"), 1) for step in range(n)] for n in (4, 16))
    >>> is_due(few, 4, True), is_due(few, 3, True), is_due(many, 17, True), is_due(many, 20, True)
    (True, False, False, True)
    >>> is_due(few, 5, False), is_due(few, 6, False), is_due(many, 60, False)
    (False, True, False)
    """
    if not kept:
        return True
    last = kept[-1]
    has_room = len(kept) < MOST and sum(file.size for file in kept) + last.size <= MOST_BYTES
    if not is_measured:
        return has_room and step > last.step and step >= EARLY_GROWTH * last.step
    return step > last.step and (has_room or step >= GROWTH * last.step)


def surplus(snapshots: Sequence[SnapshotFile]) -> list[SnapshotFile]:
    """Return what is more than may be kept, where snapshots lie closest, measured by their steps.

    The first one and the last one stay.
    """
    kept, others = list(snapshots), []
    while len(kept) > 2 and (len(kept) > MOST or sum(file.size for file in kept) > MOST_BYTES):
        others.append(kept.pop(_closest([file.step for file in kept])))
    return others


def _closest(steps: Sequence[int]) -> int:
    """Return the place, neither the first nor the last, around which the gap is relatively smallest.

    >>> _closest([0, 1, 3, 9, 27, 28, 81])
    4
    """
    return min(range(1, len(steps) - 1), key=lambda place: (steps[place + 1] + 1) / (steps[place - 1] + 1))
