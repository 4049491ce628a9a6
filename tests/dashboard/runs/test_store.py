"""Where data and runs lie on disk, and what becomes of them when it is full or was emptied."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.runs.service import RunService
from dashboard.runs.status import RunError
from dashboard.runs.store import DataStore, reason_of, remove_left_behind
from dashboard.runs.worker import open_split
from mlcore import (
    Dataset,
    Split,
)
from tests.dashboard.runs.in_threads import SHORT, SMALL, ended, folder_of
from tests.waiting import wait_until


def test_data_stay_until_no_run_needs_them(service: RunService, split: Split) -> None:
    first = service.start("ada", split, SMALL, SHORT)
    second = service.start("bob", split, SMALL, SHORT)
    assert len(list(folder_of(service).glob("pixels-*.npy"))) == 1
    ended(service, first)
    service.delete(first, "ada")
    assert ended(service, second).state == "finished"
    service.delete(second, "bob")
    wait_until(lambda: not list(folder_of(service).iterdir()))


def test_a_folder_that_was_cleaned_away_is_made_anew(service: RunService, split: Split) -> None:
    first = service.start("ada", split, SMALL, SHORT)
    ended(service, first)
    service.delete(first, "ada")
    wait_until(lambda: not list(folder_of(service).iterdir()))
    folder_of(service).rmdir()
    assert ended(service, service.start("ada", split, SMALL, SHORT)).state == "finished"


def test_a_folder_that_a_worker_has_made_again_is_taken_over(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DataStore()
    try:
        run = store.make_folder("run")
        shutil.rmtree(store.folder)
        rename = Path.rename

        def late(new: Path, folder: Path) -> Path:
            run.mkdir(parents=True)  # as a worker does that saves its run just now
            monkeypatch.setattr(Path, "rename", rename)
            return new.rename(folder)

        monkeypatch.setattr(Path, "rename", late)
        store.mend()
        assert run.is_dir()
        assert store.folder.stat().st_mode & 0o077 == 0
        store.make_folder("another run")
    finally:
        store.close()
    assert not run.parent.exists()


def test_a_folder_that_a_worker_made_again_unnoticed_is_held_like_the_first() -> None:
    store = DataStore()
    try:
        run = store.make_folder("run")
        shutil.rmtree(store.folder)
        run.mkdir(parents=True)
        store.mend()
        assert store.folder.stat().st_mode & 0o077 == 0
        remove_left_behind(store.folder.parent)  # as the next server does at its start
        assert run.is_dir()
    finally:
        store.close()


def test_data_that_were_taken_away_come_back(tmp_path: Path, split: Split) -> None:
    store = DataStore()
    try:
        stored = store.keep_split(split)
        shutil.rmtree(store.folder)
        store.mend()
        assert np.array_equal(np.load(stored.train.pixels), split.train.base.images)
        assert np.array_equal(np.load(str(stored.dev.rows)), split.dev.rows)
        Path(stored.train.labels).unlink()
        store.mend()
        assert np.array_equal(np.load(stored.train.labels), split.train.base.labels)
        assert store.folder.stat().st_mode & 0o077 == 0
    finally:
        store.close()
    assert not store._maps


def test_workers_map_one_file_without_the_pixels_that_are_blank_everywhere() -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    images[:, 0] = 0
    framed = Dataset(images, np.arange(60) % 3, ("a", "b", "c"), "framed")
    store = DataStore()
    try:
        stored = store.keep_split(Split(framed.take(range(50)), framed.take(range(50, 60))))
        opened = open_split(stored)
        assert opened.train.base is opened.dev.base
        lit = opened.train.lit
        assert lit is not None
        assert isinstance(lit.rows, np.memmap)
        np.testing.assert_array_equal(lit.rows, images.reshape(60, 64)[:, 8:])
        only_asked = store.keep_dataset(framed)
        assert only_asked.lit is None
        store.release(only_asked)
        store.release(stored)
        assert list(store.folder.iterdir()) == []
    finally:
        store.close()


def test_the_store_takes_no_more_than_its_share_of_the_disk(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = split.train.base.images.nbytes
    monkeypatch.setattr("dashboard.runs.store.shutil.disk_usage", lambda path: SimpleNamespace(free=room))
    store = DataStore(share=0.5)
    try:
        with pytest.raises(OSError, match="MB are left") as refused:
            store.keep_split(split)
        assert "about 1 MB on disk" in reason_of(refused.value)
        with pytest.raises(OSError, match="MB are left"):
            store.make_folder("a run", room)
        assert list(store.folder.iterdir()) == []
    finally:
        store.close()


def test_folders_of_a_server_that_was_killed_go_with_the_next_start_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = DataStore()
    mine = store.folder
    try:
        for name in ("digit-lab-left", "foreign"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "pixels.npy").write_bytes(b"pixels")
        remove_left_behind(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {mine.name, "foreign"}
    finally:
        store.close()


def test_a_full_disk_is_told_and_leaves_nothing_behind(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: str, array: np.ndarray) -> None:
        if "rows" in path:
            raise OSError(28, "No space left on device")
        write(path, array)

    write = np.save
    monkeypatch.setattr("dashboard.runs.store.np.save", full)
    with pytest.raises(RunError, match="No space left on device"):
        service.start("ada", split, SMALL, SHORT)
    assert not list(folder_of(service).iterdir())
    assert service.runs_of("ada") == ()
