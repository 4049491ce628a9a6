"""The table of pages, the menu made from it, and the guard that every page calls first.

`app.py` shows the menu. The order of the table is that of the work: from a data set to a drawing.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

import dashboard.language  # noqa: F401  every page comes by here, and from here on speaks its visitor's language
from dashboard.address import whole_address
from dashboard.ui.messages import forget_problems
from mlcore.language import N_, _

ROOT = Path(__file__).resolve().parent.parent

_INSIDE = "inside_app"
_WANTED = "wanted_page"
_CURRENT = "current_page"


@dataclass(frozen=True)
class PageEntry:
    """One page: its file in `pages/`, the address below `/`, and what the menu says.

    Attributes
    ----------
    name : str
        The file's stem, and the address: "train" is `pages/train.py` at `/train` (home is at `/`).
    title, icon : str
        What the menu and the browser's tab show (the title in English; shown through `_`).
    """

    name: str
    title: str
    icon: str


PAGES: tuple[PageEntry, ...] = (
    PageEntry("home", N_("Home"), ":material/home:"),
    PageEntry("data", N_("Data"), ":material/grid_view:"),
    PageEntry("network", N_("Network"), ":material/hub:"),
    PageEntry("train", N_("Train"), ":material/show_chart:"),
    PageEntry("evaluate", N_("Evaluate"), ":material/fact_check:"),
    PageEntry("inside", N_("Inside"), ":material/frame_inspect:"),
    PageEntry("draw", N_("Draw"), ":material/draw:"),
    PageEntry("runs", N_("Runs"), ":material/list_alt:"),
    PageEntry("search", N_("Search"), ":material/query_stats:"),
)


def page(name: str) -> Any:
    """Return the `st.Page` of a name in `PAGES`, for `st.switch_page` and `st.page_link`."""
    entry = next(entry for entry in PAGES if entry.name == name)
    return st.Page(
        ROOT / "pages" / f"{entry.name}.py",
        title=_(entry.title),
        icon=entry.icon,
        url_path="" if entry.name == "home" else entry.name,
        default=entry.name == "home",
    )


def offer_next(name: str, bold: bool = True) -> None:
    """Show the button to the page after this one on the way from data to drawing, the last of each page.

    Parameters
    ----------
    name : str
        Of the page that shows it.
    bold : bool
        Whether it is the first thing to do here.
    """
    titles = {entry.name: entry.title for entry in PAGES}
    following = [*titles][[*titles].index(name) + 1]
    with st.container(key="primary_link" if bold else "secondary_link"):
        label = _("Next: {page}").format(page=_(titles[following]))
        st.page_link(page(following), label=label, icon=":material/arrow_forward:")


def inside_app() -> Any:
    """Show the menu, mark this session as inside the app, and return the page to run."""
    chosen = st.navigation([page(entry.name) for entry in PAGES], position="top")
    st.session_state[_INSIDE] = True
    return chosen


def guard(file: str) -> None:
    """Bring a visitor inside the app; every page calls ``guard(__file__)`` before anything else.

    Until some session of a server has run app.py, Streamlit's older page discovery answers an address
    such as `/train` with the bare page. The guard remembers the address, with its query, and runs app.py,
    whose `wanted_page` comes back here. On another page, the problems of the last one are forgotten.
    """
    name = Path(file).stem
    if st.session_state.get(_INSIDE):
        if name != st.session_state.get(_CURRENT):
            st.session_state[_CURRENT] = name
            forget_problems()
        return
    st.session_state[_WANTED] = (name, whole_address())
    st.switch_page(str(ROOT / "app.py"))


def wanted_page() -> None:
    """Go on to the page that the guard remembered, if it did."""
    wanted = st.session_state.pop(_WANTED, None)
    if wanted is not None:
        name, query = wanted
        st.switch_page(page(name), query_params=query)
