"""How the server ends when it is told to (SIGTERM): within seconds, and with everything put away.

`app.py` calls `end_in_order`, and gives `lifespan` to `st.App`.
"""

import asyncio
import gc
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from streamlit import runtime

LONGEST_GOODBYE = 2
"""Seconds that requests get to end in, once the server was told to stop."""

LONGEST_SCRIPT = 1.0
"""Seconds that the pages' scripts get to end in after that."""

LONGEST_END = 4.0
"""Seconds until the process ends, whatever its threads are at."""

_SCRIPT = "ScriptRunner.scriptThread"  # what Streamlit calls the thread of a page's script


def end_in_order(close: Callable[[], object]) -> None:
    """Let SIGTERM end this process as the end of its program does, so that workers and files are put away.

    Uvicorn, which has imported the app when this is called, would close the connections and then raise the
    signal again, which ends the process at once. So its server is only told to stop. An exception from the
    signal's handler would strike whatever is being answered, and be taken for an error of the page. Who still
    sends or waits is cut off after `LONGEST_GOODBYE`; a process that a thread keeps from ending, after
    `LONGEST_END`.

    Parameters
    ----------
    close : callable
        Puts away what the process has; called at the latest moment, if the program has not ended by then.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if not isinstance(server, uvicorn.Server) or threading.current_thread() is not threading.main_thread():
        return

    def end_by_force() -> None:
        time.sleep(LONGEST_END)
        close()
        os._exit(0)

    def end(*_signal: object) -> None:
        if not server.should_exit:
            server.should_exit = True
            threading.Thread(target=end_by_force, name="end by force", daemon=True).start()

    server.config.timeout_graceful_shutdown = LONGEST_GOODBYE
    logging.getLogger("uvicorn.error").addFilter(tells_of_an_error)
    signal.signal(signal.SIGTERM, end)


def tells_of_an_error(record: logging.LogRecord) -> bool:
    """Return whether a record tells of more than an answer that was cut off because the server ends."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Serve until the server is to end, and then let the pages' scripts end before their event loop does.

    A script that went on would meet a closed loop with the next element it shows, and fill the log with that.
    """
    yield
    streamlit = runtime.get_instance()
    streamlit.stop()
    await streamlit.stopped
    deadline = time.monotonic() + LONGEST_SCRIPT
    for thread in threading.enumerate():
        if thread.name == _SCRIPT:
            await asyncio.to_thread(thread.join, max(0.0, deadline - time.monotonic()))
    gc.freeze()  # Python would look through all that is left, once more, before it ends
