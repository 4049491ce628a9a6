"""The app and a browser that watches it, for benchmarks that measure what a visitor gets.

`visit` and `slow_line` use it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from benchmarks.machine import use_own_kernel
from tests.e2e.browser import launch
from tests.e2e.server import AppServer


@contextmanager
def watched_app() -> Iterator[tuple[AppServer, Browser]]:
    """Start a server and a browser with the processor's own kernel, which is printed; end both afterwards."""
    print(f"kernel: {use_own_kernel()}")
    with AppServer() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        yield server, browser
        browser.close()
