"""Workers of a Dask cluster as the run service sees them: executors that look like those of this machine.

The server makes a `Cluster` when the address of a Dask scheduler is set, and gives its `make_executor` to the
run service. Where no worker can be used, runs train on this machine.
"""

import asyncio
import logging
import os
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from weakref import WeakSet, WeakValueDictionary

import numpy as np

from dashboard.budget import SHARE, Budget
from dashboard.runs import worker
from dashboard.runs.executors import RemoteExecutor, WorkerLost, local_workers, loky_executor
from dashboard.runs.files import Content, LocalFiles, sizes_of
from dashboard.runs.protocol import Report, RunSpec
from dashboard.runs.remote import Answer, Facts, RemoteWorkspace, facts
from dashboard.runs.status import RunError
from dashboard.runs.store import NOT_WRITTEN, reason_of
from mlcore.language import N_, _

if TYPE_CHECKING:
    from distributed import Client

_log = logging.getLogger(__name__)

VARIABLE = "DIGITLAB_SCHEDULER"
"""The environment variable with the address of a Dask scheduler, such as ``tcp://lab-1:8786``."""

CONNECT_SECONDS = 5.0
LOOK_EVERY = 2.0
"""Seconds between two looks at which workers there are."""

LOST_SECONDS = 60.0
"""For how long a worker is not used that was lost: one that hangs stays on the scheduler's list."""

NEWS_SECONDS = 0.5

HOLD_EVERY = 0.05
"""Seconds between two checks whether a turn under way must end."""

SENT_BYTES = 1_000_000_000
"""Arrays that a worker keeps for the next run, at most; those of runs in its memory are kept besides."""

NOT_INSTALLED = N_(
    "A Dask scheduler is set, but dask.distributed is not installed on this server. Runs train on this "
    "server itself. Install it with pip install -r requirements/extra.txt."
)
UNREACHABLE = N_(
    "The Dask scheduler at {address} cannot be reached. Runs train on this server itself until it can."
)
NO_WORKERS = N_("The Dask scheduler at {address} has no workers. Runs train on this server itself.")
DIFFERS = N_(
    "The worker {worker} is not used: it has {what} {theirs}, and this server has {ours}. Install the same "
    "versions on both."
)
MANY_THREADS = N_(
    "The worker {worker} is not used: NumPy uses several threads there, which may change results. Start it "
    "with OPENBLAS_NUM_THREADS=1."
)
NO_CODE = N_(
    "The worker {worker} is not used: Digit Lab's code cannot be loaded there ({reason}). Install the same "
    "version of it as on this server."
)


class Cluster:
    """The workers behind a Dask scheduler that may be used; safe from any thread.

    It looks every two seconds which there are, and connects again after the scheduler was gone.

    Parameters
    ----------
    address : str
        Of the scheduler.
    make_local : callable
        Returns an executor on this machine, for when there is no worker.
    """

    def __init__(self, address: str, make_local: Callable[[], Executor] = loky_executor) -> None:
        self.address = address
        self._make_local = make_local
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._known: dict[str, Facts | Exception] = {}
        self._usable: list[str] = []
        self._lost: dict[str, float] = {}
        self._note = ""
        self._memory = Budget(0, available=lambda: None)
        self._rooms: dict[str, int | None] = {}
        self._executors: WeakSet[DaskExecutor] = WeakSet()
        self._workspaces: WeakValueDictionary[str, _RemoteWorker] = WeakValueDictionary()
        self._closed = threading.Event()
        self._look()
        threading.Thread(target=self._keep_looking, name="cluster-look", daemon=True).start()

    @property
    def note(self) -> str:
        """What is wrong with the cluster, as a sentence; empty when all is well."""
        return self._note

    @property
    def size(self) -> int:
        """Workers that can be used at the moment."""
        return len(self._usable)

    def count_workers(self) -> int:
        """Return how many workers runs have: those of the cluster, or else those of this machine."""
        return self.size or local_workers()

    def memory(self) -> Budget | None:
        """Return what runs may take of the workers' memory; None while they train on this machine."""
        return self._memory if self._usable else None

    def for_runs(self) -> dict[str, Any]:
        """Return the arguments by which a `RunService` trains here."""
        return {
            "workers": self.count_workers,
            "make_executor": self.make_executor,
            "memory_elsewhere": self.memory,
        }

    def make_executor(self) -> Executor:
        """Return an executor on the worker with the fewest of ours, or on this machine when there is none."""
        with self._lock:
            client, usable = self._client, self._usable
            if client is None or not usable:
                return self._make_local()
            ours = Counter(executor.address for executor in self._executors if executor.lives)
            address = min(usable, key=lambda address: ours[address])
            remote = self._workspaces.get(address)
            if remote is None or remote.is_lost:
                remote = self._workspaces[address] = _RemoteWorker(client, address, self._note_lost)
            executor = DaskExecutor(remote, self._rooms.get(address))
            self._executors.add(executor)
            return executor

    def close(self) -> None:
        """Let go of all workers; what they hold of this server goes there too."""
        self._closed.set()
        with self._lock:
            client, self._client, self._usable = self._client, None, []
        if client is not None:
            client.close(CONNECT_SECONDS)

    # ---- looking -----------------------------------------------------------------------------------------

    def _keep_looking(self) -> None:
        while not self._closed.wait(LOOK_EVERY):
            self._look()

    def _look(self) -> None:
        """Note which workers there are, and what is wrong."""
        try:
            workers = self._workers()
        except ImportError:
            workers, note = [], _(NOT_INSTALLED)
        except Exception as error:  # whatever the network comes up with
            _log.debug("The scheduler does not answer", exc_info=error)
            workers, note = [], _(UNREACHABLE).format(address=self.address)
        else:
            refusals = {address: why_not(address, self._known[address]) for address in workers}
            workers = [address for address in workers if not refusals[address]]
            nobody = "" if workers else _(NO_WORKERS).format(address=self.address)
            note = next(filter(None, refusals.values()), nobody)
        if note and note != self._note:
            _log.warning(note)
        with self._lock:
            now = time.monotonic()
            self._lost = {address: at for address, at in self._lost.items() if now < at + LOST_SECONDS}
            self._usable = [address for address in workers if address not in self._lost]
            self._note = note

    def _workers(self) -> list[str]:
        """Return the addresses of all workers, after a look at what is new."""
        client = self._connected()
        about = client.scheduler_info()["workers"]
        workers = list(about)
        # Dask says 0 of a worker that was started without a limit.
        limits = {address: worker["memory_limit"] or None for address, worker in about.items()}
        self._rooms = {address: limit and int(SHARE * limit) for address, limit in limits.items()}
        known = [room for room in self._rooms.values() if room is not None]
        self._memory.limit = sum(known) if len(known) == len(limits) else None
        new = [address for address in workers if address not in self._known]
        if new:
            self._known |= client.run(facts, workers=new, on_error="return")
        self._known = {address: self._known[address] for address in workers}
        return workers

    def _connected(self) -> "Client":
        from distributed import Client

        client = self._client
        if client is not None and client.status == "running":
            return client
        if client is not None:
            client.close(0)
            self._client = None
        made = Client(
            self.address,
            timeout=CONNECT_SECONDS,
            name="digit-lab",
            set_as_default=False,
            direct_to_workers=False,
        )
        with self._lock:
            if not self._closed.is_set():
                self._client = made
                return made
        made.close(0)
        raise ConnectionError("closed")

    def _note_lost(self, address: str) -> None:
        """Use a worker no more for a while; none at all when it is the scheduler that is gone."""
        with self._lock:
            if self._client is None or self._client.status != "running":
                self._usable = []
            self._lost[address] = time.monotonic()
            self._usable = [other for other in self._usable if other != address]


def why_not(address: str, known: Facts | Exception) -> str:
    """Return why a worker cannot be used, as a sentence; empty when it can."""
    if isinstance(known, Exception):
        return _(NO_CODE).format(worker=address, reason=f"{type(known).__name__}: {known}")
    ours = facts()
    for what, version in ours.versions.items():
        theirs = known.versions.get(what)
        if theirs != version:
            return _(DIFFERS).format(worker=address, what=what, theirs=theirs, ours=version)
    return "" if known.one_thread else _(MANY_THREADS).format(worker=address)


# ---- one worker ------------------------------------------------------------------------------------------


class _RemoteWorker:
    """A worker with a workspace of ours, and what was sent there."""

    def __init__(self, client: "Client", address: str, note_lost: Callable[[str], object]) -> None:
        self.address, self.is_lost = address, False
        self._client, self._note_lost = client, note_lost
        self._lock = threading.Lock()
        self._actor: Any = None
        self._made: Any = None
        self._numbers = count()
        self._users: set[Executor] = set()
        self._sent: OrderedDict[str, int] = OrderedDict()

    def call(
        self,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        contents: dict[str, Content],
        must_end: Callable[[], bool],
        is_given_up: Callable[[], bool],
    ) -> Answer:
        """Call a function there and wait for what comes back.

        Raises
        ------
        WorkerLost
            When the worker is gone.
        """
        try:
            with self._client.as_current():  # an actor finds its way by it
                self._make_actor()
                number, held, outdated = next(self._numbers), must_end(), self._outdated(contents)
                reply = asyncio.run_coroutine_threadsafe(
                    _answer(self._actor.call(number, function, arguments, contents, outdated, held)),
                    self._client.loop.asyncio_loop,
                )
                while True:
                    with suppress(TimeoutError):
                        return reply.result(HOLD_EVERY)
                    if self.is_lost or is_given_up() or self._made.status not in ("pending", "finished"):
                        raise ConnectionError(self._made.status)
                    if not held and must_end():
                        held = True
                        self._actor.hold(number)
        except Exception as error:  # what Dask raises when a worker or the scheduler is gone has many names
            if not is_given_up():
                _log.warning("The worker %s was lost: %r", self.address, error)
                self._wait_for_news()
                self._lose()
            raise WorkerLost(self.address) from error

    def _wait_for_news(self) -> None:
        """Give Dask a moment to notice that it is the scheduler that is gone, and with it all workers."""
        deadline = time.monotonic() + NEWS_SECONDS
        while self._client.status == "running" and time.monotonic() < deadline:
            time.sleep(0.05)

    def join(self, executor: Executor) -> None:
        """Note that an executor works here."""
        with self._lock:
            self._users.add(executor)

    def leave(self, executor: Executor) -> None:
        """Note that one does no longer; with the last, the workspace goes, and all that it holds."""
        with self._lock:
            self._users.discard(executor)
            if self._users:
                return
            self.is_lost = True
            made, self._actor, self._made = self._made, None, None
        if made is not None:
            with suppress(Exception):  # the scheduler is gone, and all that it knew
                made.cancel()

    def _lose(self) -> None:
        """Have nothing more to do with the worker."""
        self.is_lost = True
        self._note_lost(self.address)

    def _make_actor(self) -> None:
        """Make the workspace there, if there is none; only this object holds it, so that it can let go."""
        with self._lock:
            if self._actor is None and not self.is_lost:
                self._made = self._client.submit(
                    RemoteWorkspace, workers=[self.address], allow_other_workers=False, pure=False, actor=True
                )
                self._actor = self._made.result(timeout=CONNECT_SECONDS)

    def _outdated(self, contents: dict[str, Content]) -> tuple[str, ...]:
        """Note which arrays are sent now; return those that the worker need not keep for them."""
        with self._lock:
            for path, content in contents.items():
                if isinstance(content, np.ndarray):
                    self._sent[path] = content.nbytes
                    self._sent.move_to_end(path)
            outdated = []
            while sum(self._sent.values()) > SENT_BYTES and next(iter(self._sent)) not in contents:
                outdated.append(self._sent.popitem(last=False)[0])
            return tuple(outdated)

    def restart(self) -> None:
        """Have the worker's process replaced, where a nanny of Dask's watches over it."""
        self._lose()

        def restart() -> None:
            with suppress(Exception):  # it has no nanny, or is gone
                self._client.restart_workers([self.address], timeout=CONNECT_SECONDS, raise_for_error=False)

        threading.Thread(target=restart, name="cluster-restart", daemon=True).start()


async def _answer(reply: Awaitable[Answer]) -> Answer:
    return await reply


class DaskExecutor(RemoteExecutor):
    """Calls functions in one worker of the cluster, one at a time and in order.

    What a function reads of this server's files is sent when the worker lacks it, and what it writes is
    written here before its result is there.

    Parameters
    ----------
    remote : _RemoteWorker
    room : int or None
        Bytes that runs may take of the worker's memory.
    """

    def __init__(self, remote: _RemoteWorker, room: int | None = None) -> None:
        self._remote, self.room = remote, room
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="cluster-worker")
        self._given_up = threading.Event()
        self._ended = False
        self._unwritten: dict[str, bytes] = {}
        remote.join(self)

    @property
    def address(self) -> str:
        """The worker's."""
        return self._remote.address

    @property
    def lives(self) -> bool:
        """Whether it takes calls."""
        return not (self._ended or self._remote.is_lost)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> "Future[Any]":
        """Have a function called; the future has its result, or a `WorkerLost`."""
        if not self.lives:
            raise WorkerLost(self.address)
        return self._thread.submit(self._call, function, arguments)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; with ``cancel_futures``, wait for none either."""
        self._ended = True
        if cancel_futures:
            self._given_up.set()
        self._thread.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._remote.leave(self)

    def kill(self) -> None:
        """Have the worker restarted, and wait for nothing."""
        self.shutdown(wait=False, cancel_futures=True)
        self._remote.restart()

    def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        spec = next((argument for argument in arguments if isinstance(argument, RunSpec)), None)
        if function is worker.drop:
            self._forget(*arguments)
        contents: dict[str, Content] = {}
        while True:
            answer = self._remote.call(
                function,
                arguments,
                contents,
                must_end=lambda: spec is not None and spec.hold.exists(),
                is_given_up=self._given_up.is_set,
            )
            if not answer.lacks:
                break
            contents = {path: self._read(path) for path in answer.lacks}
        refusal = self._write(answer.written, spec)
        if answer.error is not None:
            raise answer.error
        if not refusal:
            return answer.result
        if isinstance(answer.result, Report):
            return replace(answer.result, refused=refusal)
        raise RunError(_(NOT_WRITTEN).format(reason=refusal))

    def _read(self, path: str) -> Content:
        """Return what a file holds, the newest that the worker has written."""
        if path in self._unwritten:
            return self._unwritten[path]
        try:
            if path.endswith(".npy"):
                return np.asarray(LocalFiles().array(path))
            return sizes_of(Path(path)) if Path(path).is_dir() else Path(path).read_bytes()
        except FileNotFoundError:
            return None

    def _write(self, written: dict[str, bytes | None], spec: RunSpec | None) -> str:
        """Write what the worker has sent; return why what a run continues from could not be written.

        That is kept to be tried again with the next call; snapshots are no loss.
        """
        files, needed = LocalFiles(), set()
        if spec is not None:
            needed = {str(spec.checkpoint), str(spec.best_model)}
        refusal = ""
        for path, content in {**self._unwritten, **written}.items():
            if content is None:
                files.remove(Path(path))
                continue
            try:
                files.write(Path(path), partial(_write_bytes, content))
                self._unwritten.pop(path, None)
            except OSError as error:
                if path in needed:
                    self._unwritten[path], refusal = content, reason_of(error)
                    _log.warning("What a worker has sent could not be written: %s", error)
        return refusal

    def _forget(self, run_id: str) -> None:
        """Drop what could not be written of a run that is dropped."""
        self._unwritten = {
            path: content for path, content in self._unwritten.items() if Path(path).parent.name != run_id
        }


def _write_bytes(content: bytes, stream: BinaryIO) -> None:
    stream.write(content)


def address_of_environment() -> str:
    """Return the address that `VARIABLE` sets, or nothing."""
    return os.environ.get(VARIABLE, "").strip()
