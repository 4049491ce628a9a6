"""Reads visitors' files in processes of their own: a few at once, within the budget of memory, for a while.

The page Data asks `Readings.read`. A slow or harmful file can neither hold others up nor take the server's
memory: its process is ended, and the visitor reads why.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from secrets import token_hex
from typing import Any, Self

import numpy as np

from dashboard.budget import Budget, NoRoom, Reservation
from dashboard.environment import number_of_environment
from dashboard.places import lies_in_memory
from dashboard.reading.process import LABELS, NAMES, PIXELS, write_part
from dashboard.runs.executors import WORKER_ENVIRONMENT
from dashboard.runs.store import DataStore, StoredDataset, StoredPixels, reason_of
from mlcore import Dataset, DatasetError, Decision, UnlabelledImages, redo_decision, undo_decision
from mlcore.arrays import UInt8Array
from mlcore.datasets.decision import DecisionKey
from mlcore.datasets.readers.choose import Labels
from mlcore.errors import DigitLabError
from mlcore.language import _

ROOT = Path(__file__).resolve().parents[2]

VARIABLE = "DIGITLAB_UPLOAD_WAIT_SECONDS"
"""The environment variable that sets how long an upload waits for memory."""

PROCESS_BYTES = 48_000_000
"""What a process takes before it has read anything: Python, NumPy, Pillow."""

MAPPED_SHARE = 0.25
"""Of pixels in a file on disk, what is counted as memory: the system takes it back when others need it."""


@dataclass(frozen=True)
class Pace:
    """How many files are read at once, and for how long; in seconds.

    Attributes
    ----------
    at_once : int
        Processes that begin together.
    steps_aside : float
        After this, a process continues at the lowest priority, and another may begin.
    at_most : int
        Processes in all.
    longest, longest_before_others : float
        When a process is ended: alone, and when another visitor waits for it.
    patience : float
        How long a visitor waits for memory.
    look : float
        Between two looks at how things stand.
    """

    at_once: int = 2
    steps_aside: float = 3.0
    at_most: int = 6
    longest: float = 90.0
    longest_before_others: float = 20.0
    patience: float = 8.0
    look: float = 0.2

    @classmethod
    def of_environment(cls) -> Self:
        """Return the usual pace, with the patience that `VARIABLE` sets."""
        seconds = number_of_environment(VARIABLE)
        return cls() if seconds is None else cls(patience=seconds)


class NoDisk(DigitLabError):
    """A data set cannot be kept on the server's disk; the message is a sentence for the visitor."""

    def __init__(self, reason: str) -> None:
        message = _(
            "The server could not store the data set ({reason}). Try again later, or upload fewer images."
        )
        super().__init__(message.format(reason=reason))


class TooSlow(DigitLabError):
    """Reading the files took too long; the message is a sentence for the visitor."""


class NamesOffered(DatasetError):
    """The names of pictures may hold their labels: the visitor has to say whether they do."""


@dataclass(frozen=True)
class Upload:
    """What a visitor's files hold.

    Attributes
    ----------
    dataset : Dataset
        The images to learn from, and after them the validation images.
    n_dev : int
        How many of them came as validation images.
    test : Dataset or None
        The images for the final test.
    """

    dataset: Dataset
    n_dev: int = 0
    test: Dataset | None = None


class Readings:
    """All readings of one server; safe from any thread.

    Parameters
    ----------
    budget : Budget
        Has to have room for each reading, and then for the data set until nobody uses it any more.
    store : DataStore
        Where the data sets lie, so that workers map the same files.
    """

    def __init__(self, budget: Budget, store: DataStore, pace: Pace | None = None) -> None:
        self._budget = budget
        self._store = store
        self._pace = pace or Pace()
        self._lock = threading.Lock()
        self._waiting: list[object] = []
        self._running: dict[object, float] = {}
        self._processes: set[subprocess.Popen[str]] = set()
        # A data set may go at any place in the code, even where the store's lock is held.
        self._gone: SimpleQueue[StoredDataset | StoredPixels] = SimpleQueue()
        self._cleaner: threading.Thread | None = None

    def read(
        self,
        files: Mapping[str, Path],
        wait: Callable[[str], None],
        locale: str = "",
        labels: Labels = "folders",
    ) -> Upload:
        """Return the data set in the files, with the validation and test images that came along.

        Parameters
        ----------
        files : mapping of str to Path
            The names as the visitor knows them, and where the content lies.
        wait : callable
            Is told five times a second, in a sentence, what is being waited for. What it raises ends the
            reading and its process: the visitor has left, or chosen something else.
        locale : str
            The visitor's language, for errors.
        labels : "folders" or "names"
            Where the labels of pictures are (see `mlcore.read_dataset`).

        Raises
        ------
        NamesOffered
            When pictures lie in no folders of classes, but their names may hold the labels.
        DatasetError
            When the files cannot be used.
        NoRoom, NoDisk, TooSlow
            When they could be at another time.
        """
        with self._reading(files, wait, locale, labels) as (parts, room):
            dataset = self._take(parts["dataset"], room)
            test = self._take(parts["test"], room) if "test" in parts else None
        return Upload(dataset, parts["dataset"]["n_dev"], test)

    def read_images(
        self, files: Mapping[str, Path], wait: Callable[[str], None], locale: str = ""
    ) -> UnlabelledImages:
        """Return the images in the files, without labels; parameters and errors are those of `read`."""
        with self._reading(files, wait, locale, "none") as (parts, room):
            return self._take_images(parts["images"], room)

    @contextmanager
    def _reading(
        self, files: Mapping[str, Path], wait: Callable[[str], None], locale: str, labels: Labels
    ) -> Iterator[tuple[dict[str, dict[str, Any]], Reservation]]:
        """Read files in a process, and yield what it has written, and the room for that."""
        with self._in_turn(wait) as turn, self._room(PROCESS_BYTES, wait) as room, self._folder() as folder:
            task = {
                "files": {name: str(path) for name, path in files.items()},
                "folder": str(folder),
                "locale": locale,
                "labels": labels,
            }
            yield self._follow(task, turn, room, wait), room

    def change(self, dataset: Dataset, key: DecisionKey, *, is_undone: bool) -> Dataset:
        """Return a data set that was read with one of its decisions undone, or done again.

        No process is needed for that: the files are not read again.

        Raises
        ------
        DatasetError
            When it cannot be undone.
        NoRoom, NoDisk
            When it could be at another time.
        """
        change = undo_decision if is_undone else redo_decision
        with self._budget.reserve(2 * dataset.base.images.nbytes) as room, self._folder() as folder:
            return self._take(write_part(change(dataset.base, key), folder / "changed"), room)

    def close(self) -> None:
        """End all processes."""
        for process in list(self._processes):
            process.kill()

    # ---- turns -------------------------------------------------------------------------------------------

    @contextmanager
    def _in_turn(self, wait: Callable[[str], None]) -> Iterator[object]:
        """Wait until it is this reading's turn, and hold a place while the block runs."""
        turn = object()
        with self._lock:
            self._waiting.append(turn)
        try:
            while (before := self._begin(turn)) is not None:
                text = _("Waiting for other files to be read ({n} before yours) …")
                wait(text.format(n=before))
                time.sleep(self._pace.look)
            yield turn
        finally:
            with self._lock:
                self._running.pop(turn, None)
                if turn in self._waiting:
                    self._waiting.remove(turn)

    def _begin(self, turn: object) -> int | None:
        """Take a place if it is this one's turn; else return how many come before it."""
        with self._lock:
            now = time.monotonic()
            fresh = sum(now - begun < self._pace.steps_aside for begun in self._running.values())
            first = self._waiting[0] is turn
            if first and fresh < self._pace.at_once and len(self._running) < self._pace.at_most:
                self._waiting.remove(turn)
                self._running[turn] = now
                return None
            return self._waiting.index(turn) + 1

    @contextmanager
    def _room(self, amount: int, wait: Callable[[str], None]) -> Iterator[Reservation]:
        with self._budget.reserve(0) as room:
            self._resize(room, amount, wait)
            yield room

    def _resize(self, room: Reservation, amount: int, wait: Callable[[str], None]) -> None:
        """Take more room, waiting for it as long as patience has it."""
        end = time.monotonic() + self._pace.patience
        while True:
            try:
                room.resize(amount)
            except NoRoom:
                if time.monotonic() >= end:
                    raise
                wait(_("Waiting for free memory on the server …"))
                time.sleep(self._pace.look)
            else:
                return

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        """Make a folder for what a process writes; what is not taken out of it goes with it."""
        try:
            folder = self._store.make_folder(f"reading-{token_hex(8)}")
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError as error:
            raise NoDisk(reason_of(error)) from error

    # ---- one process -------------------------------------------------------------------------------------

    def _follow(
        self, task: Mapping[str, Any], turn: object, room: Reservation, wait: Callable[[str], None]
    ) -> dict[str, dict[str, Any]]:
        """Start a process, give it room as it asks, and return what it found."""
        with self._process() as (process, answers):
            _tell(process, task)
            while True:
                try:
                    answer = answers.get(timeout=self._pace.look)
                except Empty:
                    answer = {}
                if "ask" in answer:
                    self._resize(room, PROCESS_BYTES + answer["ask"], wait)
                    _tell(process, {})
                elif "disk" in answer:
                    raise NoDisk(answer["disk"])
                elif "error" in answer:
                    kind = NamesOffered if answer.get("offers_names") else DatasetError
                    raise kind(_well_formed(answer["error"]) or _unforeseen())
                elif "parts" in answer:
                    parts: dict[str, dict[str, Any]] = answer["parts"]
                    return parts
                else:
                    wait(_("Reading …"))
                    self._check_time(turn, process)

    @contextmanager
    def _process(self) -> Iterator[tuple["subprocess.Popen[str]", "SimpleQueue[dict[str, Any]]"]]:
        """Run a process while the block does, and end it then, whatever it does."""
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.reading.process"],
            cwd=ROOT,
            env={**os.environ, **WORKER_ENVIRONMENT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="ascii",
        )
        answers: SimpleQueue[dict[str, Any]] = SimpleQueue()

        def listen() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                answers.put(json.loads(line))
            answers.put({"error": ""})  # ended without a word

        listener = threading.Thread(target=listen, name="reading", daemon=True)
        listener.start()
        self._processes.add(process)
        try:
            yield process, answers
        finally:
            process.kill()
            process.wait()
            listener.join()
            self._processes.discard(process)
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    assert pipe is not None
                    pipe.close()

    def _check_time(self, turn: object, process: "subprocess.Popen[str]") -> None:
        """End what takes too long, and let what takes long step aside."""
        pace = self._pace
        with self._lock:
            seconds, others = time.monotonic() - self._running[turn], bool(self._waiting)
        longest = pace.longest_before_others if others else pace.longest
        if seconds > longest:
            message = _(
                "Reading was stopped after {n:.0f} seconds. Try again when the server is less busy, or "
                "upload fewer or smaller images."
            )
            raise TooSlow(message.format(n=seconds))
        if seconds > pace.steps_aside and hasattr(os, "setpriority"):
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, 19)

    # ---- what was found ----------------------------------------------------------------------------------

    def _take(self, part: Mapping[str, Any], room: Reservation) -> Dataset:
        """Return a data set whose pixels stay in the store's file, which goes when nobody uses it."""
        folder = Path(part["folder"])
        names = tuple(part["class_names"])
        stored = self._store.adopt(
            part["fingerprint"], folder / PIXELS, folder / LABELS, class_names=names, name=part["name"]
        )
        labels = np.load(stored.labels)
        pixels = self._mapped(stored, labels.nbytes, room)
        decisions = [_decision(decision) for decision in part["decisions"]]
        return Dataset(pixels, labels, names, part["name"], notes=part["notes"], decisions=decisions)

    def _take_images(self, part: Mapping[str, Any], room: Reservation) -> UnlabelledImages:
        """Return images without labels, whose pixels stay in the store's file in the same way."""
        folder = Path(part["folder"])
        names = tuple(json.loads((folder / NAMES).read_text("ascii")))
        stored = self._store.adopt_pixels(part["fingerprint"], folder / PIXELS)
        pixels = self._mapped(stored, sum(map(sys.getsizeof, names)), room)
        return UnlabelledImages(pixels, names, part["name"], tuple(part["notes"]))

    def _mapped(self, stored: StoredDataset | StoredPixels, beside: int, room: Reservation) -> UInt8Array:
        """Map the pixels of what is stored, and keep room for them and for so many bytes beside them."""
        pixels: Any = np.load(stored.pixels, mmap_mode="r")
        share = 1.0 if lies_in_memory(Path(stored.pixels)) else MAPPED_SHARE
        kept = room.split(min(room.amount, beside + int(share * pixels.nbytes)))
        self._start_cleaner()
        # The mapping is gone when the last part, picture or split of the data set is.
        weakref.finalize(pixels._mmap, self._let_go, stored, kept).atexit = False
        mapped: UInt8Array = pixels
        return mapped

    def _let_go(self, stored: StoredDataset | StoredPixels, kept: Reservation) -> None:
        kept.release()
        self._gone.put(stored)

    def _start_cleaner(self) -> None:
        with self._lock:
            if self._cleaner is None:
                self._cleaner = threading.Thread(target=self._clean, name="uploads-cleaner", daemon=True)
                self._cleaner.start()

    def _clean(self) -> None:
        while True:
            self._store.release(self._gone.get())


def _tell(process: "subprocess.Popen[str]", message: Mapping[str, Any]) -> None:
    assert process.stdin is not None
    with suppress(OSError):  # it has ended, which is heard of at once
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()


def _decision(decision: Mapping[str, Any]) -> Decision:
    rows, names = bytes.fromhex(decision["rows"]), tuple(decision["names"])
    return Decision(**{**decision, "rows": rows, "names": names})


def _well_formed(text: str) -> str:
    """Return text without halves of letters, which names in files may have and pages may not."""
    return text.encode("utf-8", "replace").decode()


def _unforeseen() -> str:
    return _("The files could not be read: reading them ended unexpectedly. Save them again, or try others.")
