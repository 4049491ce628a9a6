"""What runs take of the memory that all visitors share: asked for before a worker takes a run up.

The run service asks it, and gives back what no worker keeps any more.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dashboard.budget import Budget, NoRoom, Reservation
from dashboard.runs.status import NoMemoryNow
from mlcore.language import N_, _
from mlcore.training.memory import Demand

NO_ROOM = N_(
    "Training this network takes about {needed:,.0f} MB of memory, and this server has {left:,.0f} MB left "
    "for it. Try smaller hidden layers, or wait until other runs have ended."
)
NO_WORKER_HAS_ROOM = N_(
    "Training this network takes about {needed:,.0f} MB of memory, and no worker of the cluster has more "
    "than {left:,.0f} MB left for it. Try smaller hidden layers, or wait until other runs have ended."
)


def _sentence(text: str, demand: Demand, left: int) -> str:
    return _(text).format(needed=max(1, demand.needed / 1e6), left=max(0, left) / 1e6)


class RunMemory:
    """The room that runs have in a budget; safe from any thread.

    Parameters
    ----------
    budget : Budget
    workers : int
        Worker processes: each may be saving the largest run at the same time.
    elsewhere : callable
        Returns the memory of the machines that train, when that is not this one.
    largest : callable
        Returns the bytes that one more run may take on one of those machines; None when nothing is known of
        a single one.
    """

    def __init__(
        self,
        budget: Budget,
        workers: int,
        elsewhere: Callable[[], Budget | None] = lambda: None,
        largest: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._budget, self._workers, self._elsewhere, self._largest = budget, workers, elsewhere, largest
        self._rooms: dict[str, tuple[Demand, Reservation]] = {}
        self._saving = budget.reserve(0)
        self._lock = threading.Lock()

    def take(self, name: str, demand: Demand) -> None:
        """Take room for a run that has none yet.

        Raises
        ------
        NoMemoryNow
            When there is not as much, all together or on any single machine.
        """
        largest = self._largest()  # without the lock: it takes the service's
        with self._lock:
            if name not in self._rooms:
                if largest is not None and demand.needed > largest:
                    raise NoMemoryNow(_sentence(NO_WORKER_HAS_ROOM, demand, largest))
                self._rooms[name] = demand, self._reserve(demand)

    def _reserve(self, demand: Demand) -> Reservation:
        saving = self._workers * max(
            [demand.saving, *(other.saving for other, _room in self._rooms.values())]
        )
        try:
            room = (self._elsewhere() or self._budget).reserve(demand.kept)
            try:
                self._saving.resize(saving)
            except NoRoom:
                room.release()
                raise
        except NoRoom as error:
            raise NoMemoryNow(_sentence(NO_ROOM, demand, error.left)) from error
        return room

    def give_back(self, name: str) -> None:
        """Give back the room of a run, if it has any."""
        with self._lock:
            if name not in self._rooms:
                return
            self._rooms.pop(name)[1].release()
            largest = max((demand.saving for demand, _room in self._rooms.values()), default=0)
            self._saving.resize(min(self._saving.amount, self._workers * largest))

    @contextmanager
    def for_a_moment(self, amount: int) -> Iterator[None]:
        """Take this many bytes for as long as the block lasts.

        Raises
        ------
        NoMemoryNow
            When there are not as many.
        """
        name = secrets.token_hex(8)
        self.take(name, Demand(kept=amount, saving=0))
        try:
            yield
        finally:
            self.give_back(name)

    def close(self) -> None:
        """Give back all."""
        for name in list(self._rooms):
            self.give_back(name)
