"""What a visitor does, step by step: open an address, wait, look, press, and notice what goes wrong.

Browser tests call these steps instead of playwright, so that a test reads as the visit it describes.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil, hypot
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Download,
    Error,
    FloatRect,
    Frame,
    Locator,
    Page,
    Request,
    Route,
    WebSocketRoute,
)
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.e2e.expecting import expect
from tests.e2e.wire import COOKIE, open_tab
from tests.waiting import PATIENCE

PICTURES = Path(__file__).resolve().parents[2] / "test-results"
CONNECTED = '[data-testid="stApp"][data-test-connection-state="CONNECTED"]'
IDLE = f'{CONNECTED}[data-test-script-state="notRunning"]'
# At a deep link Streamlit first looks for its server below the page's own address, and hears "not found".
USUAL = r"404 \(Not Found\) \(\S+/\w+/_stcore/(health|host-config)\)$"
TRAINING = 5 * PATIENCE  # seconds that a whole training may take

CANVAS = "canvas.upper-canvas"
CURVES = '.dl-chart[data-key="learning_curves"]'
Stroke = Sequence[tuple[float, float]]
SEVEN: Stroke = ((0.28, 0.24), (0.7, 0.24), (0.45, 0.8))


class Visitor:
    """One person at one tab of a browser.

    Attributes
    ----------
    page : playwright.sync_api.Page
        The tab; `main` is the part below the app's menu. Others have it after this visitor: what would stay
        in it is put there by `begin_each_page_with` and `route_connection`.
    phone : bool
        Whether the page is a phone's, and touched.
    problems : list of str
        What nobody expected: errors that the console or a script of the page told of, and requests to any
        other server than the app's. A test with any fails.
    """

    def __init__(
        self,
        context: BrowserContext,
        address: str,
        *,
        page: Page | None = None,
        phone: bool = False,
        dark: bool = False,
    ) -> None:
        self.context = context
        self.address = address
        self.phone = phone
        self.problems: list[str] = []
        self._expected = [re.compile(USUAL)]
        self._runs: set[str] = set()
        self.page: Page = page or (context.pages[0] if context.pages else context.new_page())
        self._is_tab_changed = False
        self.page.set_default_timeout(PATIENCE * 1000)
        self.prefer(dark=dark)
        self.page.on("console", self._hear)
        self.page.on("request", self._watch)
        self.page.on("pageerror", self._hear_error)
        self.page.on("framenavigated", self._note_run)

    @property
    def main(self) -> Locator:
        """The page's own content, without menu and sidebar."""
        return self.page.get_by_test_id("stMain")

    def open_another_tab(self, path: str) -> "Visitor":
        """Return the same person at one more tab, in which this address is open; this tab stays as it is."""
        tab = Visitor(self.context, self.address, page=self.context.new_page(), phone=self.phone)
        tab.open(path)
        return tab

    def prefer(self, *, dark: bool) -> None:
        """Set which colours this person's system prefers."""
        self.page.emulate_media(color_scheme="dark" if dark else "light")

    def begin_each_page_with(self, script: str) -> None:
        """Let a script run in this tab before any of a page's own; nobody has the tab after this visitor."""
        self._is_tab_changed = True
        self.page.add_init_script(script)

    def route_connection(self, handler: Callable[[WebSocketRoute], object]) -> None:
        """Let the tab's connections to the server go through this; nobody has the tab after this visitor."""
        self._is_tab_changed = True
        self.page.route_web_socket("**/_stcore/stream", handler)

    def route_requests(self, address: re.Pattern[str], handler: Callable[[Route], object]) -> None:
        """Let the tab's requests to such addresses go through this; nobody has the tab after this visitor."""
        self._is_tab_changed = True
        self.page.route(address, lambda route: handler(route))  # Playwright takes no built-in, such as append

    def leave(self) -> None:
        """Stop what was started, and listen to the tab no more; close it when it is not as it was."""
        self.stop_runs()
        self.page.remove_listener("console", self._hear)
        self.page.remove_listener("request", self._watch)
        self.page.remove_listener("pageerror", self._hear_error)
        self.page.remove_listener("framenavigated", self._note_run)
        if self._is_tab_changed:
            self.page.close()

    def open(self, path: str = "/", text: str | None = None) -> None:
        """Type an address below the app's own, and wait until the page stands (and shows this text)."""
        self.page.goto(self.address + path)
        self.wait_until_idle(text)

    def reload(self, text: str | None = None) -> None:
        """Press the browser's reload."""
        self.page.reload()
        self.wait_until_idle(text)

    def wait_until_idle(self, text: str | None = None, seconds: float = PATIENCE) -> None:
        """Wait until the app has nothing more to do and, where one is given, shows this text.

        Right after a click the app may still look idle: give a text that only the answer shows.
        """
        if text is not None:
            self.see(text, seconds)
        expect(self.page.locator(IDLE)).to_be_visible(timeout=seconds * 1000)

    def see(self, text: str | re.Pattern[str], seconds: float = PATIENCE) -> None:
        """Wait until this text stands on the page."""
        shown = self.main.get_by_text(text).filter(visible=True).first
        expect(shown).to_be_visible(timeout=seconds * 1000)

    def go_to(self, title: str) -> None:
        """Choose a page from the app's menu, which a phone keeps behind a button."""
        self.menu().filter(has_text=title).first.click()
        expect(self.page).to_have_title(re.compile("^Digit Lab$" if title == "Home" else f"^{title}\\b"))
        self.wait_until_idle()

    def menu(self) -> Locator:
        """Return the links of the app's menu, opening it first on a phone."""
        top = self.page.get_by_test_id("stTopNavLink")
        opener = self.page.get_by_test_id("stExpandSidebarButton")
        expect(top.or_(opener).first).to_be_visible()
        if top.first.is_visible():
            return top
        opener.click()
        return self.page.get_by_test_id("stSidebarNavLink")

    def press(self, name: str | re.Pattern[str], text: str | None = None) -> None:
        """Press the button of this name, and wait for this text when one is given."""
        self.main.get_by_role("button", name=name).first.click()
        if text is not None:
            self.wait_until_idle(text)

    def download(self, name: str) -> Download:
        """Press a button that gives a file and return the download.

        The page rests first: while it is drawn anew, the files of the drawing before are gone.
        """
        button = self.page.get_by_role("button", name=name).first
        expect(button).to_be_visible()
        self.wait_until_idle()
        with self.page.expect_download() as download:
            button.click()
        return download.value

    def fill(self, label: str, number: str) -> None:
        """Type a number into the field of this label."""
        field = self.main.get_by_role("spinbutton", name=label)
        field.fill(number)
        field.press("Enter")

    def choose(self, label: str, option: str | re.Pattern[str]) -> None:
        """Choose an option, by its whole text or a pattern, from the list whose label contains this text.

        A list closes again when the page scrolls, as it does when something above is still growing: like
        anybody, the visitor opens it once more, and looks longer each time.
        """
        box = self.main.get_by_role("combobox", name=re.compile(re.escape(label)))
        wanted = self.page.get_by_role("option", name=option, exact=True)
        box.evaluate("box => box.scrollIntoView({ block: 'center' })")
        seconds = 1.0
        while True:
            if not wanted.is_visible():
                box.click()
            try:
                wanted.click(timeout=seconds * 1000)
            except PlaywrightTimeoutError:
                if seconds > PATIENCE:
                    raise
                seconds *= 2
            else:
                return

    def start_endless_run(self, recipe: str = "standard", **numbers: int) -> None:
        """Start a run that never comes to its end, so that it can be caught while it trains.

        A link sets it up, which opens one page less than to set it up by hand; the numbers are other settings
        by their names.
        """
        settings = {"epochs": 10_000, **numbers}
        text = "~".join(["1", *(f"{name}-{number}" for name, number in settings.items())])
        self.open(f"/train?recipe={recipe}&settings={text}")
        self.see(re.compile("10,?000 epochs"))
        self.press("Start")
        self.see_curves()

    def stop_runs(self) -> None:
        """Stop every run of this visit that still trains, so that it takes no core from those who come."""
        cookies = {cookie["name"]: cookie["value"] for cookie in self.context.cookies()}
        for run in self._runs:
            with open_tab(self.address, cookies[COOKIE]) as tab:
                tab.run(tab.page.open("train", f"run={run}"))
                stop = [button for button in tab.page.elements("button") if button.label == "Stop"]
                if stop and not stop[0].disabled:
                    tab.run(tab.page.press("Stop"))

    def see_curves(self) -> None:
        """Wait until the learning curves of a run are drawn; before a run, Train shows the usual curve."""
        expect(self.page).to_have_url(re.compile("[?&]run="))
        expect(self.main.locator(f"{CURVES} .dl-plot svg.main-svg").first).to_be_visible()

    def draw(self, *strokes: Stroke, text: str | None = None) -> None:
        """Draw strokes on the canvas, by finger on a phone and else by mouse, and wait for this text.

        A stroke is a list of points (x, y), each from 0 to 1 across the canvas from its top left corner.
        """
        box = box_at_rest(self.main.locator(CANVAS).last)
        for stroke in strokes:
            points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in _fine(stroke)]
            self._touch(points) if self.phone else self._drag(points)
        # Until Python has heard of the strokes, the browser answers by itself.
        expect(self.main.locator(".dl-answer[data-live]")).to_have_count(0)
        if text is not None:
            self.wait_until_idle(text)

    def expect_problem(self, pattern: str) -> None:
        """Expect errors that match this regular expression in this visit."""
        self._expected.append(re.compile(pattern))

    def picture(self, name: str) -> Path:
        """Save what the visitor sees to `test-results/`, to help with a failure."""
        PICTURES.mkdir(exist_ok=True)
        path = PICTURES / f"{re.sub(r'[^A-Za-z0-9-]+', '-', name).strip('-')}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def _drag(self, points: Stroke) -> None:
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point)
        self.page.mouse.up()

    def _touch(self, points: Stroke) -> None:
        browser = self.context.new_cdp_session(self.page)
        kinds = ["touchStart", *["touchMove"] * (len(points) - 1)]
        for kind, (x, y) in zip(kinds, points, strict=True):
            browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        browser.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        browser.detach()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location.get('url', '')})")

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self._note(f"request to another server: {request.url}")

    def _hear_error(self, error: Error) -> None:
        self._note(f"page error: {error}")

    def _note_run(self, frame: Frame) -> None:
        self._runs.update(parse_qs(urlsplit(frame.url).query).get("run", []))

    def _note(self, problem: str) -> None:
        if not any(pattern.search(problem) for pattern in self._expected):
            self.problems.append(problem)


def box_at_rest(part: Locator) -> FloatRect:
    """Return where a part of a page is on the screen, once it is in sight and moves no more."""
    part.click(trial=True)  # which waits for that
    box = part.bounding_box()
    assert box is not None, "It has gone."
    return box


def distance(upper: Locator, lower: Locator) -> float:
    """Return how far the top of one part of a page lies below that of another; seen in one look."""
    tops = "(lower, upper) => lower.getBoundingClientRect().top - upper.getBoundingClientRect().top"
    found: float = lower.evaluate(tops, upper.element_handle())
    return found


def _fine(stroke: Stroke, apart: float = 0.06) -> Stroke:
    """Return a stroke with points between its points where those lie further apart, as a hand makes them."""
    fine = [stroke[0]]
    for (x, y), (to_x, to_y) in pairwise(stroke):
        parts = ceil(hypot(to_x - x, to_y - y) / apart)
        fine += [(x + (to_x - x) * k / parts, y + (to_y - y) * k / parts) for k in range(1, parts + 1)]
    return fine
