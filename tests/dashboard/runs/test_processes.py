"""What the run service promises about its worker processes: what they are, and that none is ever left behind.

These are tests of `dashboard.runs` with real workers, which are killed here as an operating system would.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from dashboard.runs import worker
from dashboard.runs.executors import loky_executor
from dashboard.runs.limits import Limits
from dashboard.runs.scheduler import TURNS_AHEAD, TURNS_TO_BREAK
from dashboard.runs.second_process import VARIABLE
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError, RunStatus
from mlcore import NetworkConfig, Split, TrainingConfig, TrainingRun, load_dataset, split_dataset, train
from mlcore.training.second_process import CAN_SHARE
from tests.processes import second_processes
from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[3]
SMALL = NetworkConfig(hidden_sizes=(16,))
ENDLESS = TrainingConfig(batch_size=4, epochs=10_000)  # always stopped: it never comes to its end
SHORT = TrainingConfig(batch_size=32, epochs=3)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


@pytest.fixture(scope="module")
def split() -> Split:
    return split_dataset(load_dataset("digits-8x8"), dev_size=200, train_size=640)


@pytest.fixture
def service() -> Iterator[RunService]:
    made = RunService(1, Limits(), turn_seconds=0.05, clean_up_every=None)
    yield made
    made.close()


def run_at_work(service: RunService) -> str | None:
    """Return whose turn it is on the first worker."""
    with service._changed:
        job = service._scheduler.workers[0].at_work
        return job.run.run_id if job is not None and job.run is not None else None


def ended(service: RunService, run_id: str) -> RunStatus:
    """Wait until a run has ended and return its status."""
    wait_until(lambda: not service.status(run_id).live)
    return service.status(run_id)


def train_on(service: RunService, run_id: str) -> None:
    """Wait until a run has trained further, or from its checkpoint again."""
    step = service.status(run_id).progress.step
    wait_until(lambda: service.status(run_id).progress.step != step)


def bare(
    split: Split, network: NetworkConfig, training: TrainingConfig, steps: int, in_halves: bool = False
) -> TrainingRun:
    """Train for a number of steps without any service."""
    run = TrainingRun(network, training, in_halves=in_halves)
    for _record in train(run, split, steps):
        pass
    return run


def ask(service: RunService, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function says inside the first worker."""
    executor = service._scheduler.workers[0].executor
    assert executor is not None
    return executor.submit(function, *arguments).result(PATIENCE)


def test_a_worker_is_light_polite_and_has_one_blas_thread(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: service.status(run_id).state == "running")
    process = psutil.Process(ask(service, os.getpid))
    modules = ask(service, eval, "sorted(__import__('sys').modules)")
    heavy = {"streamlit", "plotly", "pandas", "PIL", "app", "pytest"}
    assert not heavy & {name.split(".")[0] for name in modules}
    assert ask(service, os.getenv, "OPENBLAS_NUM_THREADS") == "1"
    if sys.platform != "win32":
        assert process.nice() >= min(19, psutil.Process().nice() + worker.NICENESS)


def test_runs_on_the_same_data_share_the_mapped_pixels(service: RunService, split: Split) -> None:
    runs = [service.start(f"pupil {k}", split, SMALL, ENDLESS) for k in range(3)]
    wait_until(lambda: all(service.status(run_id).state == "running" for run_id in runs))
    assert ask(service, eval, "len(__import__('dashboard.runs.worker').runs.worker.workspace().wholes)") == 1
    assert ask(service, eval, "len(__import__('dashboard.runs.worker').runs.worker.workspace().parts)") == 2


def test_what_a_run_took_in_its_worker_is_given_back(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: service.status(run_id).state == "running")
    service.delete(run_id, "ada")
    held = "[len(table) for table in (lambda w: (w.runs, w.wholes, w.parts))"
    held += "(__import__('dashboard.runs.worker').runs.worker.workspace())]"
    wait_until(lambda: bool(ask(service, eval, held) == [0, 0, 0]))


@posix_only
def test_a_killed_worker_costs_its_run_and_no_other(split: Split) -> None:
    """The run whose turn it was fails; the others are taken up again, and go on as if nothing had been."""
    service = RunService(1, turn_seconds=0.05, clean_up_every=None)
    try:
        runs = [service.start(f"pupil {k}", split, SMALL, ENDLESS) for k in range(3)]
        pid = ask(service, os.getpid)
        wait_until(lambda: all(service.status(run_id).progress.saved_step for run_id in runs))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: any(service.status(run_id).state == "failed" for run_id in runs))
        failed = [run_id for run_id in runs if service.status(run_id).state == "failed"]
        assert len(failed) == 1
        assert "ran out of memory" in service.status(failed[0]).message
        for k, run_id in enumerate(runs):
            if run_id not in failed:
                train_on(service, run_id)
                service.stop(run_id, f"pupil {k}", PATIENCE)
                status = service.status(run_id)
                alone = bare(split, SMALL, ENDLESS, status.progress.step)
                assert np.array_equal(service.model(run_id).parameters, alone.model().parameters)
                steps = [record.step for record in status.history]
                assert steps == sorted(steps)
    finally:
        service.close()


@posix_only
def test_a_run_whose_worker_was_killed_can_go_on_from_its_checkpoint(
    service: RunService, split: Split
) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: bool(service.status(run_id).progress.saved_step))
    os.kill(ask(service, os.getpid), signal.SIGKILL)
    assert ended(service, run_id).state == "failed"
    saved = service.status(run_id).progress.saved_step
    assert service.model(run_id).card["step"] == saved
    service.go_on(run_id, "ada", more_epochs=1)
    assert ended(service, run_id).progress.step == saved + 640 // 4


def replace_halted(service: RunService, process: psutil.Process) -> None:
    """Halt a worker, and have the service look after its workers until this one is gone."""

    def is_gone() -> bool:
        with service._changed:
            service._scheduler.watch(answer_seconds=1e-9, job_seconds=PATIENCE)  # 0 would replace any worker
        return not process.is_running()

    process.suspend()
    wait_until(is_gone)


@posix_only
def test_a_halted_worker_is_replaced_and_its_runs_are_told_nothing(service: RunService, split: Split) -> None:
    runs = [service.start(f"pupil {k}", split, SMALL, ENDLESS) for k in range(3)]
    wait_until(lambda: all(service.status(run_id).progress.saved_step for run_id in runs))
    replace_halted(service, psutil.Process(ask(service, os.getpid)))
    for k, run_id in enumerate(runs):
        train_on(service, run_id)
        service.pause(run_id, f"pupil {k}", PATIENCE)
        status = service.status(run_id)
        assert (status.state, status.message, status.warning) == ("paused", "", "")
        alone = bare(split, SMALL, ENDLESS, status.progress.step)
        assert np.array_equal(service.model(run_id).parameters, alone.model().parameters)


@posix_only
def test_stop_and_delete_work_when_the_worker_does_not_answer(service: RunService, split: Split) -> None:
    first, second = (service.start("ada", split, SMALL, ENDLESS) for _run in range(2))
    wait_until(lambda: all(service.status(run_id).progress.saved_step for run_id in (first, second)))
    folder = service.store.folder
    process = psutil.Process(ask(service, os.getpid))
    process.suspend()
    service.delete(second, "ada")
    service.stop(first, "ada", patience=0)
    replace_halted(service, process)
    status = ended(service, first)
    assert (status.state, status.message) == ("stopped", "")
    assert service.model(first).card["step"] == service.status(first).progress.step
    wait_until(lambda: not (folder / second).exists())


@posix_only
def test_a_job_that_never_ends_costs_itself_and_no_run(service: RunService, split: Split) -> None:
    with service._changed:
        reply = service._scheduler.ask(signal.pause)
    run_id = service.start("ada", split, SMALL, SHORT)
    with service._changed:
        service._scheduler.watch(answer_seconds=0, job_seconds=0)
    with pytest.raises(RunError, match="could not be computed"):
        reply.result(PATIENCE)
    assert ended(service, run_id).state == "finished"


@posix_only
def test_a_run_that_breaks_each_worker_is_given_up_and_no_other(split: Split) -> None:
    service = RunService(
        1, Limits(), turn_seconds=1e9, clean_up_every=None
    )  # its turn does not end by itself
    try:
        breaking = service.start("ada", split, SMALL, ENDLESS)
        waiting = service.start("bob", split, SMALL, SHORT)
        for broken in range(1, TURNS_TO_BREAK + 1):
            assert service.status(breaking).live
            wait_until(lambda: run_at_work(service) == breaking)
            with service._changed:
                service._scheduler.watch(answer_seconds=0, job_seconds=0)
            assert service._runs[breaking].broken_turns == broken
        assert service.status(breaking).state == "failed"
        assert "stopped responding" in service.status(breaking).message
        assert ended(service, waiting).state == "finished"
    finally:
        service.close()


@posix_only
def test_a_run_outlives_a_disk_that_is_full_for_a_while(service: RunService, split: Split) -> None:
    """The system itself refuses to write: a worker may write files of a thousand bytes only."""
    impatient = "import dashboard.runs.worker as worker\n"
    impatient += "worker.LEAST_SECONDS_BETWEEN_SAVES = worker.SECONDS_AFTER_A_FAILED_SAVE = 0.05"
    with service._changed:
        service._scheduler.ask(exec, impatient)
    run_id = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: bool(service.status(run_id).progress.saved_step))
    saved = service.status(run_id).progress.saved_step
    limits = ask(service, resource.getrlimit, resource.RLIMIT_FSIZE)
    ask(service, resource.setrlimit, resource.RLIMIT_FSIZE, (1000, limits[1]))
    wait_until(lambda: bool(service.status(run_id).warning))
    status = service.status(run_id)
    assert "None" not in status.warning
    assert (status.state, status.message) == ("running", "")
    assert service.model(run_id).card["step"] >= saved
    ask(service, resource.setrlimit, resource.RLIMIT_FSIZE, limits)
    wait_until(lambda: not service.status(run_id).warning)
    assert service.status(run_id).progress.saved_step > saved
    assert service.status(run_id).live


@posix_only
def test_a_killed_worker_and_a_cleaned_folder_together_cost_no_other_run(
    split: Split, tmp_path: Path
) -> None:
    service = RunService(1, turn_seconds=0.05, clean_up_every=0.05)
    try:
        runs = [service.start(f"pupil {k}", split, SMALL, ENDLESS) for k in range(2)]
        wait_until(lambda: all(service.status(run_id).progress.saved_step for run_id in runs))
        pid = ask(service, os.getpid)
        service.store.folder.rename(tmp_path / "taken away")
        wait_until(lambda: all((service.store.folder / run_id / "run.npz").exists() for run_id in runs))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: any(service.status(run_id).state == "failed" for run_id in runs))
        other = next(run_id for run_id in runs if service.status(run_id).live)
        step = service.status(other).progress.step
        wait_until(lambda: service.status(other).progress.step > step)
    finally:
        service.close()


@posix_only
def test_an_answer_that_was_waited_for_is_given_by_the_next_worker(split: Split) -> None:
    service = RunService(1, turn_seconds=1e9, clean_up_every=None)  # what follows a turn waits behind it
    try:
        with service._changed:
            first = service._scheduler.ask(os.getpid)
        pid = first.result(PATIENCE)
        service.start("ada", split, SMALL, ENDLESS)
        with service._changed:
            reply = service._scheduler.ask(os.getpid)
        os.kill(pid, signal.SIGKILL)
        assert reply.result(PATIENCE) not in (pid, os.getpid())
    finally:
        service.close()


def test_a_service_whose_workers_cannot_start_says_so(split: Split) -> None:
    def no_executor() -> Executor:
        raise OSError("no more processes")

    service = RunService(1, make_executor=no_executor, clean_up_every=None)
    try:
        run_id = service.start("ada", split, SMALL, ENDLESS)
        assert service.status(run_id).state == "failed"
        assert "error on our side" in service.status(run_id).message
        with pytest.raises(RunError, match="could not be computed"):
            service.expect(split, SMALL, ENDLESS)
    finally:
        service.close()


# ---- a second process ------------------------------------------------------------------------------------

WIDE = NetworkConfig(hidden_sizes=(256, 256), dropout=0.1)
ENDLESS_TOO = TrainingConfig(batch_size=64, epochs=10_000)

can_share = pytest.mark.skipif(not CAN_SHARE, reason="two processes cannot share a run on this machine")


@pytest.fixture
def wide_service() -> Iterator[RunService]:
    made = RunService(
        2,
        Limits(),
        make_executor=partial(loky_executor, {VARIABLE: "always"}),
        turn_seconds=0.05,
        clean_up_every=None,
    )
    yield made
    made.close()


@can_share
def test_a_run_has_two_cores_until_another_one_comes_and_the_result_is_the_same(
    wide_service: RunService, split: Split
) -> None:
    first = wide_service.start("ada", split, WIDE, ENDLESS_TOO)
    wait_until(second_processes)
    train_on(wide_service, first)
    second = wide_service.start("bob", split, WIDE, replace(ENDLESS_TOO, seed=1))
    wait_until(lambda: not second_processes())
    train_on(wide_service, first)
    wide_service.stop(second, "bob", PATIENCE)
    wait_until(second_processes)
    train_on(wide_service, first)
    wide_service.pause(first, "ada", PATIENCE)
    wait_until(lambda: not second_processes())
    wide_service.resume(first, "ada")
    train_on(wide_service, first)
    wide_service.stop(first, "ada", PATIENCE)
    wait_until(lambda: not second_processes())
    alone = bare(split, WIDE, ENDLESS_TOO, wide_service.status(first).progress.step, in_halves=True)
    assert np.array_equal(wide_service.model(first).parameters, alone.model().parameters)


@can_share
def test_a_run_whose_second_process_was_killed_goes_on_alone_to_the_same_end(
    wide_service: RunService, split: Split
) -> None:
    run_id = wide_service.start("ada", split, WIDE, ENDLESS_TOO)
    wait_until(second_processes)
    train_on(wide_service, run_id)
    train_on(wide_service, run_id)  # from the turn after its start on, the second process takes part
    for process in second_processes():
        process.kill()
    for _turn in range(TURNS_AHEAD + 1):  # the last of them begins after the kill
        train_on(wide_service, run_id)
    assert not second_processes()
    wide_service.stop(run_id, "ada", PATIENCE)
    status = wide_service.status(run_id)
    assert status.state == "stopped"
    alone = bare(split, WIDE, ENDLESS_TOO, status.progress.step, in_halves=True)
    assert np.array_equal(wide_service.model(run_id).parameters, alone.model().parameters)


@can_share
def test_a_small_network_is_left_to_one_process(wide_service: RunService, split: Split) -> None:
    run_id = wide_service.start("ada", split, SMALL, ENDLESS)
    train_on(wide_service, run_id)
    train_on(wide_service, run_id)
    assert not second_processes()


# ---- nothing is left ------------------------------------------------------------------------------------

SERVER = """
import psutil, signal, sys
from functools import partial
from dashboard.runs.executors import loky_executor
from dashboard.runs.second_process import VARIABLE
from dashboard.runs.service import RunService
from mlcore import NetworkConfig, TrainingConfig, load_dataset, split_dataset
from mlcore.training.second_process import CAN_SHARE
from tests.processes import second_processes
from tests.waiting import wait_until

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    split = split_dataset(load_dataset("digits-8x8"), dev_size=200)
    executor = partial(loky_executor, {{"DIGITLAB_SECOND_PROCESS": "always"}})
    service = RunService(2, make_executor=executor, turn_seconds=0.05)
    def halt_workers():
        for child in psutil.Process().children():
            if "loky" in " ".join(child.cmdline()) and "tracker" not in " ".join(child.cmdline()):
                child.suspend()
    network = NetworkConfig(hidden_sizes=(256, 256))
    training = TrainingConfig(epochs=10_000)
    runs = [service.start("ada", split, network, training) for _ in range({runs})]
    wait_until(lambda: all(service.status(run).progress.saved_step for run in runs))
    if len(runs) == 1 and CAN_SHARE:
        wait_until(second_processes)
    print("ready", flush=True)
    {then}
"""


def semaphores(pid: int | str = "*") -> set[Path]:
    """Return those of loky that a process has made, or any; only one killed with its helpers leaves any."""
    return set(Path("/dev/shm").glob(f"sem.loky-{pid}-*"))


@pytest.mark.parametrize("runs", [2, 1], ids=["two runs", "one on two cores"])
@pytest.mark.parametrize(
    ("then", "end"),
    [
        ("sys.stdin.read()", None),
        ("service.close(); sys.stdin.read()", None),
        ("sys.stdin.read()", "SIGTERM"),
        ("sys.stdin.read()", "SIGINT"),
        ("sys.stdin.read()", "SIGKILL"),
        ("halt_workers(); sys.stdin.read()", None),
        ("halt_workers(); sys.stdin.read()", "SIGTERM"),
    ],
    ids=["normal end", "closed", "SIGTERM", "ctrl-c", "SIGKILL", "halted", "halted, SIGTERM"],
)
def test_nothing_is_left_when_a_server_ends(tmp_path: Path, then: str, end: str | None, runs: int) -> None:
    """No process, no file and no semaphore, however the server ended."""
    if end and sys.platform == "win32":
        pytest.skip("signals are POSIX's")
    script = tmp_path / "server.py"
    script.write_text(SERVER.format(then=then, runs=runs))
    files = tmp_path / "files"
    files.mkdir()
    before = semaphores()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(files), "TMP": str(files)}
    command = [sys.executable, str(script)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, start_new_session=True, **pipes) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        assert server.stdout.readline() == b"ready\n"
        children = psutil.Process(server.pid).children(recursive=True)
        if end == "SIGINT":
            os.killpg(server.pid, signal.SIGINT)  # as a terminal does: to all of them
        elif end:
            server.send_signal(getattr(signal, end))
        else:
            server.stdin.close()
        server.wait(PATIENCE)
    _gone, alive = psutil.wait_procs(children, timeout=PATIENCE)
    for child in alive:
        child.kill()
    assert alive == []
    assert list(files.iterdir()) == []
    assert semaphores(server.pid) <= before  # an earlier process of this number may have been killed


@posix_only
def test_what_a_server_left_that_was_killed_with_all_its_processes_goes_with_the_next(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER.format(then="sys.stdin.read()", runs=2))
    files = tmp_path / "files"
    files.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(files)}

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, str(script)],
            env=environment,
            start_new_session=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    with start() as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        os.killpg(server.pid, signal.SIGKILL)  # the process that would have cleaned up too
    for semaphore in semaphores(server.pid):
        semaphore.unlink()
    left = {path.name for path in files.iterdir()}
    assert left
    with start() as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        assert not left & {path.name for path in files.iterdir()}
    assert list(files.iterdir()) == []


def test_an_executor_that_was_never_used_starts_no_process() -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    executor = loky_executor()
    after = {child.pid for child in psutil.Process().children(recursive=True)}
    executor.shutdown()
    trackers = after - before
    assert all("tracker" in " ".join(psutil.Process(pid).cmdline()) for pid in trackers)


def test_the_folder_is_private() -> None:
    service = RunService(1, clean_up_every=None)
    try:
        folder = service.store.folder
        assert folder.parent == Path(tempfile.gettempdir())
        if sys.platform != "win32":
            assert folder.stat().st_mode & 0o077 == 0
    finally:
        service.close()
