"""A fragment of a page that was left neither runs nor takes the visitor back.

What a visitor sees of it is tested in `tests/e2e/test_left_pages.py`.
"""

import pytest
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType

from dashboard.server.left_pages import stay_on_chosen_page


@pytest.fixture(autouse=True)
def wrapped() -> None:
    stay_on_chosen_page()


def test_a_fragment_that_asks_while_a_page_waits_does_not_change_which_page_it_is() -> None:
    requests = ScriptRequests()
    requests.request_rerun(RerunData(page_script_hash="new", page_name="", query_string="a=1"))
    requests.request_rerun(RerunData(page_script_hash="old", query_string="b=2", fragment_id="part"))
    request = requests.on_scriptrunner_ready()
    assert request.type == ScriptRequestType.RERUN
    data = request.rerun_data
    assert (data.page_script_hash, data.query_string, data.fragment_id_queue) == ("new", "a=1", [])


def test_a_page_that_is_chosen_while_a_fragment_waits_is_the_one_that_runs() -> None:
    requests = ScriptRequests()
    requests.request_rerun(RerunData(page_script_hash="old", fragment_id="part"))
    requests.request_rerun(RerunData(page_script_hash="new"))
    data = requests.on_scriptrunner_ready().rerun_data
    assert (data.page_script_hash, data.fragment_id_queue) == ("new", [])


def test_fragments_of_one_page_still_wait_together() -> None:
    requests = ScriptRequests()
    for part in ("one", "two"):
        requests.request_rerun(RerunData(page_script_hash="here", fragment_id=part))
    data = requests.on_scriptrunner_ready().rerun_data
    assert (data.page_script_hash, data.fragment_id_queue) == ("here", ["one", "two"])


def test_wrapping_twice_wraps_once() -> None:
    before = ScriptRunner._run_script
    stay_on_chosen_page()
    assert ScriptRunner._run_script is before
