"""What browsers send is kept on disk instead of in the server's memory, within bounds, until it is read.

`server()` installs it once. Streamlit would keep each file in memory for as long as the visit lasts, and any
client may send as many as it likes: five of 150 MB ended a server of 700 MB.
"""

import io
import logging
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast, overload

from starlette import formparsers
from starlette.exceptions import HTTPException
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFileManager, UploadedFileRec
from streamlit.typing import UploadedFile

from dashboard.budget import Budget, NoRoom
from dashboard.places import lies_in_memory
from dashboard.runs.store import DataStore

MOST_FILES = 50
MOST_BYTES = 400_000_000
"""What one session may have on the server at a time; MNIST has four files of 12 MB, packed, or 55 MB."""

DISK_SHARE = 0.5
"""Of the disk that is free: what may be taken for uploads."""

_log = logging.getLogger(__name__)


class KeptFile:
    """One file on disk, deleted when nothing refers to this object any more."""

    def __init__(self, folder: Path, budget: Budget) -> None:
        handle, name = tempfile.mkstemp(prefix="upload-", dir=folder)
        self.path = Path(name)
        self.size = 0
        self._file = open(handle, "wb")  # noqa: SIM115  until `finish`
        self._room = budget.reserve(0)
        weakref.finalize(self, _delete, self._file, self.path, self._room.release)

    def write(self, data: bytes) -> None:
        """Add bytes at the end.

        Raises
        ------
        NoRoom
            When uploads may not take as much.
        """
        self._room.resize(self.size + len(data))
        self._file.write(data)
        self.size += len(data)

    def finish(self) -> None:
        """Let all that was written be there for others."""
        self._file.close()


def _delete(file: BinaryIO, path: Path, release: Callable[[], None]) -> None:
    file.close()
    path.unlink(missing_ok=True)
    release()


class OnDisk(bytes):
    """Stands for a file on disk where Streamlit keeps the content of an upload: empty, with its length."""

    kept: KeptFile

    def __new__(cls, kept: KeptFile) -> "OnDisk":
        """Return a stand-in for this file."""
        self = super().__new__(cls)
        self.kept = kept
        return self

    def __len__(self) -> int:
        return self.kept.size


class Spool:
    """Takes the place of the file into which starlette writes an upload, and gives back where it lies."""

    _rolled = True  # so that starlette writes in another thread

    def __init__(self, folder: Callable[[], Path], budget: Budget) -> None:
        self._folder = folder
        self._budget = budget
        self._kept: KeptFile | None = None

    def write(self, data: bytes) -> int:
        """Add bytes at the end, or answer the browser that there is no room."""
        try:
            if self._kept is None:
                self._kept = KeptFile(self._folder(), self._budget)
            self._kept.write(data)
        except (NoRoom, OSError) as error:
            _log.warning("An upload was refused: %s", error)
            raise HTTPException(507, "There is no room for this file at the moment.") from error
        return len(data)

    def seek(self, offset: int) -> None:
        """Do nothing: what was written is read as a whole."""

    def read(self, size: int = -1) -> bytes:
        """Return what stands for the content."""
        if self._kept is None:
            return b""
        self._kept.finish()
        return OnDisk(self._kept)

    def close(self) -> None:
        """Let go of the file, which stays while somebody has what `read` returned."""
        self._kept = None


class UploadedFiles:
    """The files that all visitors have sent and not taken back yet.

    Parameters
    ----------
    budget : Budget
        Has to have room for them where the disk is one that lies in memory.
    store : DataStore
        In whose folder they lie.
    """

    def __init__(self, budget: Budget, store: DataStore) -> None:
        self._memory = budget
        self._disk = Budget(None, lambda: int(shutil.disk_usage(self._folder()).free * DISK_SHARE))
        self._store = store

    def install(self) -> None:
        """Let this process's Streamlit keep files here, when it serves an app."""
        if not runtime.exists():
            return
        budget = self._memory if lies_in_memory(self._folder()) else self._disk
        vars(formparsers)["SpooledTemporaryFile"] = lambda max_size=0: Spool(self._folder, budget)
        _bound_sessions(cast(Any, runtime.get_instance()).uploaded_file_mgr)

    def _folder(self) -> Path:
        folder = self._store.folder / "uploads"
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def paths(self, files: Sequence[UploadedFile]) -> Iterator[list[Path]]:
        """Tell where the contents of files lie, while the block runs."""
        kept = [kept_file(file) for file in files]  # holds them, even if they are taken back meanwhile
        with ExitStack() as stack:
            yield [
                stack.enter_context(self._written(file)) if one is None else one.path
                for file, one in zip(files, kept, strict=True)
            ]

    @contextmanager
    def _written(self, file: UploadedFile) -> Iterator[Path]:
        copy = KeptFile(self._folder(), self._disk)
        copy.write(file.getvalue())
        copy.finish()
        yield copy.path


def kept_file(file: UploadedFile) -> KeptFile | None:
    """Return what is kept on disk for a file; None when its content is in memory, as in a page's test."""
    context = get_script_run_ctx()
    if context is None:
        return None
    records = context.uploaded_file_mgr.get_files(context.session_id, [file.file_id])
    # By the attribute: when a source file has changed, the class is another one of the same name.
    return next((getattr(record.data, "kept", None) for record in records), None)


@contextmanager
def opened(file: UploadedFile) -> Iterator[BinaryIO]:
    """Have a file open for reading while the block runs, wherever its content lies."""
    kept = kept_file(file)
    if kept is None:
        file.seek(0)
        yield file
    else:
        with kept.path.open("rb") as stream:
            yield stream


@overload
def in_memory(file: UploadedFile) -> io.BytesIO: ...


@overload
def in_memory(file: None) -> None: ...


def in_memory(file: UploadedFile | None) -> io.BytesIO | None:
    """Return a small file, such as a picture, with its content at hand."""
    if file is None:
        return None
    with opened(file) as stream:
        content = io.BytesIO(stream.read())
    content.name = file.name  # for sentences about it
    return content


def _bound_sessions(manager: UploadedFileManager) -> None:
    """Refuse what one session has too much of."""
    add_file = manager.add_file  # type: ignore[attr-defined]
    storage: dict[str, dict[str, UploadedFileRec]] = manager.file_storage  # type: ignore[attr-defined]

    def add_within_bounds(session_id: str, file: UploadedFileRec) -> None:
        sizes = [len(other.data) for other in [*storage.get(session_id, {}).values()]]
        if len(sizes) >= MOST_FILES or sum(sizes) + len(file.data) > MOST_BYTES:
            raise HTTPException(413, "There are too many files; take some out first.")
        add_file(session_id=session_id, file=file)

    manager.add_file = add_within_bounds  # type: ignore[attr-defined]
