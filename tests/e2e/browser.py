"""Finding, installing and starting the browser that drives the app.

The browser tests and the screenshots use it. `python -m tests.e2e.browser --install` gets a browser when
there is none: playwright's own build, else Debian's chromium.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Error, Playwright, sync_playwright

VARIABLE = "DIGITLAB_BROWSER"
ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_GET_ONE = (
    "No browser was found, and the browser tests are never skipped. Get one with `playwright install "
    f"chromium`, or install Chromium or Chrome, or set {VARIABLE} to the path of one."
)
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {
    # Streamlit goes by this name when it closes its menu after a choice.
    "user_agent": "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36",
    "viewport": {"width": 375, "height": 812},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


class NoBrowser(RuntimeError):
    """There is no browser on this machine; the message says how to get one."""


def find_browser(playwright: Playwright) -> str:
    """Return the browser to use: the variable's, else playwright's own download, else one on the PATH."""
    named = os.environ.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise NoBrowser(f"{VARIABLE} is {named!r}, and that is no program. {HOW_TO_GET_ONE}")
        return found
    if Path(playwright.chromium.executable_path).exists():
        return playwright.chromium.executable_path
    for name in ON_PATH:
        found = shutil.which(name)
        if found is not None:
            return found
    raise NoBrowser(HOW_TO_GET_ONE)


def launch(playwright: Playwright) -> Browser:
    """Start the browser without a window."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    arguments = [*ARGUMENTS, "--no-sandbox"] if as_root else list(ARGUMENTS)
    return playwright.chromium.launch(executable_path=find_browser(playwright), args=arguments)


def new_context(browser: Browser, *, phone: bool = False) -> BrowserContext:
    """Open what a new visitor has: an empty profile, on a desktop or a phone."""
    context: BrowserContext = browser.new_context(
        **(PHONE if phone else DESKTOP), color_scheme="light", accept_downloads=True
    )
    return context


class Contexts:
    """The contexts of one browser, lent to one visitor after the other; each visitor is somebody new.

    What a context has loaded stays in its cache, and its tab stays open. A visit of the Data page took 1.9
    seconds of a core, browser and server together; in a new tab, 4.2; with an empty cache, up to 7.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[bool, list[BrowserContext]] = {False: [], True: []}

    def take(self, *, phone: bool = False) -> BrowserContext:
        """Return a context that nobody has, with one tab at most, no cookie and nothing stored by a page."""
        free = self._free[phone]
        return free.pop() if free else new_context(self._browser, phone=phone)

    def give_back(self, context: BrowserContext, address: str, *, phone: bool = False) -> None:
        """Forget who had a context at this address and what was set there, and lend it again with its tab."""
        page, *others = context.pages or [context.new_page()]
        for other in others:
            other.close()
        try:
            page.goto(f"{address}/_stcore/health")  # of the same origin, and no page of the app
            page.evaluate("sessionStorage.clear()")
        except Error:  # the server has gone, and the tab keeps what it knows of it
            page.close()
            page = context.new_page()
        context.clear_cookies()
        context.clear_permissions()
        kinds = {"origin": address, "storageTypes": "local_storage,indexeddb,cache_storage,service_workers"}
        browser = context.new_cdp_session(page)
        browser.send("Storage.clearDataForOrigin", kinds)
        browser.detach()
        page.mouse.move(0, 0)
        page.set_viewport_size((PHONE if phone else DESKTOP)["viewport"])
        page.emulate_media(color_scheme="null", forced_colors="null", reduced_motion="null")
        self._free[phone].append(context)


def install() -> None:
    """Get a browser when there is none, and print which one there is."""
    ways = [[sys.executable, "-m", "playwright", "install", "chromium", "--no-shell"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        ways += [
            ["apt-get", "update", "-q"],
            ["apt-get", "install", "-qy", "--no-install-recommends", "chromium"],
        ]
    with sync_playwright() as playwright:
        for way in ways:
            if _is_there(playwright):
                break
            print("No browser yet, trying:", " ".join(way), flush=True)
            subprocess.run(way, check=False, timeout=900)
        print("Browser:", find_browser(playwright))


def _is_there(playwright: Playwright) -> bool:
    try:
        return bool(find_browser(playwright))
    except NoBrowser:
        return False


if __name__ == "__main__":
    if sys.argv[1:] == ["--install"]:
        try:
            install()
        except NoBrowser as error:
            sys.exit(str(error))
    else:
        sys.exit("Usage: python -m tests.e2e.browser --install")
