"""A visit of one page without a browser: open it by its address, and look at what it shows.

The tests of the pages share these steps.
"""

import json
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from dashboard.navigation import ROOT
from dashboard.runs.service import RunService
from dashboard.session import Session
from tests.waiting import PATIENCE, wait_until


def new_app() -> AppTest:
    """Return the app before its first run."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)


def opened(page: str, **query: str) -> AppTest:
    """Open a page, such as "data", with a query in its address."""
    app = new_app()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(f"pages/{page}.py").run()


def session_of(app: AppTest) -> Session:
    """Return the visitor's session."""
    session = app.session_state["session"]
    assert isinstance(session, Session)
    return session


def computed(app: AppTest, service: RunService, name: str) -> AppTest:
    """Begin the study whose name begins so, wait for it, and return the page with what it found."""
    button = next(button for button in app.button if (button.key or "").startswith(f"begin_{name}"))
    button.click().run()
    wait_until(lambda: not any(study.status.live for study in service.studies._studies.values()))
    app.run()
    assert not app.exception
    return app


def figures(app: AppTest) -> dict[str, str]:
    """Return the figures that are shown, by their labels."""
    return {metric.label: str(metric.value) for metric in app.metric}


def grids(app: AppTest) -> list[str]:
    """Return the grids of pictures as HTML, in the order of the page: first those that only show them."""
    shown = [html.proto.body for html in app.get("html") if '<ul class="dl-grid"' in html.proto.body]
    return shown + [json.loads(proto.json)["html"] for proto in _open_grids(app)]


def press_picture(app: AppTest, place: int, grid: int = 0) -> AppTest:
    """Press a picture of one of the grids whose pictures can be opened."""
    widgets = app._tree.get_widget_states()
    pressed = json.dumps({"opened": place})
    widgets.widgets.append(WidgetState(id=_open_grids(app)[grid].id, json_value=pressed))
    return app._run(widgets)


def _open_grids(app: AppTest) -> list[Any]:
    found = [element.proto for element in app.get("bidi_component")]
    return [proto for proto in found if proto.component_name == "digit_lab_open_grid"]


def model_list(app: AppTest) -> "Selectbox[str]":
    """Return the list of models on Draw, Evaluate or Inside."""
    return next(box for box in app.selectbox if box.label == "Model")
