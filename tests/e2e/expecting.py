"""`expect` as playwright has it, which looks ten times a second at first.

Every browser test takes its `expect` from here.
"""

from collections.abc import Callable
from typing import cast, overload

from playwright.sync_api import Locator, LocatorAssertions, Page, PageAssertions
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from playwright.sync_api import expect as playwright_expect

from tests.waiting import PATIENCE

GLANCE = 2.0
"""Seconds of the first attempt. Given more than 2.5, playwright soon looks only twice a second."""


@overload
def expect(actual: Locator) -> LocatorAssertions: ...


@overload
def expect(actual: Page) -> PageAssertions: ...


def expect(actual: Locator | Page) -> LocatorAssertions | PageAssertions:
    """Return what can be expected of a page or a part of it; each waits for as long as `PATIENCE` has it."""
    return cast(LocatorAssertions, _Expectations(actual))


class _Expectations:
    """The assertions of playwright about a page or a part of it, each tried twice."""

    def __init__(self, actual: Locator | Page) -> None:
        self._actual = actual
        self._assertions = playwright_expect(actual)

    def __getattr__(self, name: str) -> Callable[..., None]:
        assertion = getattr(self._assertions, name)

        def hold(*expected: object, timeout: float = 1000 * PATIENCE, **options: object) -> None:
            try:
                assertion(*expected, **options, timeout=min(timeout, 1000 * GLANCE))
            except AssertionError:
                assertion(*expected, **options, timeout=timeout)

        return hold

    def to_be_visible(self, *, timeout: float = 1000 * PATIENCE) -> None:
        """Wait until it can be seen.

        Playwright's own assertion makes an outline of the whole page at each look, should it be the last.
        """
        locator = cast(Locator, self._actual)
        for longest in (1000 * GLANCE, timeout):
            try:
                return locator.wait_for(state="visible", timeout=min(timeout, longest))
            except PlaywrightTimeoutError:
                continue
        return self._assertions.to_be_visible(timeout=1000 * GLANCE)  # which says what there was instead
