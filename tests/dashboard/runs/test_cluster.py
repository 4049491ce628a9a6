"""What the run service promises on a Dask cluster: the same weights as here, whatever happens to the workers.

These are tests of `dashboard.runs.cluster`, `remote` and `files`, with a real scheduler and two workers on
this machine that know the server's files by the network only.
"""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashboard.runs import cluster as cluster_module
from dashboard.runs.cluster import Cluster, DaskExecutor, why_not
from dashboard.runs.files import LocalFiles
from dashboard.runs.remote import facts
from dashboard.runs.search import Searches
from dashboard.runs.service import RunService
from mlcore import Split, TrainingConfig
from tests.dashboard.runs.in_threads import ENDLESS, SHORT, SMALL, bare, ended
from tests.dashboard.runs.test_search import PLAN, results
from tests.dashboard.runs.test_search import ended as search_ended
from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[3]
LONG = TrainingConfig(batch_size=4, epochs=200)  # its worker can be lost on the way, on a quick machine too


class Lab:
    """A Dask scheduler and its workers, each a process of its own, as a lab would start them."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.address = folder, ""
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
        self._scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", "scheduler.json")
        wait_until(self._is_told)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.add_workers(2)

    def _is_told(self) -> str:
        """Return where the scheduler is, as soon as it has written that in full."""
        with suppress(FileNotFoundError, json.JSONDecodeError):
            self.address = json.loads((self._folder / "scheduler.json").read_text())["address"]
        return self.address

    def _start(self, kind: str, *options: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "dask", kind, "--host", "127.0.0.1"]
        command += ["--dashboard-address", "127.0.0.1:0"]
        with open(self._folder / f"{kind}.log", "ab") as log:
            return subprocess.Popen(
                [*command, *options], cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )

    def add_workers(self, most: int) -> None:
        """Start workers until there are as many."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        for _worker in range(len(self.workers), most):
            options = ("--no-nanny", "--nthreads", "1", "--local-directory", str(self._folder))
            self.workers.append(self._start("worker", self.address, *options))

    def kill(self, pid: int) -> None:
        """Kill a worker by force, and see it gone."""
        worker = next(worker for worker in self.workers if worker.pid == pid)
        worker.kill()
        worker.wait(PATIENCE)

    def kill_scheduler(self) -> None:
        """Kill the scheduler by force."""
        self._scheduler.kill()
        self._scheduler.wait(PATIENCE)

    def close(self) -> None:
        """End all of it."""
        processes = [*self.workers, self._scheduler]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait(PATIENCE)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with closing(Lab(tmp_path_factory.mktemp("lab"))) as made:
        yield made


@pytest.fixture
def cluster(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setattr(cluster_module, "LOOK_EVERY", 0.1)
    lab.add_workers(2)
    with closing(Cluster(lab.address)) as made:
        wait_until(lambda: made.size == 2)
        yield made


@pytest.fixture
def service(cluster: Cluster) -> Iterator[RunService]:
    with closing(service_on(cluster)) as made:
        yield made


def service_on(cluster: Cluster) -> RunService:
    return RunService(turn_seconds=0.05, clean_up_every=None, **cluster.for_runs())


def at_step(service: RunService, run_id: str, step: int) -> None:
    wait_until(lambda: service.status(run_id).progress.step >= step)


def executor_of(service: RunService, run_id: str) -> DaskExecutor:
    """Return the executor that a run is with, as soon as it is with one."""
    run = service._runs[run_id]

    def found() -> list[DaskExecutor]:
        workers = [worker for worker in service._scheduler.workers if run in worker.runs]
        return [worker.executor for worker in workers if isinstance(worker.executor, DaskExecutor)]

    wait_until(found)
    return found()[0]


def test_a_run_on_the_cluster_has_live_records_and_ends_with_the_same_bits(
    service: RunService, split: Split
) -> None:
    run_id = service.start("ada", split, SMALL, LONG)
    wait_until(lambda: len(service.status(run_id).history) > 0)
    assert executor_of(service, run_id).room  # it is there, not here, and its worker's memory is known
    status, alone = ended(service, run_id), bare(split, LONG)
    assert (status.state, status.message) == ("finished", "")
    assert status.history[-1] == alone.history[-1]
    assert np.array_equal(service.model(run_id).parameters, alone.model().parameters)
    assert service.test(run_id, "ada", split.dev) == alone.best.dev_accuracy


def test_a_run_on_the_cluster_pauses_continues_and_stops(
    service: RunService, cluster: Cluster, split: Split
) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    at_step(service, run_id, 50)
    service.pause(run_id, "ada", PATIENCE)
    status = service.status(run_id)
    assert status.state == "paused"
    wait_until(lambda: service.status(run_id).progress.saved_step == status.progress.step)
    service.step(run_id, "ada", PATIENCE)
    assert service.status(run_id).progress.step == status.progress.step + 1
    service.go_on(run_id, "ada", learning_rate=0.0005)
    service.resume(run_id, "ada")
    at_step(service, run_id, status.progress.step + 50)
    service.stop(run_id, "ada", PATIENCE)
    wait_until(lambda: service.status(run_id).progress.saved_step == service.status(run_id).progress.step)
    assert service.model(run_id).card["step"] == service.status(run_id).progress.step
    service.go_on(run_id, "ada")  # its worker has put it away: its checkpoint is sent back
    at_step(service, run_id, service.status(run_id).progress.step + 1)


def test_a_long_turn_ends_when_its_run_is_to_pause(cluster: Cluster, split: Split) -> None:
    service = RunService(1, make_executor=cluster.make_executor, turn_seconds=1e9, clean_up_every=None)
    with closing(service):
        run_id = service.start("ada", split, SMALL, ENDLESS)
        wait_until(lambda: service._scheduler.workers[0].jobs)
        service.pause(run_id, "ada", PATIENCE)
        assert service.status(run_id).state == "paused"


def test_a_run_whose_worker_is_killed_goes_on_elsewhere_and_ends_with_the_same_bits(
    service: RunService, lab: Lab, split: Split
) -> None:
    run_id = service.start("ada", split, SMALL, LONG)
    wait_until(lambda: (service.status(run_id).progress.saved_step or 0) > 0)
    executor = executor_of(service, run_id)
    lab.kill(executor.submit(os.getpid).result(PATIENCE))
    last_seen = service.status(run_id).progress.step
    status = ended(service, run_id)
    assert status.state == "finished"
    assert status.progress.step > last_seen, "It had finished before its worker was killed."
    assert np.array_equal(service.model(run_id).parameters, bare(split, LONG).model().parameters)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_run_whose_worker_hangs_goes_on_elsewhere_and_ends_with_the_same_bits(
    service: RunService, lab: Lab, split: Split
) -> None:
    run_id = service.start("ada", split, SMALL, LONG)
    wait_until(lambda: (service.status(run_id).progress.saved_step or 0) > 0)
    executor, limits = executor_of(service, run_id), service.limits
    pid = executor.submit(os.getpid).result(PATIENCE)
    try:
        os.kill(pid, signal.SIGSTOP)
        service.limits = replace(limits, job_seconds=0)
        service.watch()
        service.limits = limits
        assert executor_of(service, run_id).address != executor.address
        assert ended(service, run_id).state == "finished"
        assert np.array_equal(service.model(run_id).parameters, bare(split, LONG).model().parameters)
    finally:
        lab.kill(pid)


def test_data_are_sent_once_to_each_worker(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: Counter[tuple[str, str]] = Counter()
    read = DaskExecutor._read

    def counted(executor: DaskExecutor, path: str) -> object:
        sent[executor.address, path] += path.endswith(".npy")
        return read(executor, path)

    monkeypatch.setattr(DaskExecutor, "_read", counted)
    runs = [service.start(f"pupil {k}", split, SMALL, replace(SHORT, seed=k)) for k in range(6)]
    assert {ended(service, run_id).state for run_id in runs} == {"finished"}
    arrays = [count for (_address, path), count in sent.items() if path.endswith(".npy")]
    assert len({address for address, _path in sent}) == 2
    assert set(arrays) == {1}


def test_what_a_worker_held_of_a_server_goes_with_the_server(cluster: Cluster, split: Split) -> None:
    service = service_on(cluster)
    with closing(service):
        run_id = service.start("ada", split, SMALL, ENDLESS)
        at_step(service, run_id, 10)
        address = executor_of(service, run_id).address
    client = cluster._client
    assert client is not None
    wait_until(lambda: client.run(actors_here, workers=[address]) == {address: 0})


def actors_here(dask_worker: object) -> int:
    """Return how many workspaces a worker has."""
    return len(dask_worker.state.actors)  # type: ignore[attr-defined]


def test_a_run_whose_scheduler_is_gone_goes_on_here_and_ends_with_the_same_bits(
    tmp_path: Path, split: Split
) -> None:
    with closing(Lab(tmp_path)) as lab, closing(Cluster(lab.address)) as cluster:
        wait_until(lambda: cluster.size == 2)
        with closing(service_on(cluster)) as service:
            run_id = service.start("ada", split, SMALL, LONG)
            wait_until(lambda: (service.status(run_id).progress.saved_step or 0) > 0)
            executor_of(service, run_id)
            lab.kill_scheduler()
            status = ended(service, run_id)
            assert (status.state, status.message) == ("finished", "")
            assert np.array_equal(service.model(run_id).parameters, bare(split, LONG).model().parameters)


def test_without_a_scheduler_runs_train_on_this_machine_and_a_sentence_says_so(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.2)
    with (
        closing(Cluster("tcp://127.0.0.1:9", make_local=lambda: ThreadPoolExecutor(1))) as cluster,
        closing(RunService(1, make_executor=cluster.make_executor, clean_up_every=None)) as service,
    ):
        assert cluster.note == (
            "The Dask scheduler at tcp://127.0.0.1:9 cannot be reached. Runs train on this server itself "
            "until it can."
        )
        assert ended(service, service.start("ada", split, SMALL, SHORT)).state == "finished"


def test_a_worker_with_other_versions_is_not_used_and_a_sentence_says_which() -> None:
    here = facts()
    assert why_not("tcp://a:1", here) == ""
    other = replace(here, versions={**here.versions, "NumPy": "1.0.0"})
    assert why_not("tcp://a:1", other) == (
        f"The worker tcp://a:1 is not used: it has NumPy 1.0.0, and this server has {np.__version__}. "
        "Install the same versions on both."
    )
    assert "OPENBLAS_NUM_THREADS=1" in why_not("tcp://a:1", replace(here, one_thread=False))
    assert "cannot be loaded there (ModuleNotFoundError: No module named 'dashboard')" in why_not(
        "tcp://a:1", ModuleNotFoundError("No module named 'dashboard'")
    )


def test_a_search_on_two_workers_of_which_one_is_killed_finds_what_it_finds_here(
    service: RunService, lab: Lab, split: Split
) -> None:
    with closing(RunService(1, make_executor=lambda: ThreadPoolExecutor(1), clean_up_every=None)) as here:
        searches = Searches(here)
        searches.start("ada", split, PLAN)
        expected = results(search_ended(searches))
    searches = Searches(service)
    searches.start("ada", split, PLAN)
    wait_until(lambda: any(row.best for row in searches.newest("ada").rows))
    lab.kill(lab.workers[0].pid)
    assert searches.newest("ada").live
    assert results(search_ended(searches)) == expected
    assert len(expected) == 24


def test_a_fork_is_made_on_the_cluster_and_ends_with_the_weights_of_one_made_here(
    service: RunService, split: Split
) -> None:
    parent = service.start("ada", split, SMALL, SHORT)
    ended(service, parent)
    step = service.snapshots(parent)[1].step
    child = service.fork(parent, "ada", step, SMALL, SHORT)
    assert ended(service, child).state == "finished"
    assert np.array_equal(service.model(child).parameters, service.model(parent).parameters)


def test_a_run_goes_on_when_the_server_cannot_write_what_its_worker_sends(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(files: LocalFiles, path: Path, write: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(LocalFiles, "write", full)
        run_id = service.start("ada", split, SMALL, SHORT)
        status = ended(service, run_id)
        assert (status.state, status.progress.saved_step) == ("finished", None)
        assert "No space left on device" in status.warning
    wait_until(lambda: service._runs[run_id].jobs == 0)
    service.clean_up()
    wait_until(lambda: service.status(run_id).progress.saved_step == status.progress.step)
    assert np.array_equal(service.model(run_id).parameters, bare(split, SHORT).model().parameters)
