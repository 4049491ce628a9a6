"""A visit of one page without a browser: open it by its address, and look at what it shows.

The tests of the pages share these steps.
"""

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from dashboard.navigation import ROOT
from dashboard.session import Session
from tests.waiting import PATIENCE


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


def figures(app: AppTest) -> dict[str, str]:
    """Return the figures that are shown, by their labels."""
    return {metric.label: str(metric.value) for metric in app.metric}


def grids(app: AppTest) -> list[str]:
    """Return the grids of pictures as HTML, in the order of the page."""
    return [html.proto.body for html in app.get("html") if "dl-grid" in html.proto.body]


def model_list(app: AppTest) -> "Selectbox[str]":
    """Return the list of models on Draw, Evaluate or Inside."""
    return next(box for box in app.selectbox if box.label == "Model")
