"""A browser's tab as the server sees it: the messages that it sends, and what the answers put on its page.

Tests send with it what no browser would, and the load benchmark is many tabs at once without any browser.
"""

import json
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.waiting import PATIENCE

COOKIE = "_streamlit_xsrf"
DONE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
STREAMLIT = [Subprotocol("streamlit")]
LARGEST = 200 * 2**20  # bytes of one message


@dataclass
class Shown:
    """One element of the page, and the fragment that it belongs to."""

    element: Element
    fragment: str


@dataclass
class Page:
    """What one tab shows; it makes the messages to send, and takes in those that come, but moves none itself.

    Attributes
    ----------
    shown : dict
        The elements by their place on the page.
    pages : dict
        The pages of the app's menu: address → hash.
    repeats : dict
        The fragments that ask to be run again by themselves: id → seconds.
    finished : int
        How many script runs have come to their end.
    answers : dict
        The latest answer to each kind of question.
    """

    query: str = ""
    shown: dict[tuple[int, ...], Shown] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    repeats: dict[str, float] = field(default_factory=dict)
    finished: int = 0
    answers: dict[str, ForwardMsg] = field(default_factory=dict)
    _hash: str = ""
    _widgets: dict[str, WidgetState] = field(default_factory=dict)

    def take(self, data: bytes) -> ForwardMsg:
        """Take in a message of the server's, and return it."""
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._take_delta(message)
        elif kind == "new_session":
            self._hash = message.new_session.page_script_hash
            if not message.metadata.run.fragment_ids:
                self.shown.clear()
                self.repeats.clear()
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self.repeats[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "script_finished" and message.script_finished in DONE:
            self.finished += 1
        if kind is not None:
            self.answers[kind] = message
        return message

    def _take_delta(self, message: ForwardMsg) -> None:
        if message.delta.WhichOneof("type") == "new_element":
            place = tuple(message.metadata.delta_path)
            self.shown[place] = Shown(message.delta.new_element, message.delta.fragment_id)

    # ---- what is on the page -----------------------------------------------------------------------------

    def elements(self, kind: str) -> Iterator[Any]:
        """Yield the elements of one kind: "html", "button", "bidi_component" …"""
        for shown in self.shown.values():
            if shown.element.WhichOneof("type") == kind:
                yield getattr(shown.element, kind)

    def find(self, kind: str, wanted: Callable[[Any], bool] = lambda element: True) -> tuple[Any, str]:
        """Return the first element of this kind that is wanted, and its fragment."""
        for shown in self.shown.values():
            if shown.element.WhichOneof("type") == kind and wanted(getattr(shown.element, kind)):
                return getattr(shown.element, kind), shown.fragment
        raise LookupError(f"There is no such {kind} on the page.")

    # ---- messages to send --------------------------------------------------------------------------------

    def open(self, page: str, query: str = "") -> bytes:
        """Return the message of a tab that has just been opened at an address, such as "draw"."""
        self.query, self._widgets = query, {}
        return self._rerun(page_name=page)

    def go_to(self, page: str, query: str = "") -> bytes:
        """Return the message of a click on the app's menu."""
        self.query, self._widgets = query, {}
        return self._rerun(page_script_hash=self.pages[page])

    def press(self, label: str) -> bytes:
        """Return the message of a click on a button."""
        button, fragment = self.find("button", lambda button: button.label == label)
        return self._rerun(WidgetState(id=button.id, trigger_value=True), fragment_id=fragment)

    def draw(self, objects: list[dict[str, Any]]) -> bytes:
        """Return the message of a pen that was lifted; ``objects`` is all that is on the canvas."""
        canvas, fragment = self.find("bidi_component", lambda part: "canvas" in part.component_name)
        value = {"drawing": {"raw": {"objects": objects}, "data": None}, "backgroundFit": None}
        return self.set([WidgetState(id=canvas.id, json_value=json.dumps(value))], fragment)

    def fill(self, label: str, value: float) -> bytes:
        """Return the message of a number that was typed into the field of this label."""
        field, fragment = self.find("bidi_component", lambda part: _is_field(part, label))
        typed = [[f"{value:g}"], json.loads(field.json)["turn"] + 1]
        return self.set([WidgetState(id=field.id, json_value=json.dumps({"typed": typed}))], fragment)

    def choose(self, label: str, option: str) -> bytes:
        """Return the message of a click on an option of this label."""
        group, fragment = self.find("button_group", lambda group: group.label == label)
        state = WidgetState(id=group.id)
        state.string_array_value.data.append(option)
        return self.set([state], fragment)

    def ask_for_room(self, name: str) -> bytes:
        """Return the message by which a tab asks where to send a file of this name."""
        message = BackMsg()
        message.file_urls_request.request_id = name
        message.file_urls_request.file_names.append(name)
        return message.SerializeToString()

    def bring(self, name: str, size: int) -> bytes:
        """Return the message that a file is there, which was sent to the place in `answers`."""
        uploader, fragment = self.find("file_uploader")
        place = self.answers["file_urls_response"].file_urls_response.file_urls[0]
        state = WidgetState(id=uploader.id)
        file = state.file_uploader_state_value.uploaded_file_info.add()
        file.file_id, file.name, file.size = place.file_id, name, size
        file.file_urls.CopyFrom(place)
        return self.set([state], fragment)

    def repeat(self, fragment: str) -> bytes:
        """Return the message by which a fragment is run again."""
        return self._rerun(fragment_id=fragment, is_auto_rerun=True)

    def set(self, states: Iterable[WidgetState], fragment: str) -> bytes:
        """Return the message of widgets of this fragment that have other states."""
        self._widgets |= {state.id: state for state in states}
        return self._rerun(fragment_id=fragment)

    def _rerun(self, *triggers: WidgetState, **where: Any) -> bytes:
        state = ClientState(query_string=self.query, **{"page_script_hash": self._hash, **where})
        state.widget_states.widgets.extend([*self._widgets.values(), *triggers])
        return BackMsg(rerun_script=state).SerializeToString()


CLEAR_CACHE = BackMsg(clear_cache=True).SerializeToString()
"""Streamlit's message to empty all caches; its own menu hides it here, but anybody can send it."""


class Tab:
    """A `Page` with a connection to the server, for a test that takes one step after the other."""

    def __init__(self, socket: ClientConnection) -> None:
        self.page = Page()
        self.socket = socket

    def run(self, message: bytes) -> None:
        """Send a message, and wait until the script that it starts has come to its end."""
        goal = self.page.finished + 1
        self.socket.send(message)
        while self.page.finished < goal:
            self.page.take(self.socket.recv(timeout=PATIENCE))


@contextmanager
def open_tab(
    address: str, cookie: str | None = None, headers: Mapping[str, str] | None = None
) -> Iterator[Tab]:
    """Connect a tab to the server at this address, as a browser that has this XSRF cookie (or none)."""
    cookies = {} if cookie is None else {"Cookie": f"{COOKIE}={cookie}"}
    with connect(
        stream(address),
        additional_headers={**cookies, **(headers or {})},
        subprotocols=STREAMLIT,
        max_size=LARGEST,
    ) as socket:
        yield Tab(socket)


def bring_own(tab: Tab, address: str, cookie: str, name: str, content: bytes) -> None:
    """Bring a file on the Data page by the tab of this cookie, and wait until it is read or refused."""
    page = tab.page
    tab.run(page.open("data"))
    tab.run(page.choose("Data set", "Your own"))
    tab.socket.send(page.ask_for_room(name))
    while "file_urls_response" not in page.answers:
        page.take(tab.socket.recv(timeout=PATIENCE))
    place = page.answers["file_urls_response"].file_urls_response.file_urls[0].upload_url
    body = b'--x\r\nContent-Disposition: form-data; name="a"; filename="%b"\r\n\r\n' % name.encode()
    headers = {
        "X-Xsrftoken": cookie,
        "Cookie": f"{COOKIE}={cookie}",
        "Content-Type": "multipart/form-data; boundary=x",
    }
    request = urllib.request.Request(
        address + place, body + content + b"\r\n--x--\r\n", headers, method="PUT"
    )
    urllib.request.urlopen(request, timeout=PATIENCE).close()
    tab.run(page.bring(name, len(content)))


def stream(address: str) -> str:
    """Return where the server at this address takes a tab's connection."""
    return f"{address.replace('http', 'ws', 1)}/_stcore/stream"


def new_cookie(address: str) -> str:
    """Return the XSRF cookie that the server gives to a browser that has none."""
    with urllib.request.urlopen(f"{address}/_stcore/health", timeout=PATIENCE) as answer:
        cookies = SimpleCookie(answer.headers["Set-Cookie"])
    return cookies[COOKIE].value


def _is_field(part: Any, label: str) -> bool:
    """Whether a component is the field for a number with this label."""
    return "number_field" in part.component_name and json.loads(part.json or "{}").get("label") == label
