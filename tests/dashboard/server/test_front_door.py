"""The front door: files are packed once, pages get the style sheet, everything else passes as it is.

These are the tests of `dashboard.server.front_door`.
"""

import asyncio
import gzip
from concurrent.futures import ThreadPoolExecutor

from starlette.types import Message, Receive, Scope, Send

from dashboard.server.front_door import FrontDoor, is_whole

SCRIPT, PAGE = b"let a = 1;" * 500, b"<html><body><div></div></body></html>"
ANSWERS = {
    "/static/js/a.js": (200, "text/javascript; charset=utf-8", SCRIPT),
    "/static/media/a.woff2": (200, "font/woff2", b"font"),
    "/static/js/gone.js": (404, "text/javascript", b"none"),
    "/train": (200, "text/html; charset=utf-8", PAGE),
    "/_stcore/health": (200, "text/plain", b"ok"),
}
BROWSER = {"accept": "text/html,*/*", "accept-encoding": "gzip, br", "if-none-match": '"old"'}


class Site:
    """An application that answers from `ANSWERS` in two parts, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[bytes, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(dict(scope["headers"]))
        status, kind, body = ANSWERS[scope["path"]]
        headers = {"content-type": kind, "content-length": str(len(body)), "etag": '"1"', "x-kept": "yes"}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body[:10], "more_body": True})
        await send({"type": "http.response.body", "body": body[10:]})


def get(door: FrontDoor, path: str, method: str = "GET", **headers: str) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body that a request gets, with its status among the headers."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": raw}
    got: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        got.append(message)

    with ThreadPoolExecutor(1) as pool:  # a loop may run in this thread: that of the browser, after its tests
        pool.submit(asyncio.run, door(scope, receive, send)).result()
    names = {name.decode(): value.decode() for name, value in got[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in got[1:])
    assert names["content-length"] == str(len(body))
    return names | {"status": str(got[0]["status"])}, body


def test_a_file_is_packed_once_and_says_so() -> None:
    site = Site()
    door = FrontDoor(site, "")
    for _visit in range(2):
        headers, body = get(door, "/static/js/a.js", **BROWSER)
        assert gzip.decompress(body) == SCRIPT
        assert len(body) < len(SCRIPT) / 10
        assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding")
        assert headers["x-kept"] == "yes"
        assert "etag" not in headers
    assert len(site.asked) == 1
    assert b"if-none-match" not in site.asked[0]


def test_an_answer_that_broke_off_is_not_kept() -> None:
    head = {"type": "http.response.start", "status": 200}
    names = [(b"content-type", b"text/javascript"), (b"content-length", b"100")]
    assert is_whole([{**head, "headers": names}, {"type": "http.response.body", "body": b"a" * 100}])
    assert not is_whole([{**head, "headers": names}, {"type": "http.response.body", "body": b"a" * 99}])


def test_who_does_not_unpack_gets_the_file_as_it_is_and_so_does_who_wants_a_part_of_it() -> None:
    door = FrontDoor(Site(), "")
    assert get(door, "/static/js/a.js", accept_encoding="identity")[1] == SCRIPT
    assert get(door, "/static/js/a.js", accept_encoding="gzip", range="bytes=0-9")[1] == SCRIPT


def test_fonts_and_missing_files_are_neither_packed_nor_kept() -> None:
    site = Site()
    door = FrontDoor(site, "")
    for path in ("/static/media/a.woff2", "/static/js/gone.js"):
        for _visit in range(2):
            headers, body = get(door, path, **BROWSER)
            assert body == ANSWERS[path][2]
            assert "content-encoding" not in headers
            assert headers["status"] == str(ANSWERS[path][0])
    assert len(site.asked) == 4


def test_a_page_gets_the_addition_at_the_end_of_its_body_and_never_an_old_one() -> None:
    site = Site()
    door = FrontDoor(site, "<style>é</style>")
    headers, body = get(door, "/train", **BROWSER)
    assert gzip.decompress(body).decode() == "<html><body><div></div><style>é</style></body></html>"
    assert "etag" not in headers
    assert b"if-none-match" not in site.asked[0]
    plain = get(door, "/train", accept="text/html")[1]
    assert plain == gzip.decompress(body)


def test_everything_else_passes_as_it_is() -> None:
    site = Site()
    door = FrontDoor(site, "<style></style>")
    headers, body = get(door, "/_stcore/health", accept="*/*", if_none_match='"1"')
    assert (body, headers["etag"], site.asked[0][b"if-none-match"]) == (b"ok", '"1"', b'"1"')
    assert get(door, "/train", method="HEAD", **BROWSER)[1] == PAGE
