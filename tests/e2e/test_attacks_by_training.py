"""What one visitor asks of the workers, and what another notices of it: nothing.

It stands behind `dashboard.runs`, on the real server with real workers.
"""

import psutil

from tests.e2e.server import AppServer
from tests.e2e.wire import Tab, open_tab
from tests.waiting import wait_until


def workers_of(server: AppServer) -> list[psutil.Process]:
    """Return the processes that train."""
    return [process for process in server.workers() if "popen_loky" in " ".join(process.cmdline())]


def start(tab: Tab) -> None:
    """Start a run with the settings that the tab has."""
    tab.run(tab.page.go_to("train"))
    tab.run(tab.page.press("Start"))


def test_the_server_ends_when_told_whatever_its_workers_are_at() -> None:
    with AppServer() as server, open_tab(server.address) as tab:
        tab.run(tab.page.open("network"))
        start(tab)
        wait_until(lambda: workers_of(server))
        for worker in workers_of(server):
            worker.suspend()
        assert server.stop() == []
