"""What lasts as long as the server's process: the budget, the runs, and who is there.

The pages reach it through `server()`. It lives outside of Streamlit's caches, because any visitor can have
those emptied by a message.
"""

import atexit
import logging
import sys
import threading
from types import ModuleType
from typing import Any

from dashboard.budget import Budget
from dashboard.reading.readings import Pace, Readings
from dashboard.runs.archive import Archive, ArchiveError, ArchiveLimits, usual_folder
from dashboard.runs.cluster import Cluster, address_of_environment
from dashboard.runs.limits import Limits
from dashboard.runs.search import Searches
from dashboard.runs.service import RunService
from dashboard.server.hosting import prepare_process
from dashboard.server.keeper import Keeper, KeepLimits
from dashboard.server.left_pages import stay_on_chosen_page
from dashboard.server.presence import Presence, is_connected
from dashboard.server.uploaded_files import UploadedFiles

_log = logging.getLogger(__name__)

_PLACE = "digitlab_server"
# When a source file changes, Streamlit imports all of the project's modules again. A module that has no file
# stays, and so the new `server()` finds the server there is, which keeps the code it was made with.
_kept: Any = sys.modules.setdefault(_PLACE, ModuleType(_PLACE))
_lock: threading.Lock = vars(_kept).setdefault("lock", threading.Lock())


class Server:
    """The objects that all visitors of one server share, and that end with it.

    Attributes
    ----------
    budget : Budget
        The memory that all visitors may take together.
    presence : Presence
        The sessions that are there; tells when one has gone.
    kept : Keeper
        What each browser had, for its next session.
    cluster : Cluster or None
        The workers elsewhere on which runs train, when the address of a scheduler is set.
    runs : RunService
        All runs; starts no process before the first.
    searches : Searches
        Searches for good settings, whose runs are among these.
    readings : Readings
        Reads visitors' files, each in a process of its own.
    uploads : UploadedFiles
        What visitors have sent and nobody has read yet.
    """

    def __init__(self) -> None:
        self.budget = Budget.of_machine()
        archive, why_not = open_archive()
        self.cluster = open_cluster()
        self.runs = RunService(
            limits=Limits.of_environment(),
            budget=self.budget,
            archive=archive,
            why_not_kept=why_not,
            **({} if self.cluster is None else self.cluster.for_runs()),
        )
        self.searches = Searches(self.runs)
        self.kept: Keeper[Any] = Keeper(is_connected, KeepLimits.of_environment())
        self.budget.give_up = self.kept.give_up
        self.presence = Presence(self.runs.leave, each_look=self.kept.look)
        self.readings = Readings(self.budget, self.runs.store, Pace.of_environment())
        self.uploads = UploadedFiles(self.budget, self.runs.store)
        self._closing = threading.Lock()

    def close(self) -> None:
        """End all runs and their workers; doing so twice is once, and each call returns when it is done."""
        with self._closing:
            self.presence.close()
            self.readings.close()
            self.runs.close()
            if self.cluster is not None:
                self.cluster.close()


def open_cluster() -> Cluster | None:
    """Return the cluster whose scheduler the environment names; it is connected to, if that is possible."""
    address = address_of_environment()
    return Cluster(address) if address else None


def open_archive() -> tuple[Archive | None, str]:
    """Return the archive of runs in the folder that is set for it, or None and the sentence why not."""
    try:
        return Archive(usual_folder(), ArchiveLimits.of_environment()), ""
    except ArchiveError as error:
        _log.warning("Runs end with this server: %s", error)
        return None, str(error)


def server() -> Server:
    """Return this process's server, made at the first call and closed when the process ends."""
    with _lock:
        if not hasattr(_kept, "server"):
            prepare_process()
            stay_on_chosen_page()
            _kept.server = Server()
            _kept.server.uploads.install()
            atexit.register(_kept.server.close)
        made: Server = _kept.server
        return made


def close_server() -> None:
    """Close this process's server, if it was made."""
    if hasattr(_kept, "server"):
        _kept.server.close()
