"""What lives in a worker of a Dask cluster: a workspace of one server, and what the server may ask of it.

`dashboard.runs.cluster` makes a `RemoteWorkspace` there as a Dask actor, and calls it. It goes, with all that
it holds, when the server lets go of it or is gone: Dask sees to that.
"""

import hashlib
import os
import platform
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import dashboard
import mlcore
from dashboard.runs.files import Content, NotSent, SentFiles
from dashboard.runs.worker import Workspace


@dataclass(frozen=True)
class Answer:
    """What comes back of a call.

    Attributes
    ----------
    result : object
        What the function returned.
    error : Exception or None
        What it raised.
    lacks : tuple of str
        The files that it needs first; the call has to be repeated with them.
    written : dict
        The files to be written on the server: path and bytes; None is a file to be deleted.
    """

    result: Any = None
    error: Exception | None = None
    lacks: tuple[str, ...] = ()
    written: dict[str, bytes | None] = field(default_factory=dict)


class RemoteWorkspace:
    """Calls functions with a workspace of its own, one at a time: Dask has one thread for all actors."""

    def __init__(self) -> None:
        self._files = SentFiles()
        self._workspace = Workspace(self._files)
        self._to_hold: set[int] = set()
        weakref.finalize(self, self._workspace.clear)

    def call(
        self,
        number: int,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        contents: dict[str, Content],
        outdated: tuple[str, ...],
        held: bool,
    ) -> Answer:
        """Call a function.

        Parameters
        ----------
        number : int
            Of the call, by which `hold` names it.
        contents : dict
            Files that an earlier answer said were lacking.
        outdated : tuple of str
            Arrays that are no longer needed.
        held : bool
            Whether a turn has to end at once.
        """
        self._files.take(contents)
        self._files.forget(outdated)
        self._files.must_end = lambda: held or number in self._to_hold
        try:
            with self._workspace.in_use():
                result = function(*arguments)
        except NotSent as error:
            return Answer(lacks=error.paths)
        except Exception as error:
            return Answer(error=error, written=self._files.hand_over())
        finally:
            self._to_hold.discard(number)
        return Answer(result, written=self._files.hand_over())

    async def hold(self, number: int) -> None:
        """Have the turn of this call end; a coroutine, so that it need not wait for the call."""
        self._to_hold.add(number)


@dataclass(frozen=True)
class Facts:
    """What must be the same on two machines for a run to give the same weights on both.

    Attributes
    ----------
    versions : dict
        Of Python, NumPy and this program's own code: a digest of what trains.
    one_thread : bool
        Whether NumPy's matrix products take one thread, as those of the server's own workers do.
    """

    versions: dict[str, str]
    one_thread: bool


def facts() -> Facts:
    """Return the facts of this process."""
    versions = {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "NumPy": np.__version__,
        "Digit Lab": code_digest(),
    }
    return Facts(versions, os.environ.get("OPENBLAS_NUM_THREADS") == "1")


def code_digest() -> str:
    """Return what tells this state of the code that trains from any other."""
    digest = hashlib.sha256()
    for package, pattern in ((mlcore, "**/*.py"), (dashboard, "runs/*.py")):
        folder = Path(package.__path__[0])
        for file in sorted(folder.glob(pattern)):
            digest.update(file.relative_to(folder).as_posix().encode())
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]
