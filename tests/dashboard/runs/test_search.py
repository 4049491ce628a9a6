"""What a search promises: the same results on any number of workers, one place among the runs, and an end.

Workers are threads here, as in `test_service`.
"""

import errno
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.budget import Budget
from dashboard.runs import scheduler
from dashboard.runs.admission import demand_of
from dashboard.runs.archive import Archive
from dashboard.runs.limits import Limits
from dashboard.runs.search import KEPT_RUNS, MOST_RESTARTS, Searches, SearchStatus
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError
from dashboard.runs.store import DataStore
from dashboard.settings_link import Settings, SettingsLink
from mlcore import NetworkConfig, Split, SplitSettings, TrainingConfig, load_dataset, split_dataset
from mlcore.search.search import SearchPlan, ranking, train_here
from mlcore.search.space import Dimension
from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[3]

SPACE = (Dimension("learning_rate", 1e-4, 1.0), Dimension("hidden_sizes", values=((4,), (8,), (16,))))
PLAN = SearchPlan(SPACE, NetworkConfig(hidden_sizes=(8,)), TrainingConfig(batch_size=32, epochs=9), runs=24)
ENDLESS = replace(PLAN, training=TrainingConfig(batch_size=32, epochs=10_000), halving=False)
ENDLESS_ROUNDS = replace(PLAN, training=TrainingConfig(batch_size=32, epochs=90))
LONG = replace(PLAN, training=TrainingConfig(batch_size=16, epochs=18), runs=16)
LINK = SettingsLink({"data": "digits-8x8"}, Settings(), SplitSettings(dev_size=100, train_size=200))
SPLIT = LINK.split.split(load_dataset("digits-8x8"))
SHORT = replace(PLAN, training=TrainingConfig(batch_size=32, epochs=1), runs=4)


@pytest.fixture(scope="module")
def split() -> Split:
    return split_dataset(load_dataset("digits-8x8"), dev_size=100, train_size=200)


def make(workers: int = 1, archive: Archive | None = None, limits: Limits | None = None) -> RunService:
    """Return a service whose workers are threads."""
    return RunService(
        workers,
        limits,
        archive=archive,
        make_executor=lambda: ThreadPoolExecutor(1),
        clean_up_every=None,
    )


@pytest.fixture
def service() -> Iterator[RunService]:
    with closing(make()) as made:
        yield made


def ended(searches: Searches, owner: str = "ada") -> SearchStatus:
    """Wait until an owner's search has ended, and return how it stands."""
    wait_until(lambda: (status := searches.newest(owner)) is not None and not status.live)
    status = searches.newest(owner)
    assert status is not None
    return status


def results(status: SearchStatus) -> list[object]:
    """Return all that a search has found, in the order of its proposals."""
    board = sorted((row.candidate for row in status.rows), key=lambda candidate: candidate.number)
    return [(one.number, one.values, one.results, one.out, one.fraction) for one in board]


def test_a_search_over_24_runs_gives_the_same_results_with_one_worker_two_and_none(split: Split) -> None:
    found = []
    for workers in (1, 2):
        with closing(make(workers)) as service:
            searches = Searches(service)
            searches.start("ada", split, PLAN)
            status = ended(searches)
            assert (status.state, status.message, len(status.rows)) == ("finished", "", 24)
            found.append(results(status))
    assert found[0] == found[1]
    best = ranking(train_here(PLAN, split))[0]
    assert (best.number, best.result.best and best.result.best.dev_accuracy) == (
        status.rows[0].candidate.number,
        status.rows[0].best and status.rows[0].best.dev_accuracy,
    )


def test_a_worker_that_ends_in_the_middle_changes_no_result(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, broken = [], []
    train_slice = scheduler.train_slice

    def fails_once(*arguments: object) -> object:
        if len(broken) < 2 and len(undisturbed) == 1:
            broken.append(arguments)
            raise OSError("the worker is gone")
        return train_slice(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(scheduler, "train_slice", fails_once)
    for _time in range(2):
        with closing(make()) as service:
            searches = Searches(service)
            searches.start("ada", split, SHORT)
            undisturbed.append(results(ended(searches)))
    assert len(broken) == 2
    assert undisturbed[0] == undisturbed[1]


def test_the_best_runs_are_handed_over_with_their_models_and_the_rest_is_gone(
    split: Split, tmp_path: Path
) -> None:
    with closing(make(archive=Archive(tmp_path))) as service:
        searches = Searches(service)
        searches.start("ada", split, replace(PLAN, runs=8), name="Found {n}")
        status = ended(searches)
        runs = service.list_runs("ada")
        best = status.rows[0]
        assert len(runs) == KEPT_RUNS
        assert (runs[0].run_id, runs[0].name) == (best.run_id, f"Found {best.candidate.number}")
        assert service.model(runs[0].run_id, best=True).network is not None
        assert best.candidate.training.learning_rate == runs[0].training.learning_rate
        assert {path.name for path in (tmp_path / "runs").iterdir()} == {run.run_id for run in runs}


def test_a_run_that_was_stopped_early_can_be_trained_to_its_end(split: Split) -> None:
    with closing(make()) as service:
        searches = Searches(service)
        searches.start("ada", split, replace(PLAN, runs=8))
        kept = [row for row in ended(searches).rows if row.run_id is not None]
        run_id = next(row.run_id for row in kept if row.state == "out")
        assert run_id is not None
        service.go_on(run_id, "ada")
        wait_until(lambda: service.status(run_id).state == "finished")
        assert service.status(run_id).progress.step == service.status(run_id).total_steps


def test_a_search_takes_one_place_among_the_runs_of_its_owner(split: Split) -> None:
    with closing(make(workers=2, limits=Limits(live_per_owner=2))) as service:
        searches = Searches(service)
        searches.start("ada", split, ENDLESS)
        wait_until(lambda: sum(run.live for run in service._runs.values()) == 2)
        assert service.runs_of("ada") == ()
        run_id = service.start("ada", split, ENDLESS.network, ENDLESS.training)
        with pytest.raises(RunError, match="2 active runs"):
            service.start("ada", split, ENDLESS.network, ENDLESS.training)
        with pytest.raises(RunError, match="is not finished"):
            searches.start("ada", split, ENDLESS)
        assert service.status(run_id).number == 1


def test_a_search_can_be_stopped_by_its_owner_alone_and_leaves_no_run_behind(
    service: RunService, split: Split
) -> None:
    searches = Searches(service)
    search_id = searches.start("ada", split, ENDLESS)
    wait_until(lambda: any(run.state == "running" for run in service._runs.values()))
    searches.stop(search_id, "eve")
    assert searches.newest("ada").live  # type: ignore[union-attr]
    searches.stop(search_id, "ada")
    assert ended(searches).state == "stopped"
    wait_until(lambda: not service._runs)
    assert searches.newest("eve") is None


def test_a_search_ends_when_its_owner_has_left_is_forgotten_or_the_server_ends(split: Split) -> None:
    now = [0.0]
    service = RunService(
        1, make_executor=lambda: ThreadPoolExecutor(1), clean_up_every=None, clock=lambda: now[0]
    )
    searches = Searches(service)
    with closing(service):
        searches.start("ada", split, ENDLESS)
        service.heartbeat("session", "ada")
        now[0] += 10_000
        service.clean_up()
        assert searches.newest("ada").live  # type: ignore[union-attr]
        service.leave("session")
        now[0] += service.limits.grace_seconds
        service.clean_up()
        assert ended(searches).state == "stopped"

        searches.start("bob", split, ENDLESS)
        service.forget("bob")
        assert ended(searches, "bob").state == "stopped"
        searches.forget("bob")
        assert searches.newest("bob") is None

        searches.start("eve", split, ENDLESS)
    assert ended(searches, "eve").state == "stopped"


def test_a_budget_in_seconds_ends_a_search_after_a_whole_round(service: RunService, split: Split) -> None:
    searches = Searches(service)
    searches.start("ada", split, replace(SHORT, runs=24, seconds=0.0))
    status = ended(searches)
    assert (status.state, len(status.rows)) == ("finished", 8)
    assert "the round in which its time ran out" in status.message


def test_what_trains_the_same_run_is_trained_once_and_that_is_said(service: RunService, split: Split) -> None:
    space = (Dimension("optimizer", values=("adam", "adamw")), Dimension("seed", values=(1, 2)))
    searches = Searches(service)
    searches.start("ada", split, replace(SHORT, space=space, runs=24))
    status = ended(searches)
    assert {row.candidate.values["optimizer"] for row in status.rows} == {"adam"}
    assert "only 2 different runs among these settings" in status.message


def test_settings_that_cannot_be_trained_are_named_and_the_others_are_tried(
    service: RunService, split: Split
) -> None:
    space = (Dimension("filters", values=((4,), (4, 4, 4, 4))),)  # four halvings of eight pixels
    searches = Searches(service)
    searches.start("ada", split, replace(SHORT, space=space, runs=2, kind="grid"))
    rows = ended(searches).rows
    assert [row.state for row in rows] == ["finished", "failed"]
    assert "convolution" in rows[1].problem


def test_a_search_that_cannot_write_says_so_and_blames_no_candidate(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, make_folder = list[str](), DataStore.make_folder

    def fills_up(store: DataStore, name: str, room: int = 0) -> Path:
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(name)
        return make_folder(store, name, room)

    monkeypatch.setattr(DataStore, "make_folder", fills_up)
    searches = Searches(service)
    searches.start("ada", split, SHORT)
    status = ended(searches)
    assert (status.state, "could not write the files" in status.message) == ("failed", True)
    assert "failed" not in {row.state for row in status.rows}
    with pytest.raises(RunError, match="could not write the files"):
        searches.start("eve", split, SHORT)
    assert searches.newest("eve") is None
    with pytest.raises(RunError, match="could not write the files"):
        searches.start("ada", split, SHORT)
    assert searches.newest("ada") == status  # what was found before is still there
    written.clear()
    searches.start("eve", split, replace(SHORT, runs=2))
    assert ended(searches, "eve").state == "finished"


def test_without_a_dev_set_there_is_nothing_to_compare(service: RunService, split: Split) -> None:
    with pytest.raises(RunError, match="dev set"):
        Searches(service).start("ada", Split(split.train, split.train.take(slice(0, 0))), SHORT)


def test_what_a_search_has_found_outlives_the_server(split: Split, tmp_path: Path) -> None:
    with closing(make(archive=Archive(tmp_path))) as service:
        searches = Searches(service)
        searches.start("ada", split, replace(PLAN, runs=8))
        before = ended(searches)
        searches.start("eve", split, SHORT)
        ended(searches, "eve")
        service.forget("eve")
    with closing(make(archive=Archive(tmp_path))) as service:
        searches = Searches(service)
        after = searches.newest("ada")
        assert after is not None
        assert (after.rows, after.effects, after.plan) == (before.rows, before.effects, before.plan)
        assert (after.state, after.data) == (before.state, before.data)
        assert searches.newest("eve") is None
        searches.start("ada", split, SHORT)
        assert len(ended(searches).rows) == SHORT.runs


SEARCHES = """
import os, signal, sys, time
from pathlib import Path
from dashboard.runs.archive import Archive
from dashboard.runs.search import Searches
from dashboard.runs.service import RunService
from tests.dashboard.runs.test_search import LINK, LONG, SPLIT

service = RunService(2, archive=Archive(Path(sys.argv[1])), turn_seconds=0.05)
searches = Searches(service)
{before}
searches.start("ada", SPLIT, LONG, link=LINK)
while not ({is_time}):
    time.sleep(0.005)
os.kill(os.getpid(), signal.SIGKILL)
"""
AT_A_RESULT = {"before": "", "is_time": "any(row.candidate.results for row in searches.newest('ada').rows)"}
AS_RUNS_WERE_DELETED = {
    "before": """
def drop_and_end(search, drop=searches._drop):
    before = len(search.run_ids)
    drop(search)
    if len(search.run_ids) < before:
        os.kill(os.getpid(), signal.SIGKILL)
searches._drop = drop_and_end
""",
    "is_time": "False",
}


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("moment", [AT_A_RESULT, AS_RUNS_WERE_DELETED], ids=["result", "deleted"])
def test_a_search_whose_server_is_killed_continues_on_the_next_one_to_the_same_results(
    tmp_path: Path, moment: dict[str, str]
) -> None:
    with closing(make()) as service:
        searches = Searches(service)
        searches.start("ada", SPLIT, LONG)
        undisturbed = ended(searches)
    program = SEARCHES.format(**moment)
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, timeout=PATIENCE)
    assert killed.returncode == -signal.SIGKILL
    with closing(make(2, Archive(tmp_path))) as service:
        searches = Searches(service)
        status = ended(searches)
        assert (status.state, "continued where it was" in status.message) == ("finished", True)
        assert results(status) == results(undisturbed)
        assert status.effects == undisturbed.effects
        runs = service.list_runs("ada")
        assert [run.run_id for run in runs] == [row.run_id for row in status.rows[:KEPT_RUNS]]
        assert {path.name for path in (tmp_path / "runs").iterdir()} == {run.run_id for run in runs}
        best = status.rows[0].candidate
        assert service.status(runs[0].run_id).link == LINK.to(best.network, best.training)


def test_a_search_whose_server_ends_as_soon_as_it_has_begun_continues_too(
    split: Split, tmp_path: Path
) -> None:
    with (
        closing(make(archive=Archive(tmp_path))) as service,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(Searches, "_set_going", lambda *arguments: None)
        Searches(service).start("ada", split, SHORT)
    with closing(make(archive=Archive(tmp_path))) as service:
        continued = ended(Searches(service))
        assert (continued.state, "continued where it was" in continued.message) == ("finished", True)
    with closing(make()) as service:
        searches = Searches(service)
        searches.start("ada", split, SHORT)
        assert results(continued) == results(ended(searches))


def interrupted(split: Split, folder: Path, plan: SearchPlan = PLAN) -> None:
    """Let a server end while a search is going on."""
    with closing(make(archive=Archive(folder))) as service:
        searches = Searches(service)
        searches.start("ada", split, replace(plan, runs=200))
        wait_until(
            lambda: any(one["results"] for _, kept in service.of_searches.kept() for one in kept["board"])
        )


def test_a_search_that_ends_its_server_each_time_is_not_continued_for_ever(
    split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(split, tmp_path)
    monkeypatch.setattr(Searches, "_set_going", lambda *arguments: None)  # it ends before the next comparison
    for _restart in range(MOST_RESTARTS):
        with closing(make(archive=Archive(tmp_path))) as service:
            assert Searches(service).newest("ada").state == "running"  # type: ignore[union-attr]
    with closing(make(archive=Archive(tmp_path))) as service:
        status = Searches(service).newest("ada")
        assert status is not None
        assert (status.state, "same search again" in status.message) == ("stopped", True)
        runs = service.list_runs("ada")
        assert {run.run_id for run in runs} == {row.run_id for row in status.rows[:KEPT_RUNS]}
        assert {path.name for path in (tmp_path / "runs").iterdir()} == {run.run_id for run in runs}
        service.go_on(runs[0].run_id, "ada") if not runs[0].live else service.resume(runs[0].run_id, "ada")
        wait_until(lambda: service.status(runs[0].run_id).state == "finished")


def test_a_search_that_would_propose_something_else_by_now_ends_with_what_it_found(
    split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(split, tmp_path)
    monkeypatch.setattr("mlcore.search.space.DIGITS", 2)  # as another version of the app might round
    with closing(make(archive=Archive(tmp_path))) as service:
        status = ended(Searches(service))
        assert (status.state, "same search again" in status.message) == ("failed", True)
        assert len(service.list_runs("ada")) == KEPT_RUNS


def test_a_search_goes_when_its_owner_does_not_come_back_after_the_restart(
    split: Split, tmp_path: Path
) -> None:
    interrupted(split, tmp_path, ENDLESS_ROUNDS)
    now = [0.0]
    with closing(
        RunService(
            1,
            archive=Archive(tmp_path),
            make_executor=lambda: ThreadPoolExecutor(1),
            clean_up_every=None,
            clock=lambda: now[0],
        )
    ) as service:
        searches = Searches(service)
        assert searches.newest("ada").live  # type: ignore[union-attr]
        now[0] += service.limits.grace_seconds
        service.clean_up()
        assert ended(searches).state == "stopped"


def test_a_search_waits_for_memory_that_another_run_has_and_gives_up_on_what_never_fits(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    demand = demand_of(split, SHORT.network, SHORT.training)
    budget = Budget(demand.kept + demand.saving)  # for one run at a time
    plan = replace(SHORT, space=SPACE[:1], runs=2)
    with closing(RunService(1, budget=budget, make_executor=lambda: ThreadPoolExecutor(1))) as service:
        searches = Searches(service)
        run_id = service.start("ada", split, SHORT.network, ENDLESS.training)
        searches.start("ada", split, plan)
        wait_until(lambda: searches.newest("ada").rows)  # type: ignore[union-attr]
        status = searches.newest("ada")
        assert status is not None
        assert {row.state for row in status.rows} == {"waiting"}
        service.delete(run_id, "ada")
        assert {row.state for row in ended(searches).rows} == {"finished"}

        monkeypatch.setattr("dashboard.runs.search.WAIT_FOR_MEMORY", 0.0)
        wide = replace(plan, network=NetworkConfig(hidden_sizes=(2048, 2048)))
        searches.start("ada", split, wide)
        rows = ended(searches).rows
        assert {row.state for row in rows} == {"failed"}
        assert "MB of memory" in rows[0].problem


def test_a_candidate_whose_run_was_dropped_while_a_page_looks_is_shown_without_it(split: Split) -> None:
    with closing(make()) as service:
        searches = Searches(service)
        searches.start("ada", split, SHORT)
        ended(searches)
        one = searches._newest("ada")
        assert one is not None
        before = replace(one.board[0], out=False, results=())  # as the page has read it
        one.training, one.run_ids = frozenset({before.number}), {}
        assert searches._row(one, before).state == "waiting"
