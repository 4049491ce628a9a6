"""What happens in a process that reads one visitor's files: `python -m dashboard.reading.process`.

`Readings` starts it, tells it by a line of JSON what to read, and hears from it the same way: how much memory
it is about to take, and at the end why the files cannot be used, or what it has written.
"""

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from dashboard.catalogue import catalogue
from mlcore import Dataset, DatasetError, Decision
from mlcore.datasets.join import join
from mlcore.datasets.readers import LabelsInNames, read_images, read_parts
from mlcore.language import use

if sys.platform != "win32":
    import resource

NICENESS = 5
"""Added to its own: pages come before files, files before training."""

WORKING_BYTES = 128_000_000
"""Beyond what it has when it begins and what it asks for: blocks of text, the directory of an archive."""

PIXELS, LABELS, NAMES = "pixels.npy", "labels.npy", "names.json"


def main() -> None:
    """Read what the first line of the standard input asks for, and say how that went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process
    _step_back()
    answers = os.fdopen(os.dup(1), "w", encoding="ascii", buffering=1)
    os.dup2(2, 1)  # whatever a library prints goes to the log
    lines = _listen()
    task = json.loads(lines.get())
    use(catalogue(task["locale"]))
    before = _bytes_of_data()

    def ask(n_bytes: int) -> None:
        answers.write(json.dumps({"ask": n_bytes}) + "\n")
        lines.get()  # comes when there is room; when there is none, this process is ended
        # NumPy copies what it makes larger.
        _bound_memory(before + WORKING_BYTES + 2 * n_bytes)

    _bound_memory(before + WORKING_BYTES)
    try:
        read = _read_images if task["labels"] == "none" else _read
        answer: dict[str, Any] = {"parts": read(task, Path(task["folder"]), ask)}
    except DatasetError as error:
        answer = {"error": str(error), "offers_names": isinstance(error, LabelsInNames)}
    except OSError as error:  # from writing: what reading raises is a DatasetError
        answer = {"disk": error.strerror or str(error)}
    except Exception:
        traceback.print_exc()
        answer = {"error": ""}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
    os._exit(0)  # nothing is left to be done, and a thread waits for the next line


def _read(task: Mapping[str, Any], folder: Path, ask: Callable[[int], None]) -> dict[str, dict[str, Any]]:
    """Write what the files hold into the folder, and return what is to be known of it.

    Validation images come last in the data set, so that it can be split otherwise.
    """
    found = read_parts(_paths(task), ask=ask, labels=task["labels"])
    dataset, n_dev = found.train, 0
    if found.dev is not None:
        n_test = 0 if found.test is None else found.test.images.nbytes
        ask(2 * (found.train.images.nbytes + found.dev.images.nbytes) + n_test)
        dataset, n_dev = join(found.train, found.dev), len(found.dev)
    written = {"dataset": write_part(dataset, folder / "dataset") | {"n_dev": n_dev}}
    written["dataset"]["notes"] += found.notes
    if found.test is not None:
        written["test"] = write_part(found.test, folder / "test")
    return written


def _paths(task: Mapping[str, Any]) -> dict[str, Path]:
    return {name: Path(path) for name, path in task["files"].items()}


def _read_images(
    task: Mapping[str, Any], folder: Path, ask: Callable[[int], None]
) -> dict[str, dict[str, Any]]:
    """Write the images without labels that the files hold, and return what is to be known of them."""
    found = read_images(_paths(task), ask=ask)
    np.save(folder / PIXELS, found.images)
    (folder / NAMES).write_text(json.dumps(found.names), "ascii")
    known = {
        "folder": str(folder),
        "fingerprint": found.fingerprint,
        "name": found.name,
        "notes": found.notes,
    }
    return {"images": known}


def write_part(dataset: Dataset, folder: Path) -> dict[str, Any]:
    """Write a data set into a new folder, and return what is to be known of it besides."""
    folder.mkdir()
    np.save(folder / PIXELS, dataset.images)
    np.save(folder / LABELS, dataset.labels)
    return {
        "folder": str(folder),
        "fingerprint": dataset.fingerprint,
        "class_names": dataset.class_names,
        "name": dataset.name,
        "notes": dataset.left_out,
        "decisions": [_in_json(decision) for decision in dataset.decisions],
    }


def _in_json(decision: Decision) -> dict[str, Any]:
    return asdict(decision) | {"rows": decision.rows.hex()}


def _listen() -> "SimpleQueue[str]":
    """Return the lines of the standard input; when it ends, the server is gone, and so is this process."""
    lines: SimpleQueue[str] = SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(1)

    threading.Thread(target=listen, name="listen", daemon=True).start()
    return lines


def _step_back() -> None:
    """Give way to the server, and be the first to be ended when the machine has no memory left."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _bytes_of_data() -> int:
    """Return the private memory of this process by now, used or not; 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData"))
    except (OSError, StopIteration):
        return 0


def _bound_memory(n_bytes: int) -> None:
    """Let whatever would take more private memory raise `MemoryError`, where the system offers that."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, resource.getrlimit(resource.RLIMIT_DATA)[1]))


if __name__ == "__main__":
    main()
