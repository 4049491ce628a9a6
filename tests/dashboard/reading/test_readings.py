"""Visitors' files are read in processes of their own, which are few, bounded, and ended when unwanted."""

import gc
import gzip
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashboard.budget import Budget, NoRoom
from dashboard.places import lies_in_memory
from dashboard.reading.readings import (
    MAPPED_SHARE,
    PROCESS_BYTES,
    ROOT,
    VARIABLE,
    NamesOffered,
    NoDisk,
    Pace,
    Readings,
    TooSlow,
)
from dashboard.runs.store import DataStore
from mlcore import DatasetError
from tests.mlcore.datasets.readers import data_files as make
from tests.waiting import PATIENCE, wait_until

PATIENT = Pace(longest=PATIENCE, longest_before_others=PATIENCE, patience=PATIENCE)

IMAGES = np.zeros((60, 8, 8), np.uint8)
IMAGES[:, 2:6, 2:6] = np.random.default_rng(0).integers(20, 256, (60, 4, 4))
LABELS = np.arange(60) % 3
TABLE = make.csv(IMAGES, LABELS).encode()
# A gigabyte of blank lines: whatever the machine, there is time to look at it being read.
ENDLESS = gzip.compress(TABLE) + gzip.compress(b" \n" * 500_000) * 950


class Patience:
    """What a visitor is told while a file is read, with something to be done when they hear it."""

    def __init__(self, act: Callable[[str], object] = lambda text: None) -> None:
        self.heard: list[str] = []
        self._act = act

    def __call__(self, text: str) -> None:
        self.heard.append(text)
        self._act(text)


class Left(BaseException):
    """As Streamlit's own signals, no `Exception`."""


def leave(_text: str) -> None:
    raise Left


@pytest.fixture
def store() -> Iterator[DataStore]:
    store = DataStore()
    yield store
    store.close()


@pytest.fixture
def budget() -> Budget:
    return Budget(1_000_000_000)


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., dict[str, Path]]:
    def write(**contents: bytes) -> dict[str, Path]:
        for name, content in contents.items():
            (tmp_path / name).write_bytes(content)
        return {f"{name}.{'csv.gz' if name == 'endless' else 'csv'}": tmp_path / name for name in contents}

    return write


def stored(store: DataStore, kind: str) -> list[Path]:
    return sorted(store.folder.glob(f"{kind}-*.npy"))


class InBackground:
    """A reading in a thread, until it is told to stop."""

    def __init__(self, readings: Readings, files: dict[str, Path]) -> None:
        self.begun, self.stop = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, args=(readings, files))

    def __enter__(self) -> "InBackground":
        self._thread.start()
        assert self.begun.wait(60)
        return self

    def __exit__(self, *_anything: object) -> None:
        self.stop.set()
        self._thread.join(60)

    @property
    def goes_on(self) -> bool:
        return self._thread.is_alive()

    def _read(self, readings: Readings, files: dict[str, Path]) -> None:
        def wait(text: str) -> None:
            if text.startswith("Reading"):
                self.begun.set()
            if self.stop.is_set():
                raise Left

        try:
            readings.read(files, wait)
        except BaseException as error:
            self.error = error


# What becomes of a data set


def test_a_file_becomes_a_data_set_whose_pixels_stay_on_disk(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    parts = Readings(budget, store, PATIENT).read(files(digits=TABLE), Patience())
    dataset, test = parts.dataset, parts.test
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert (dataset.name, dataset.class_names, test) == ("digits", ("0", "1", "2"), None)
    assert np.load(stored(store, "pixels")[0]).shape == (60, 8, 8)
    assert not list(store.folder.glob("reading-*"))


def test_workers_map_the_file_that_is_there_and_no_second_one_is_written(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    dataset = Readings(budget, store, PATIENT).read(files(digits=TABLE), Patience()).dataset
    kept = store.keep_dataset(dataset)
    assert [Path(kept.pixels)] == stored(store, "pixels")
    store.release(kept)
    assert [Path(kept.pixels)] == stored(store, "pixels")


def test_the_same_content_lies_there_once_and_goes_with_the_last_who_has_it(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    readings = Readings(budget, store, PATIENT)
    first = readings.read(files(one=TABLE), Patience()).dataset
    second = readings.read(files(two=TABLE), Patience()).dataset
    assert (first.fingerprint, first.name, second.name) == (second.fingerprint, "one", "two")
    assert len(stored(store, "pixels")) == 1
    part = second.take([0, 1])
    del first, second
    gc.collect()
    assert len(stored(store, "pixels")) == 1
    np.testing.assert_array_equal(part.images, IMAGES[:2])
    del part
    gc.collect()
    wait_until(lambda: not stored(store, "pixels") and not stored(store, "labels"))


def test_images_without_labels_stay_on_disk_in_the_same_way_and_go_with_the_last_who_has_them(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    readings = Readings(budget, store, PATIENT)
    pixels = TABLE.split(b"\n")
    unlabelled = b"\n".join(line.split(b",", 1)[-1] for line in pixels)
    images = readings.read_images(files(digits=unlabelled), Patience())
    np.testing.assert_array_equal(images.images, IMAGES)
    assert (images.name, images.names[:2], len(images.names)) == ("digits", ("1", "2"), 60)
    share = 1.0 if lies_in_memory(store.folder) else MAPPED_SHARE
    assert budget.taken == sum(map(sys.getsizeof, images.names)) + int(share * IMAGES.nbytes)
    some = images.images[:2]
    del images
    gc.collect()
    assert len(stored(store, "pixels")) == 1
    np.testing.assert_array_equal(some, IMAGES[:2])
    del some
    gc.collect()
    wait_until(lambda: not stored(store, "pixels"))
    assert budget.taken == 0


def test_the_budget_holds_what_a_data_set_takes_until_it_is_gone(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    dataset = Readings(budget, store, PATIENT).read(files(digits=TABLE), Patience()).dataset
    share = 1.0 if lies_in_memory(store.folder) else MAPPED_SHARE
    assert budget.taken == 60 * 8 + int(share * IMAGES.nbytes)
    del dataset
    gc.collect()
    assert budget.taken == 0


def test_test_images_that_came_along_come_too(store: DataStore, budget: Budget, tmp_path: Path) -> None:
    content = make.npz(x_train=IMAGES[:40], y_train=LABELS[:40], x_test=IMAGES[40:], y_test=LABELS[40:])
    (tmp_path / "upload").write_bytes(content)
    parts = Readings(budget, store, PATIENT).read({"mnist.npz": tmp_path / "upload"}, Patience())
    dataset, test = parts.dataset, parts.test
    assert test is not None
    assert (len(dataset), len(test)) == (40, 20)
    assert len(stored(store, "pixels")) == 2


def test_a_changed_data_set_takes_the_place_of_the_one_before_in_store_and_budget(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    readings = Readings(budget, store, PATIENT)
    dark = make.csv(255 - IMAGES, LABELS).encode()
    read = readings.read(files(digits=dark), Patience()).dataset
    taken, fingerprint = budget.taken, read.fingerprint
    changed = readings.change(read, "invert", is_undone=True)
    np.testing.assert_array_equal(changed.images, 255 - IMAGES)
    assert changed.decisions[0].is_undone
    assert len(stored(store, "pixels")) == 2
    assert budget.taken == 2 * taken
    del read
    gc.collect()
    wait_until(lambda: len(stored(store, "pixels")) == 1)
    assert budget.taken == taken
    assert readings.change(changed, "invert", is_undone=False).fingerprint == fingerprint


# Errors


def test_a_bad_file_gives_its_sentence(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    with pytest.raises(DatasetError, match=r"bad\.csv, row 2, column 2"):
        Readings(budget, store, PATIENT).read(files(bad=TABLE.replace(b",0", b",x", 1)), Patience())
    assert budget.taken == 0
    assert not list(store.folder.iterdir())


def test_a_process_that_ends_without_a_word_gives_a_sentence(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    readings = Readings(budget, store, PATIENT)
    with pytest.raises(DatasetError, match="ended unexpectedly"):
        readings.read(files(endless=ENDLESS), Patience(lambda _text: readings.close()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds private memory")
def test_a_process_takes_no_more_memory_than_it_was_given() -> None:
    program = """
import numpy as np
from dashboard.reading.process import _bound_memory, _bytes_of_data
_bound_memory(_bytes_of_data() + 50_000_000)
np.ones(20_000_000, np.uint8)
try:
    np.ones(100_000_000, np.uint8)
except MemoryError:
    print("refused")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "refused\n"


def test_a_full_disk_gives_a_sentence_and_leaves_nothing(
    budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    full = DataStore(share=0.0)
    with pytest.raises(NoDisk, match=r"could not store the data set .*MB are left\)"):
        Readings(budget, full, PATIENT).read(files(digits=TABLE), Patience())
    assert not list(full.folder.iterdir())
    assert budget.taken == 0
    full.close()


# Memory


def test_there_is_no_reading_without_room_for_its_process(
    store: DataStore, files: Callable[..., dict[str, Path]]
) -> None:
    with pytest.raises(NoRoom):
        Readings(Budget(PROCESS_BYTES - 1), store, replace(PATIENT, patience=0)).read(
            files(digits=TABLE), Patience()
        )


def test_room_for_the_pixels_is_asked_for_before_they_are_taken(
    store: DataStore, files: Callable[..., dict[str, Path]]
) -> None:
    small = Budget(PROCESS_BYTES + 20_000)
    many = {
        "many.csv": files(many=make.csv(np.tile(IMAGES, (30, 1, 1)), np.tile(LABELS, 30)).encode())[
            "many.csv"
        ]
    }
    with pytest.raises(NoRoom, match="try again in a few minutes"):
        Readings(small, store, replace(PATIENT, patience=0)).read(many, Patience())
    assert small.taken == 0


def test_a_visitor_waits_for_room_that_others_give_back(
    store: DataStore, files: Callable[..., dict[str, Path]]
) -> None:
    budget = Budget(PROCESS_BYTES + 1_000_000)
    taken = budget.reserve(PROCESS_BYTES)
    patience = Patience(lambda text: taken.release() if "memory" in text else None)
    dataset = Readings(budget, store, PATIENT).read(files(digits=TABLE), patience).dataset
    assert len(dataset) == 60
    assert "Waiting for free memory on the server …" in patience.heard


# Turns and time


def test_one_waits_while_another_has_the_only_place_and_is_told_so(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    readings = Readings(budget, store, replace(PATIENT, at_once=1, at_most=1))
    with InBackground(readings, files(endless=ENDLESS)) as slow:
        patience = Patience(lambda _text: slow.stop.set())
        dataset = readings.read(files(digits=TABLE), patience).dataset
    assert len(dataset) == 60
    assert patience.heard[0] == "Waiting for other files to be read (1 before yours) …"
    assert isinstance(slow.error, Left)


def test_what_takes_long_steps_aside_for_others(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    pace = replace(PATIENT, at_once=1, at_most=2, steps_aside=0.0)
    readings = Readings(budget, store, pace)
    with InBackground(readings, files(endless=ENDLESS)) as slow:
        dataset = readings.read(files(digits=TABLE), Patience()).dataset
        assert slow.goes_on
    assert len(dataset) == 60


def test_what_takes_too_long_is_ended_with_a_sentence(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    readings = Readings(budget, store, replace(PATIENT, longest=0.1))
    with pytest.raises(TooSlow, match=r"Reading was stopped after \d+ seconds"):
        readings.read(files(endless=ENDLESS), Patience())
    assert not readings._processes
    assert budget.taken == 0


def test_it_is_ended_sooner_when_another_waits(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    pace = replace(PATIENT, at_once=1, at_most=1, longest_before_others=0.0)
    readings = Readings(budget, store, pace)
    with InBackground(readings, files(endless=ENDLESS)) as slow:
        dataset = readings.read(files(digits=TABLE), Patience()).dataset
    assert len(dataset) == 60
    assert isinstance(slow.error, TooSlow)


def test_nothing_is_read_on_for_a_visitor_who_has_left(
    store: DataStore, budget: Budget, files: Callable[..., dict[str, Path]]
) -> None:
    readings = Readings(budget, store, PATIENT)
    with pytest.raises(Left):
        readings.read(files(endless=ENDLESS), Patience(leave))
    assert not readings._processes
    assert not list(store.folder.iterdir())
    assert budget.taken == 0


def test_a_place_in_memory_is_told_from_one_on_disk(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/disk ext4 rw 0 0\n")
    assert lies_in_memory(Path("/tmp/a"), mounts)
    assert not lies_in_memory(Path("/tmp/disk/a"), mounts)
    assert not lies_in_memory(Path("/tmpfiles/a"), mounts)
    assert not lies_in_memory(Path("/tmp/a"), tmp_path / "none")


def test_validation_images_come_after_the_others_and_are_counted(
    store: DataStore, budget: Budget, tmp_path: Path
) -> None:
    members = {f"train/{path}": c for path, c in make.picture_folders(IMAGES[:48], LABELS[:48]).items()}
    members |= {f"val/{path}": c for path, c in make.picture_folders(IMAGES[48:], LABELS[48:]).items()}
    (tmp_path / "upload").write_bytes(make.archive(members))
    found = Readings(budget, store, PATIENT).read({"a.zip": tmp_path / "upload"}, Patience())
    assert (len(found.dataset), found.n_dev, found.test) == (60, 12, None)
    np.testing.assert_array_equal(found.dataset.images, IMAGES)
    assert any("validation images" in note for note in found.dataset.notes)


def test_labels_in_names_are_offered_and_read_when_the_visitor_wants_them(
    store: DataStore, budget: Budget, tmp_path: Path
) -> None:
    members = {f"img/{label}_{k:02}.png": make.picture(IMAGES[k]) for k, label in enumerate(LABELS)}
    (tmp_path / "upload").write_bytes(make.archive(members))
    readings = Readings(budget, store, PATIENT)
    with pytest.raises(NamesOffered, match=r"img/0_00\.png is “0”"):
        readings.read({"a.zip": tmp_path / "upload"}, Patience())
    found = readings.read({"a.zip": tmp_path / "upload"}, Patience(), labels="names")
    np.testing.assert_array_equal(found.dataset.labels, LABELS)


def test_the_environment_sets_how_long_an_upload_waits_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert Pace.of_environment() == Pace()
    monkeypatch.setenv(VARIABLE, "30")
    assert Pace.of_environment() == Pace(patience=30)
