"""Whether the app stays alive in a container of 700 MB: two runs, five uploads of 33 MB, two large networks.

It puts a real server into a control group with a limit of memory and lets visitors do all that at once.
`python -m benchmarks.container` (as root, on Linux) prints what they were told and what it took, and ends
with 1 when anything was killed; `--json FILE` writes the same for a program.
"""

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import use_own_kernel
from mlcore import load_dataset
from tests.e2e.server import AppServer
from tests.e2e.wire import Tab, bring_own, new_cookie, open_tab

MEGABYTE = 1_000_000
LIMIT = 700 * MEGABYTE
UPLOADS, IMAGES = 5, 42_000  # as Kaggle's "Digit Recognizer" has them: 33 MB of pixels
SETTLED = 20.0  # seconds in which everything happens at once
ROOT = Path("/sys/fs/cgroup")


class Group:
    """A control group with a limit of memory, of version 1 or 2.

    Raises
    ------
    OSError
        When this system does not let us make one.
    """

    def __init__(self, limit: int) -> None:
        lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
        mine = {kinds: ROOT / kinds / path.strip("/") for _number, kinds, path in lines}
        self.first = "memory" in mine
        self.home = mine["memory" if self.first else ""]
        if not self.first:
            (ROOT / "cgroup.subtree_control").write_text("+memory")
        self.folder = (self.home if self.first else ROOT) / f"digit-lab-{os.getpid()}"
        self.folder.mkdir()
        (self.folder / ("memory.limit_in_bytes" if self.first else "memory.max")).write_text(str(limit))

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be in the group while the block runs: what is started there stays in it."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))
        try:
            yield
        finally:
            (self.home / "cgroup.procs").write_text(str(os.getpid()))

    @property
    def peak(self) -> int:
        """The most bytes that it has held, pages of files with them: these go when there is need."""
        return int((self.folder / ("memory.max_usage_in_bytes" if self.first else "memory.peak")).read_text())

    @property
    def kills(self) -> int:
        """How many processes the system has ended in it for want of memory."""
        name = "memory.oom_control" if self.first else "memory.events"
        lines = (self.folder / name).read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))

    def remove(self) -> None:
        """Remove it, once the last of its processes has ended."""
        for _try in range(100):
            if not (self.folder / "cgroup.procs").read_text().split():
                break
            time.sleep(0.1)
        self.folder.rmdir()


def arrays(number: int) -> bytes:
    """Return images and labels of MNIST as an .npz that is like no other's."""
    mnist = load_dataset("mnist")
    rows = np.roll(np.arange(len(mnist)), 1000 * number)[:IMAGES]
    file = io.BytesIO()
    np.savez(file, images=mnist.images[rows], labels=mnist.labels[rows])
    return file.getvalue()


def upload(server: AppServer, tab: Tab, cookie: str, content: bytes) -> None:
    """Bring a file on the page Data."""
    bring_own(tab, server.address, cookie, "digits.npz", content)


def start(tab: Tab, _cookie: str) -> None:
    """Start a run with the defaults."""
    tab.run(tab.page.open("network"))
    tab.run(tab.page.go_to("train"))
    tab.run(tab.page.press("Start"))


def start_large(tab: Tab, _cookie: str) -> None:
    """Ask for a run of the largest layers that there are, and for fewer of them as long as it is refused."""
    page = tab.page
    tab.run(page.open("network"))
    for layers in (8, 4, 3, 2, 1):
        tab.run(page.fill("Hidden layers", layers))
        for layer in range(1, layers + 1):
            tab.run(page.fill(f"Layer {layer} (neurons)", 2048))
        tab.run(page.go_to("train"))
        tab.run(page.press("Start"))
        if not any(page.elements("alert")):
            return
        tab.run(page.go_to("network"))


def draw(tab: Tab, _cookie: str) -> None:
    """Look at the page Draw, where a model answers."""
    tab.run(tab.page.open("draw"))


def said(tab: Tab) -> str:
    """Return the warnings and errors that a tab shows, or what its page is headed by."""
    alerts = [alert.body.strip("`") for alert in tab.page.elements("alert")]
    return " · ".join(alerts) or ", ".join(heading.body for heading in tab.page.elements("heading"))[:80]


def scene(server: AppServer, tabs: list[Tab], cookies: list[str]) -> Iterator[str]:
    """Do everything, step by step, while what was begun continues; tell what each visitor reads."""
    steps: dict[str, Callable[[Tab, str], None]] = {"first run": start, "second run": start}
    for number in range(1, UPLOADS + 1):
        steps[f"upload {number}"] = partial(upload, server, content=arrays(number))
    steps |= {"first large network": start_large, "second large network": start_large, "drawing": draw}
    for tab, cookie, (name, step) in zip(tabs, cookies, steps.items(), strict=True):
        begun = time.perf_counter()
        step(tab, cookie)
        yield f"{name:<20} {time.perf_counter() - begun:5.1f} s  {said(tab)[:160]}"


def measure(group: Group) -> dict[str, Any]:
    """Let it all happen; return what was seen."""
    with ExitStack() as stack:
        with group.inside():
            server = stack.enter_context(AppServer())
        cookies = [new_cookie(server.address) for _visitor in range(UPLOADS + 5)]
        tabs = [stack.enter_context(open_tab(server.address, cookie)) for cookie in cookies]
        told = []
        for line in scene(server, tabs, cookies):
            told.append(line)
            print(f"{line}  [{server.memory() / MEGABYTE:.0f} MB]", flush=True)
        workers = server.workers()
        time.sleep(SETTLED)
        draw(tabs[-1], cookies[-1])  # it still answers
        return {
            "limit": LIMIT / MEGABYTE,
            "peak": group.peak / MEGABYTE,
            "held": server.memory() / MEGABYTE,
            "killed": group.kills,
            "processes": len(workers) + 1,
            "ended": sum(not process.is_running() for process in workers),
            "errors": server.log().count("Traceback"),
            "told": told,
        }


def main() -> None:
    """Measure, print, and end with 1 when anything was killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write what was seen to this file too")
    options = parser.parse_args()
    print(use_own_kernel())
    try:
        group = Group(LIMIT)
    except OSError as error:
        sys.exit(f"This system lets us make no control group with a limit of memory: {error}")
    try:
        found = measure(group)
    finally:
        group.remove()
    print({name: value for name, value in found.items() if name != "told"})
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if found["killed"] or found["ended"]:
        sys.exit("Something was killed.")


if __name__ == "__main__":
    main()
