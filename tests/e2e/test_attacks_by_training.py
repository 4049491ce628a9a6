"""What one visitor asks of the workers, however much, does not disturb another.

These are tests of `dashboard.runs` on the real server with real workers.
"""

from collections.abc import Callable

import psutil

from tests.e2e.server import AppServer
from tests.e2e.wire import Tab, new_cookie, open_tab
from tests.waiting import wait_until

FULL_BATCH = 59_000


def workers_of(server: AppServer) -> list[psutil.Process]:
    """Return the processes that train."""
    return [process for process in server.workers() if "popen_loky" in " ".join(process.cmdline())]


def start(tab: Tab) -> None:
    """Start a run with the settings that the tab has."""
    tab.run(tab.page.go_to("train"))
    tab.run(tab.page.press("Start"))


def metric(tab: Tab, label: str) -> str:
    """Return what stands under a label, or nothing where there is no such figure."""
    return next((metric.body for metric in tab.page.elements("metric") if metric.label == label), "")


def badges(tab: Tab) -> str:
    return " ".join(markdown.body for markdown in tab.page.elements("markdown") if "badge" in markdown.body)


def wait_on_page(tab: Tab, condition: Callable[[], object]) -> None:
    """Look at the page again until the condition is true."""

    def look() -> object:
        if condition():
            return True
        for fragment in list(tab.page.repeats):
            tab.run(tab.page.repeat(fragment))
        return condition()

    wait_until(look)


def ask_for_much(tab: Tab) -> None:
    """Set two convolutions of 256 filters and the full batch: ten minutes for each step."""
    tab.run(tab.page.open("network"))
    tab.run(tab.page.fill("Convolutions", 2))
    for layer in (1, 2):
        tab.run(tab.page.fill(f"Layer {layer} (filters)", 256))
    tab.run(tab.page.fill("Batch size (images)", FULL_BATCH))
    assert int(metric(tab, "Parameters").replace(",", "")) > 1_500_000


def test_who_asks_for_steps_of_many_minutes_keeps_no_worker_from_others() -> None:
    with AppServer() as server:
        cookies = [new_cookie(server.address) for _tab in range(3)]
        with (
            open_tab(server.address, cookies[0]) as one,
            open_tab(server.address, cookies[1]) as two,
            open_tab(server.address, cookies[2]) as visitor,
        ):
            for attacker in (one, two):
                ask_for_much(attacker)
                assert metric(attacker, "Training takes")
                start(attacker)
                wait_on_page(attacker, lambda tab=attacker: "Training" in badges(tab))
            visitor.run(visitor.page.open("network"))
            visitor.run(visitor.page.fill("Epochs", 10_000))
            assert metric(visitor, "Training takes")
            start(visitor)
            wait_on_page(visitor, lambda: metric(visitor, "Epoch") > "0.1")
            for tab in (visitor, one):
                tab.run(tab.page.press("Stop"))
                wait_on_page(tab, lambda tab=tab: "Stopped" in badges(tab))
            assert "Training" in badges(two)
        server.check_end()


def test_the_server_ends_when_told_whatever_its_workers_are_at() -> None:
    with AppServer() as server, open_tab(server.address) as tab:
        tab.run(tab.page.open("network"))
        start(tab)
        wait_until(lambda: workers_of(server))
        for worker in workers_of(server):
            worker.suspend()
        server.check_end()
