"""Keeps a visitor on the page that they chose, when the page that they left still asks for something.

A fragment (a part of a page that runs alone) may ask to run between the click on the menu and the moment
when the browser knows of the new page. Streamlit 1.67 runs it for the page that was left: the new page goes
blank, or the click is lost (docs/decisions/0027-pages-that-were-left.md). The server calls
`stay_on_chosen_page` once.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType

_MARK = "_stays_on_chosen_page"


def stay_on_chosen_page() -> None:
    """Let Streamlit run no fragment of a page that was left, and lose no change of the page."""
    if getattr(ScriptRunner, _MARK, False):
        return
    ScriptRunner._run_script = _without_lost_fragments(ScriptRunner._run_script)  # type: ignore[assignment, method-assign]
    ScriptRequests._request_rerun_locked = _keeping_the_page(  # type: ignore[assignment, method-assign]
        ScriptRequests._request_rerun_locked
    )
    setattr(ScriptRunner, _MARK, True)


def _without_lost_fragments(
    run: Callable[[ScriptRunner, RerunData], None],
) -> Callable[[ScriptRunner, RerunData], None]:
    """Return ``run`` so that it does nothing when all the fragments that it should run are gone."""

    @wraps(run)
    def run_script(self: ScriptRunner, rerun_data: RerunData) -> None:
        wanted = rerun_data.fragment_id_queue
        if not wanted or any(map(self._fragment_storage.contains, wanted)):
            run(self, rerun_data)

    return run_script


def _keeping_the_page(
    request: Callable[[ScriptRequests, RerunData], bool],
) -> Callable[[ScriptRequests, RerunData], bool]:
    """Return ``request`` so that a fragment takes no waiting run of a whole page to another page."""

    @wraps(request)
    def request_rerun(self: ScriptRequests, new_data: RerunData) -> bool:
        waiting = self._rerun_data if self._state == ScriptRequestType.RERUN else None
        is_part = bool(new_data.fragment_id or new_data.fragment_id_queue)
        if waiting is not None and is_part and not waiting.fragment_id_queue:
            new_data = replace(
                new_data,
                page_script_hash=waiting.page_script_hash,
                page_name=waiting.page_name,
                query_string=waiting.query_string,
            )
        return request(self, new_data)

    return request_rerun
