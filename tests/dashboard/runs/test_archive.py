"""What the archive of runs promises: nothing written is lost, however a process ends, and it stays in bounds.

These are the tests of `dashboard.runs.archive`; rows are made up here. What the service puts into it is in
`test_kept_runs`.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.runs.archive import (
    ABOUT,
    FOLDER_VARIABLE,
    KEEP_VARIABLE,
    MEGABYTES_VARIABLE,
    MIGRATIONS,
    STORE,
    Archive,
    ArchiveError,
    ArchiveLimits,
    Row,
    usual_folder,
)

ROOT = Path(__file__).resolve().parents[3]


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def row(run_id: str, owner: str = "ada", started: float = 1.0, star: bool = False) -> Row:
    return Row(run_id, owner, started, True, star, {"name": run_id}, [["EpochMetrics", 1, 0.5]])


def put(archive: Archive, *rows: Row, size: int = 100, data: str = "") -> None:
    """Keep runs with a model of this many bytes, which need a file of data if one is named."""
    for one in rows:
        folder = archive.folder_of(one.run_id)
        folder.mkdir(exist_ok=True)
        (folder / "run.npz").write_bytes(bytes(size))
        files = {}
        if data:
            (archive.folder / "data" / data).write_bytes(bytes(1000))
            files = {f"data/{data}": 1000}
        archive.put(replace(one, files=files))


def ids(archive: Archive, owner: str = "ada") -> list[str]:
    return [one.run_id for one in archive.rows_of(owner)]


def test_what_was_put_is_found_after_the_archive_was_closed_and_opened(tmp_path: Path) -> None:
    with closing(Archive(tmp_path)) as archive:
        put(archive, row("a"), row("b", started=2.0), row("c", owner="eve"))
    with closing(Archive(tmp_path)) as archive:
        assert ids(archive) == ["b", "a"]
        found = archive.get("a")
        assert found is not None
        assert (found.about, found.history) == ({"name": "a"}, [["EpochMetrics", 1, 0.5]])
        assert archive.get("nobody") is None
        assert archive.newest("ada", 1) == ["b"]


def test_a_row_that_is_put_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    with closing(Archive(tmp_path)) as archive:
        put(archive, row("a"))
        put(archive, replace(row("a"), about={"name": "renamed"}, star=True))
        (found,) = archive.rows_of("ada")
        assert (found.about["name"], found.star) == ("renamed", True)


WRITES_FOR_EVER = """
import sys
from itertools import count
from pathlib import Path
from dashboard.runs.archive import Archive, Row
archive = Archive(Path(sys.argv[1]))
for number in count():
    history = [["EpochMetrics", step, 0.5] for step in range(400)]
    archive.put(Row(f"{number:08d}", "ada", float(number), True, False, {"name": "x" * 500}, history))
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_process_that_is_killed_while_it_writes_loses_nothing_that_was_written(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITES_FOR_EVER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        while int(writer.stdout.readline()) < 25:
            pass
        os.kill(writer.pid, signal.SIGKILL)
        written = 26 + len(writer.stdout.read().splitlines())
    with closing(Archive(tmp_path)) as archive:
        assert archive.note == ""
        found = ids(archive)
        assert [f"{number:08d}" for number in reversed(range(written))] == found[-written:]
        assert len(found) - written <= 1  # the row under way is there or not, and nothing in between
        last = archive.get(found[0])
        assert last is not None
        assert len(last.history) == 400


# ---- when something is wrong with the folder --------------------------------------------------------------


def test_a_second_server_on_one_folder_reads_why_it_cannot_keep_runs(tmp_path: Path) -> None:
    with closing(Archive(tmp_path)) as archive:
        put(archive, row("a"))
        with pytest.raises(ArchiveError, match="Another server uses the folder"):
            Archive(tmp_path)
        put(archive, row("b", started=2.0))
    with closing(Archive(tmp_path)) as archive:
        assert ids(archive) == ["b", "a"]


def test_a_damaged_store_is_set_aside_and_all_runs_are_found_again_from_their_folders(tmp_path: Path) -> None:
    with closing(Archive(tmp_path)) as archive:
        put(archive, row("a", star=True), row("b", started=2.0), data="pixels.npy")
    damage = b"no store at all" * 1000
    (tmp_path / STORE).write_bytes(damage)
    with closing(Archive(tmp_path)) as archive:
        assert "was damaged and has been set aside" in archive.note
        assert ids(archive) == ["b", "a"]
        assert [one.star for one in archive.rows_of("ada")] == [False, True]
        assert (tmp_path / "data" / "pixels.npy").exists()
        (aside,) = tmp_path.glob("damaged-*")
        assert aside.name in archive.note
        assert aside.read_bytes() == damage
    with closing(Archive(tmp_path)) as archive:
        assert archive.note == ""


def test_a_store_with_a_page_of_rubbish_in_it_counts_as_damaged(tmp_path: Path) -> None:
    with closing(Archive(tmp_path)) as archive:
        put(archive, *(row(f"{number:03d}") for number in range(50)))
    with (tmp_path / STORE).open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 4096)
    with closing(Archive(tmp_path)) as archive:
        assert "was damaged" in archive.note
        assert len(ids(archive)) == 50


@pytest.mark.parametrize("place", ["file/below", "file"])
def test_a_folder_that_cannot_be_used_is_refused_with_a_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ArchiveError, match="The folder of the runs cannot be used"):
        Archive(tmp_path / place)


def test_a_store_that_may_not_be_written_is_refused_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Archive(tmp_path).close()
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3,
        "connect",
        lambda path, **named: connect(f"file:{path}?mode=ro", uri=True, **named),
    )
    with pytest.raises(ArchiveError, match="The folder of the runs cannot be used"):
        Archive(tmp_path)


def test_a_full_disk_loses_nothing_that_was_there(tmp_path: Path) -> None:
    big = replace(row("big"), about={"name": "x" * 200_000})
    with closing(Archive(tmp_path)) as archive:
        put(archive, row("a"))
        (pages,) = archive._store.execute("PRAGMA page_count").fetchone()
        archive._store.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(ArchiveError, match=r"could not be stored \(database or disk is full\)"):
            put(archive, big)
        assert ids(archive) == ["a"]
        archive._store.execute("PRAGMA max_page_count = 100000")
        put(archive, big)
        assert {*ids(archive)} == {"a", "big"}


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with closing(Archive(tmp_path)) as archive:
        put(archive, row("a"))
        archive._store.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = (tmp_path / STORE).read_bytes()
    with pytest.raises(ArchiveError, match="newer version"):
        Archive(tmp_path)
    assert (tmp_path / STORE).read_bytes() == before
    assert not [*tmp_path.glob("damaged-*")]


def test_a_folder_of_a_run_without_a_word_about_it_goes(tmp_path: Path) -> None:
    """Its process ended while it was made, or while it was deleted."""
    with closing(Archive(tmp_path)) as archive:
        put(archive, row("a"))
        (archive.folder_of("begun")).mkdir()
        (archive.folder_of("begun") / "run.npz").write_bytes(b"")
    with closing(Archive(tmp_path)) as archive:
        assert ids(archive) == ["a"]
        assert not archive.folder_of("begun").exists()


# ---- bounds ----------------------------------------------------------------------------------------------


def test_above_the_number_of_one_owner_the_oldest_without_a_star_go_first(tmp_path: Path) -> None:
    with closing(Archive(tmp_path, ArchiveLimits(runs_per_owner=2))) as archive:
        put(archive, row("1", started=1.0, star=True), *(row(n, started=float(n)) for n in "234"))
        put(archive, row("other", owner="eve"))
        assert archive.make_room("ada") == ["2", "3"]
        assert ids(archive) == ["4", "1"]
        assert not archive.folder_of("2").exists()
        assert ids(archive, "eve") == ["other"]


def test_above_the_bytes_of_all_the_oldest_of_all_go_first(tmp_path: Path) -> None:
    with closing(Archive(tmp_path, ArchiveLimits(bytes=450))) as archive:
        put(archive, row("1", owner="eve", started=1.0), *(row(n, started=float(n)) for n in "2345"))
        assert archive.make_room("ada") == ["1"]
        assert archive.usage() == (4, 400)


def test_snapshots_go_before_a_run_does_those_of_the_oldest_run_first(tmp_path: Path) -> None:
    with closing(Archive(tmp_path, ArchiveLimits(bytes=900))) as archive:
        for n in "123":
            archive.folder_of(n).mkdir()
            (archive.folder_of(n) / "at-10-160.npz").write_bytes(bytes(300))
            put(archive, row(n, started=float(n)))
        assert archive.usage() == (3, 1200)
        assert archive.make_room("ada") == []
        assert archive.usage() == (3, 900)
        assert [(archive.folder_of(n) / "at-10-160.npz").exists() for n in "123"] == [False, True, True]


def test_a_run_that_is_in_use_is_spared(tmp_path: Path) -> None:
    with closing(Archive(tmp_path, ArchiveLimits(runs_per_owner=1))) as archive:
        put(archive, *(row(n, started=float(n)) for n in "123"))
        assert archive.make_room("ada", {"1"}) == ["2", "3"]
        assert ids(archive) == ["1"]


def test_data_that_several_runs_need_counts_once_and_goes_with_the_last_of_them(tmp_path: Path) -> None:
    with closing(Archive(tmp_path)) as archive:
        put(archive, row("a"), row("b"), data="pixels.npy")
        assert archive.usage("ada") == (2, 1200)
        archive.remove("a")
        assert (tmp_path / "data" / "pixels.npy").exists()
        archive.remove("b")
        assert not (tmp_path / "data" / "pixels.npy").exists()
        assert archive.usage("ada") == (0, 0)


def test_the_environment_sets_folder_megabytes_and_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (FOLDER_VARIABLE, MEGABYTES_VARIABLE, KEEP_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    assert ArchiveLimits.of_environment() == ArchiveLimits()
    assert usual_folder().name == "digit-lab"
    monkeypatch.setenv(FOLDER_VARIABLE, "/somewhere/else")
    monkeypatch.setenv(MEGABYTES_VARIABLE, "50")
    monkeypatch.setenv(KEEP_VARIABLE, "2")
    limits = ArchiveLimits.of_environment()
    assert usual_folder() == Path("/somewhere/else")
    assert (limits.bytes, limits.bytes_per_owner, limits.keep_seconds) == (50_000_000, 50_000_000, 7200.0)


# ---- deleting --------------------------------------------------------------------------------------------


def test_a_deleted_run_can_be_brought_back_by_its_owner_until_its_time_is_over(tmp_path: Path) -> None:
    clock = Clock()
    with closing(Archive(tmp_path, ArchiveLimits(undo_seconds=60), clock)) as archive:
        put(archive, row("a"))
        archive.delete("a")
        assert ids(archive) == []
        assert archive.get("a") is None
        assert not archive.bring_back("a", "eve")
        assert archive.bring_back("a", "ada")
        assert ids(archive) == ["a"]
        archive.delete("a")
        clock.now += 59
        assert archive.purge() == []
        clock.now += 1
        assert archive.purge() == ["a"]
        assert not archive.bring_back("a", "ada")
        assert not archive.folder_of("a").exists()


def test_what_was_deleted_does_not_come_back_with_a_restart(tmp_path: Path) -> None:
    with closing(Archive(tmp_path)) as archive:
        put(archive, row("a"), row("b", started=2.0))
        archive.delete("a")
    with closing(Archive(tmp_path)) as archive:
        assert ids(archive) == ["b"]
        assert not (archive.folder_of("a") / ABOUT).exists()


def test_runs_whose_owner_stays_away_go_when_a_time_is_set(tmp_path: Path) -> None:
    clock = Clock()
    with closing(Archive(tmp_path, ArchiveLimits(keep_seconds=100), clock)) as archive:
        put(archive, row("a"), row("b", owner="eve"))
        clock.now += 60
        archive.note_use("eve")
        clock.now += 60
        assert archive.purge() == ["a"]
        assert ids(archive, "eve") == ["b"]


def test_all_that_one_owner_has_can_be_deleted_at_once(tmp_path: Path) -> None:
    with closing(Archive(tmp_path)) as archive:
        put(archive, row("a"), row("b"), row("c", owner="eve"))
        archive.delete("b")
        archive.remove_all_of("ada")
        assert ids(archive) == []
        assert not archive.bring_back("b", "ada")
        assert ids(archive, "eve") == ["c"]


def test_the_newest_search_of_each_owner_is_kept_and_the_oldest_of_all_goes(tmp_path: Path) -> None:
    times = iter(range(100))
    archive = Archive(tmp_path, ArchiveLimits(searches=2), clock=lambda: next(times))
    with closing(archive):
        for owner, number in (("ada", 1), ("bob", 2), ("ada", 3), ("eve", 4)):
            archive.put_search(owner, {"number": number})
        assert archive.searches() == [("ada", {"number": 3}), ("eve", {"number": 4})]
        archive.remove_all_of("ada")
        assert archive.searches() == [("eve", {"number": 4})]


def test_how_runs_are_shown_is_kept_for_each_visitor_within_limits_and_forgotten_with_them(
    tmp_path: Path,
) -> None:
    times = iter(range(100))
    with closing(Archive(tmp_path, ArchiveLimits(views=2), clock=lambda: next(times))) as archive:
        for number, owner in enumerate(("ada", "bob", "eve", "ada")):
            archive.put_view(owner, {"columns": [str(number)]})
    with closing(Archive(tmp_path, clock=lambda: next(times))) as archive:
        assert archive.view_of("ada") == {"columns": ["3"]}
        assert archive.view_of("bob") == {}
        archive.remove_all_of("eve")
        assert archive.view_of("eve") == {}
