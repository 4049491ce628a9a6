"""The front door of the server: what every request passes first, on its way to Streamlit.

It packs Streamlit's files for slow lines, and puts the app's style sheet into each page before anything is
drawn. `app.py` gives it to `st.App`.
"""

import asyncio
import gzip
from collections.abc import Sequence
from typing import ClassVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEVEL = 6
"""Of gzip; 9 takes twice the time for one per cent less."""

TEXT = ("text/javascript", "application/javascript", "text/css", "image/svg+xml", "application/json")
"""Types of files that become smaller; fonts and pictures are packed already."""

FILES = "/static/"
"""Where Streamlit's own files are: their names change with their content, so each is packed once."""

NOT_PASSED_ON = (b"if-none-match", b"if-modified-since", b"accept-encoding")
"""Headers of a request whose answer is changed here: it must come whole and plain."""


class FrontDoor:
    """ASGI middleware that packs files and adds to pages.

    Parameters
    ----------
    app : ASGI application
        What answers the requests.
    addition : str
        HTML for the end of every page's body: behind Streamlit's own styles, which it overrides.
    """

    is_open: ClassVar[bool] = False
    """Whether this process has one; else Streamlit was started in another way, and the script adds it."""

    def __init__(self, app: ASGIApp, addition: str) -> None:
        self._app = app
        self._addition = addition.encode()
        self._packed: dict[str, list[Message]] = {}
        self._one_at_a_time = asyncio.Lock()
        FrontDoor.is_open = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; what asks for neither a file nor a page goes through as it is."""
        headers = Headers(scope=scope) if scope["type"] == "http" and scope["method"] == "GET" else Headers()
        packs = "gzip" in headers.get("accept-encoding", "") and "range" not in headers
        if packs and scope["path"].startswith(FILES):
            async with self._one_at_a_time:
                answer = self._packed.get(scope["path"]) or await self._pack(scope, receive)
        elif "text/html" in headers.get("accept", ""):
            answer = await answer_of(self._app, plain(scope), receive)
            if is_of(answer[0], ("text/html",)):
                answer = with_addition(answer, self._addition)
                answer = packed(answer) if packs else answer
        else:
            await self._app(scope, receive, send)
            return
        for message in answer:
            await send(message)

    async def _pack(self, scope: Scope, receive: Receive) -> list[Message]:
        answer = await answer_of(self._app, plain(scope), receive)
        if is_of(answer[0], TEXT) and is_whole(answer):
            answer = await asyncio.to_thread(packed, answer)
            self._packed[scope["path"]] = answer
        return answer


def front_door(addition: str) -> list[Middleware]:
    """Return the front door as `st.App` takes it."""
    return [Middleware(FrontDoor, addition=addition)]


async def answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    """Return the messages of an answer: its head, and its body in parts."""
    answer: list[Message] = []

    async def take(message: Message) -> None:
        answer.append(message)

    await app(scope, receive, take)
    return answer


def is_of(head: Message, types: tuple[str, ...]) -> bool:
    """Return whether an answer is a whole one of these types."""
    headers = Headers(raw=head["headers"])
    kind = headers.get("content-type", "").partition(";")[0]
    return head["status"] == 200 and kind in types


def is_whole(answer: Sequence[Message]) -> bool:
    """Return whether an answer's body is as long as its head says, where it says it."""
    said = Headers(raw=answer[0]["headers"]).get("content-length")
    return said is None or int(said) == len(_body(answer))


def plain(scope: Scope) -> Scope:
    """Return a request without `NOT_PASSED_ON`."""
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in NOT_PASSED_ON]}


def packed(answer: Sequence[Message]) -> list[Message]:
    """Return an answer with its body packed by gzip."""
    head = _with_body(answer, gzip.compress(_body(answer), LEVEL, mtime=0))
    headers = MutableHeaders(raw=head[0]["headers"])
    headers["content-encoding"] = "gzip"
    headers["vary"] = "Accept-Encoding"
    return head


def with_addition(answer: Sequence[Message], addition: bytes) -> list[Message]:
    """Return a page with HTML added at the end of its body."""
    before, end, after = _body(answer).rpartition(b"</body>")
    return _with_body(answer, before + addition + end + after)


def _body(answer: Sequence[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in answer if message["type"] == "http.response.body")


def _with_body(answer: Sequence[Message], body: bytes) -> list[Message]:
    headers = MutableHeaders(raw=list(answer[0]["headers"]))
    headers["content-length"] = str(len(body))
    for name in ("etag", "last-modified", "accept-ranges"):
        del headers[name]
    return [{**answer[0], "headers": headers.raw}, {"type": "http.response.body", "body": body}]
