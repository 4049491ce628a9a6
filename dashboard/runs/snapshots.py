"""Snapshots: checkpoints of a run from several moments, which stay in its folder beside the newest one.

Workers write them; the run service lists them, opens one for who looks back, and lets runs be forked there.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MOST = 12
MOST_BYTES = 32_000_000
"""Of all snapshots of one run; of the recipe `standard` each takes 2.5 MB."""

GROWTH = 1.3
"""How many times as many steps as the last one a snapshot has behind it, once there are many."""

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
    """The file of a snapshot: a resumable model file, whose name says how far the run was."""

    step: int
    images_seen: int
    path: Path

    @property
    def size(self) -> int:
        """Its bytes; none when it has just been deleted."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0


def snapshot_path(folder: Path, step: int, images_seen: int) -> Path:
    """Return where the snapshot of this moment lies."""
    return folder / f"at-{step}-{images_seen}.npz"


def snapshot_files(folder: Path) -> list[SnapshotFile]:
    """Return the snapshots in a run's folder, the earliest first."""
    named = ((_NAME.fullmatch(path.name), path) for path in folder.glob("at-*.npz"))
    return sorted(SnapshotFile(int(match[1]), int(match[2]), path) for match, path in named if match)


def is_due(kept: Sequence[SnapshotFile], step: int) -> bool:
    """Return whether a snapshot at this step is wanted: while there is room, and then ever more rarely.

    >>> few, many = ([SnapshotFile(step, 0, Path("none")) for step in range(n)] for n in (3, 12))
    >>> is_due(few, 3), is_due(few, 2), is_due(many, 13), is_due(many, 15)
    (True, False, False, True)
    """
    if not kept:
        return True
    last = kept[-1]
    has_room = len(kept) < MOST and sum(file.size for file in kept) + last.size <= MOST_BYTES
    return step > last.step and (has_room or step >= GROWTH * last.step)


def thin_out(folder: Path) -> None:
    """Delete what is more than may be kept, where snapshots lie closest, measured by their steps.

    The first one and the last one stay.
    """
    kept = snapshot_files(folder)
    while len(kept) > 2 and (len(kept) > MOST or sum(file.size for file in kept) > MOST_BYTES):
        file = kept.pop(_closest([file.step for file in kept]))
        with suppress(OSError):
            file.path.unlink()


def _closest(steps: Sequence[int]) -> int:
    """Return the place, neither the first nor the last, around which the gap is relatively smallest.

    >>> _closest([0, 1, 3, 9, 27, 28, 81])
    4
    """
    return min(range(1, len(steps) - 1), key=lambda place: (steps[place + 1] + 1) / (steps[place - 1] + 1))


def discard_after(folder: Path, step: int) -> None:
    """Delete snapshots from a course that the run has left, as it continues from an earlier step."""
    for file in snapshot_files(folder):
        if file.step > step:
            with suppress(OSError):
                file.path.unlink()
