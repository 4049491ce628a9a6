"""The app and a browser that watches it, for benchmarks that measure what a visitor gets.

`visit`, `slow_line` and `many_runs` use it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from benchmarks.machine import use_own_kernel
from tests.e2e.browser import launch
from tests.e2e.server import AppServer


@contextmanager
def watched_app(environment: dict[str, str] | None = None) -> Iterator[tuple[AppServer, Browser]]:
    """Start a server and a browser with the processor's own kernel, which is printed; end both afterwards.

    Parameters
    ----------
    environment : dict, optional
        Variables of the server's.
    """
    print(f"kernel: {use_own_kernel()}")
    with AppServer(environment=environment) as server, sync_playwright() as playwright:
        browser = launch(playwright)
        yield server, browser
        browser.close()
