"""How many runs a server accepts, how long they are kept, and how long its workers may take.

`RunService` holds all runs to it; the server may be told other limits.
"""

from dataclasses import dataclass
from typing import Self

from dashboard.environment import number_of_environment
from dashboard.runs.archive import KEEP_VARIABLE


@dataclass(frozen=True)
class Limits:
    """What one server accepts.

    Attributes
    ----------
    live_per_owner, live_per_address, live : int
        Runs that train, wait or are paused; those of one session count as one owner's. A school's whole class
        may come from one address.
    kept_per_owner, kept_per_address : int
        Runs at all; with a new one, the oldest that has ended makes room.
    grace_seconds : float
        How long a run may train, or wait, when all sessions of its owner have left; then it is stopped.
    keep_seconds : float
        How long a run that has ended stays in memory when all sessions of its owner have left. Where runs are
        kept in an archive, they are found again there.
    left, left_bytes, left_records : int
        Such runs at most, the bytes of their files and the records of their histories. Who left first loses
        their runs first.
    idle_seconds : float
        How long a worker without work stays, and a paused run in its memory.
    answer_seconds : float
        How long a worker may continue a run that must stop, or be halted, until it is ended by force.
    job_seconds : float
        How long a worker may be at one job.
    """

    live_per_owner: int = 3
    live_per_address: int = 40
    live: int = 60
    kept_per_owner: int = 10
    kept_per_address: int = 200
    grace_seconds: float = 600.0
    keep_seconds: float = 36 * 3600.0
    left: int = 100
    left_bytes: int = 500_000_000
    left_records: int = 200_000
    idle_seconds: float = 60.0
    answer_seconds: float = 5.0
    job_seconds: float = 60.0

    @classmethod
    def of_environment(cls) -> Self:
        """Return the usual limits, with the hours for which runs are kept that `KEEP_VARIABLE` sets."""
        hours = number_of_environment(KEEP_VARIABLE)
        return cls() if hours is None else cls(keep_seconds=3600 * hours)
