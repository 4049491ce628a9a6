"""The page Search as a visitor uses it: choose what to vary, search, read the board, use the best.

What a browser shows of it is in `tests/e2e/test_the_way_of_runs.py`.
"""

import errno
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import estimate, run_service
from dashboard.runs.search import Searches
from dashboard.runs.service import RunService
from dashboard.runs.store import DataStore
from dashboard.search import board
from dashboard.search.form import plan_of
from dashboard.session import Session
from mlcore import NetworkConfig, TrainingConfig
from mlcore.search.space import Dimension
from tests.fields import number_field
from tests.pages.visits import new_app, session_of
from tests.waiting import wait_until

TINY = (NetworkConfig(hidden_sizes=(8,)), TrainingConfig(batch_size=64, epochs=1))


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Iterator[Searches]:
    """Searches of a service of its own in the place of the server's; its worker is a thread."""
    with closing(RunService(1, make_executor=lambda: ThreadPoolExecutor(1), clean_up_every=None)) as service:
        made = Searches(service)
        for module in (estimate, run_service):
            monkeypatch.setattr(module, "get_run_service", lambda: service)
        for module in (board, run_service):
            monkeypatch.setattr(module, "get_searches", lambda: made)
        yield made


def visit() -> AppTest:
    """Open the page with small images and a small network."""
    session = Session(network_config=TINY[0], training_config=TINY[1])
    session.use_dataset("digits-8x8")
    app = new_app()
    app.session_state["run_owner"], app.session_state["session"] = "ada", session
    return checked(app.switch_page("pages/search.py").run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    assert not app.error
    return app


def box(app: AppTest, kind: str, label: str) -> Any:
    return next(found for found in getattr(app, kind) if found.label == label)


def test_settings_are_chosen_with_their_ranges_and_what_cannot_be_is_said(searches: Searches) -> None:
    app = visit()
    assert [one.name for one in plan_of(session_of(app)).space] == [
        "learning_rate",
        "hidden_sizes",
        "batch_size",
    ]
    box(app, "multiselect", "Settings to vary").set_value(["dropout", "activation", "hidden_sizes"]).run()
    number_field(checked(app), "Dropout: to").type("0.3")
    box(app, "text_input", "Hidden layers").set_value("-; 16; 32, 16").run()
    box(checked(app), "button_group", "Activation").set_value(["relu", "tanh"]).run()
    plan = plan_of(session_of(checked(app)))
    assert plan.space == (
        Dimension("dropout", 0.0, 0.3),
        Dimension("activation", values=("relu", "tanh")),
        Dimension("hidden_sizes", values=((), (16,), (32, 16))),
    )
    number_field(app, "Dropout: from").type("0.8")
    assert "must lie above" in number_field(app, "Dropout: from").problem
    box(app, "text_input", "Hidden layers").set_value("64; many").run()
    assert "many is not a list of whole numbers" in app.error[0].value
    box(app, "multiselect", "Settings to vary").set_value(["optimizer"]).run()
    said = " ".join(one.value for one in checked(app).caption)
    assert "Optimizer: here AdamW trains the same run as Adam, so only one of the two is tried." in said
    assert "There are only 5 different runs to try. 5 runs are about" in said
    box(app, "multiselect", "Settings to vary").set_value(["momentum"]).run()
    assert "Momentum is not varied. No effect now: only" in " ".join(one.value for one in app.caption)
    box(app, "button", "Start the search").click().run()
    assert "None of the settings to vary has an effect" in app.error[0].value
    assert searches.newest("ada") is None
    box(app, "multiselect", "Settings to vary").set_value([]).run()
    assert "Choose at least one setting" in app.error[0].value
    assert plan_of(session_of(app)).space == (Dimension("momentum", 0.5, 0.99),)


def test_a_search_is_started_read_and_its_best_settings_are_used(searches: Searches) -> None:
    app = visit()
    number_field(app, "Runs").type("6")
    box(app, "button", "Start the search").click().run()
    wait_until(lambda: not searches.newest("ada").live)  # type: ignore[union-attr]
    checked(app.run())
    status = searches.newest("ada")
    assert status is not None
    best = status.best
    assert best is not None
    table = app.dataframe[0].value
    assert list(table["Rank"]) == [1, 2, 3, 4, 5, 6]
    assert {*table["State"]} == {"Finished"}
    assert list(table["Dev accuracy"]) == sorted(table["Dev accuracy"], reverse=True)
    assert "The best 3 runs are kept" in " ".join(caption.value for caption in app.caption)
    box(app, "button", "Use the best").click().run()
    session = session_of(checked(app))
    assert (session.network_config, session.training_config) == (best.network, best.training)
    assert box(app, "button", "Use the best").disabled


def test_a_search_that_ended_on_a_full_disk_says_so(
    searches: Searches, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder, written = DataStore.make_folder, list[str]()

    def fills_up(store: DataStore, name: str, room: int = 0) -> Path:
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(name)
        return make_folder(store, name, room)

    monkeypatch.setattr(DataStore, "make_folder", fills_up)
    app = visit()
    box(app, "button", "Start the search").click().run()
    wait_until(lambda: not searches.newest("ada").live)  # type: ignore[union-attr]
    app.run()
    assert "could not write the files" in app.error[0].value
    assert "No run was evaluated." in [part.value for part in app.markdown]
    assert "are kept with their models" not in " ".join(part.value for part in app.caption)


def test_the_settings_that_are_not_varied_may_come_with_the_address_and_stay_in_it(
    searches: Searches,
) -> None:
    app = new_app()
    app.session_state["run_owner"] = "ada"
    app.query_params["data"] = "digits-8x8"
    app.query_params["settings"] = "1~hidden_sizes-16~epochs-4"
    session = session_of(checked(app.switch_page("pages/search.py").run()))
    assert (session.dataset_key, session.training_config.epochs) == ("digits-8x8", 4)
    assert "8×8 digits" in " ".join(part.value for part in app.markdown)
    assert app.query_params["settings"] == "1~hidden_sizes-16~epochs-4"
