"""Two processes that share a run end where one process would, and leave nothing behind.

These are the tests of `mlcore.training.second_process`.
"""

import errno
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from mlcore import Dataset, EpochMetrics, NetworkConfig, Split, TrainingConfig, TrainingRun, train
from mlcore.errors import SecondProcessError
from mlcore.training.second_process import SecondProcess
from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def split() -> Split:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (301, 8, 8), np.uint8)
    dataset = Dataset(images, generator.integers(0, 3, 301), ("a", "b", "c"), "random")
    return Split(dataset.take(range(251)), dataset.take(range(251, 301)))


@pytest.fixture(scope="module")
def second() -> Iterator[SecondProcess]:
    with SecondProcess() as second:
        yield second


def run_of(**training: object) -> TrainingRun:
    config = TrainingConfig(**{"batch_size": 50, "epochs": 3, **training})  # type: ignore[arg-type]
    return TrainingRun(NetworkConfig(hidden_sizes=(7, 5), precision="float64"), config)


@pytest.mark.parametrize(
    "training",
    [
        {},
        {"optimizer": "gradient_descent", "batch_size": None, "iterations": 12},
        {"optimizer": "adamw", "weight_decay": 0.1},
        {"optimizer": "momentum", "weight_decay": 0.01},
        {"batch_size": 1, "iterations": 20},
        {"class_weights": "balanced"},
    ],
    ids=str,
)
def test_two_processes_end_where_one_does_up_to_rounding(
    second: SecondProcess, split: Split, training: dict[str, object]
) -> None:
    alone, shared = run_of(**training), run_of(**training)
    second.attach(shared, split)
    records = list(zip(train(alone, split), train(shared, split), strict=True))
    assert len(records) >= 3
    for one, two in records:
        assert one.step == two.step
        assert one.__dict__ == pytest.approx(two.__dict__, rel=1e-9)
    np.testing.assert_allclose(shared.network.parameters, alone.network.parameters, rtol=1e-9, atol=1e-12)


def test_a_shared_step_can_rest_and_be_given_up_at_any_micro_batch(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MICRO_BATCH", "FULL_MICRO_BATCH"):
        monkeypatch.setattr(f"mlcore.training.batches.{name}", 5)
    whole, shared = run_of(epochs=6), run_of(epochs=6)
    whole.in_halves = shared.in_halves = True
    list(train(whole, split))
    chance = np.random.default_rng(0)
    with SecondProcess() as second:
        while not shared.is_done:
            if shared.second_process is None and chance.random() < 0.5:
                second.attach(shared, split)
            # A measurement that is given up begins again: with more rests it would hardly come to an end.
            for _record in train(shared, split, rest=lambda: chance.random() < 0.1):
                pass
            match chance.integers(4):
                case 0:
                    shared.leave_step()
                case 1:
                    second.release()
    np.testing.assert_array_equal(shared.network.parameters, whole.network.parameters)
    np.testing.assert_array_equal(shared.optimizer.moments, whole.optimizer.moments)
    assert shared.best == whole.best


def test_a_run_goes_on_alone_after_it_was_released(second: SecondProcess, split: Split) -> None:
    alone, shared = run_of(), run_of()
    second.attach(shared, split)
    list(train(alone, split, max_steps=5))
    list(train(shared, split, max_steps=5))
    second.release()
    assert shared.second_process is None
    list(train(alone, split))
    list(train(shared, split))
    np.testing.assert_allclose(shared.network.parameters, alone.network.parameters, rtol=1e-9, atol=1e-12)


def test_a_run_that_was_shared_is_saved_and_restored_whole(second: SecondProcess, split: Split) -> None:
    shared = run_of()
    second.attach(shared, split)
    list(train(shared, split, max_steps=7))
    restored = TrainingRun.load_state(shared.save_state())
    second.release()
    list(train(shared, split))
    list(train(restored, split))
    np.testing.assert_array_equal(shared.network.parameters, restored.network.parameters)


def test_two_processes_leave_out_the_same_blank_pixels_as_one(second: SecondProcess, split: Split) -> None:
    images = split.train.base.images.copy()
    images[:, :2] = 0
    framed = Dataset(images, split.train.base.labels, split.train.class_names, "framed")
    framed_split = Split(framed.take(range(251)), framed.take(range(251, 301)))
    alone, shared = run_of(), run_of()
    alone.in_halves = True
    second.attach(shared, framed_split)
    assert shared.network.preparation.features == 48
    list(train(alone, framed_split))
    list(train(shared, framed_split))
    second.release()
    np.testing.assert_array_equal(shared.model().parameters, alone.model().parameters)


def measurements(run: TrainingRun) -> list[EpochMetrics]:
    return [record for record in run.history if isinstance(record, EpochMetrics)]


@pytest.mark.parametrize(
    ("network", "training"),
    [
        ({}, {}),
        ({}, {"optimizer": "gradient_descent", "batch_size": None, "iterations": 12}),
        ({}, {"class_weights": "balanced"}),
        ({"dropout": 0.3}, {"optimizer": "momentum", "weight_decay": 0.01}),
        ({"pooling": 2, "hidden_sizes": (600,)}, {"augment_shift": 1.0, "augment_noise": 0.1}),
        ({"filters": (3,), "kernel_size": 3, "dropout": 0.2}, {"augment_elastic": 0.5, "batch_size": 200}),
    ],
    ids=str,
)
def test_a_run_in_halves_ends_the_same_to_the_last_bit_whoever_shares_it_and_when(
    second: SecondProcess, split: Split, network: dict[str, Any], training: dict[str, Any]
) -> None:
    config = TrainingConfig(**{"batch_size": 50, "epochs": 3, **training})
    networks = NetworkConfig(**{"hidden_sizes": (7, 5), **network})
    alone, shared = (TrainingRun(networks, config, in_halves=True) for _run in range(2))
    second.attach(shared, split)
    list(train(shared, split, max_steps=2))
    second.release()
    list(train(shared, split, max_steps=2))
    shared = TrainingRun.load_state(shared.save_state())
    second.attach(shared, split)
    list(train(alone, split))
    list(train(shared, split))
    np.testing.assert_array_equal(shared.network.parameters, alone.network.parameters)
    measured = [
        [record for record in run.history if isinstance(record, EpochMetrics)] for run in (alone, shared)
    ]
    assert measured[0] == measured[1]
    second.release()


def test_wrong_gradients_stay_in_one_process(second: SecondProcess, split: Split) -> None:
    run = TrainingRun(NetworkConfig(), TrainingConfig(gradient_divisor=42_000))
    with pytest.raises(SecondProcessError, match="one process"):
        second.attach(run, split)


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="there is no shared memory to be full")
def test_where_shared_memory_is_small_a_file_does_as_well(
    second: SecondProcess, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([OSError(errno.ENOSPC, "No space left on device")])

    def take_room(handle: int, size: int) -> None:
        for refusal in refusals:
            raise refusal
        os.truncate(handle, size)

    make, made = tempfile.mkstemp, []

    def make_file(**where: Any) -> tuple[int, str]:
        handle, path = make(**where)
        made.append(Path(path))
        return handle, path

    monkeypatch.setattr(tempfile, "mkstemp", make_file)
    monkeypatch.setattr("mlcore.training.shared_memory._take_room", take_room)
    shared = run_of()
    second.attach(shared, split)
    assert next(refusals, None) is None
    assert [path.parent == Path("/dev/shm") for path in made] == [True, False]
    assert not made[0].exists()
    list(train(shared, split))
    assert shared.finished
    second.release()


def test_a_second_process_that_dies_is_told_in_a_sentence(split: Split) -> None:
    second = SecondProcess()
    run = run_of()
    second.attach(run, split)
    list(train(run, split, max_steps=3))
    os.kill(second._process.pid, signal.SIGKILL)
    second._process.wait()
    with pytest.raises(SecondProcessError, match="has died"):
        list(train(run, split))
    second.close()


def test_one_that_has_died_before_it_was_needed_is_told_and_leaves_no_process(split: Split) -> None:
    with SecondProcess() as second:
        process = second._process
        process.kill()
        process.wait()
        run = run_of()
        with pytest.raises(SecondProcessError, match="has died"):
            second.attach(run, split)
        list(train(run, split))  # alone
    assert run.finished
    assert process.returncode == -signal.SIGKILL


def test_an_error_in_the_middle_of_a_step_does_not_leave_the_second_process_waiting(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of()

    def no_memory(*_arguments: object) -> None:
        raise MemoryError

    def train_without_memory() -> None:
        with second:
            second.attach(run, split)
            monkeypatch.setattr(second._half, "set_gradients", no_memory)
            list(train(run, split))

    second = SecondProcess()
    with pytest.raises(MemoryError):
        train_without_memory()
    assert second._process.returncode == 0  # it ended by itself


def test_the_second_process_ends_when_the_block_does(split: Split) -> None:
    with SecondProcess() as second:
        process = second._process
        second.attach(run_of(), split)
    assert process.returncode == 0


KILLED_AT_ONCE = """
import os, signal
from mlcore import NetworkConfig, TrainingConfig, TrainingRun, load_dataset, split_dataset
import mlcore.training.second_process as second_process

second = second_process.SecondProcess()
print(second._process.pid, flush=True)
# before the other has begun
second_process.wait_for = lambda *_anything: os.kill(os.getpid(), signal.SIGKILL)
second.attach(TrainingRun(NetworkConfig(), TrainingConfig()), split_dataset(load_dataset("digits-8x8"), 0.2))
"""


def test_the_second_process_ends_when_the_first_is_killed_while_it_starts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_ONCE], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    wait_until(lambda: not psutil.pid_exists(int(done.stdout)))
