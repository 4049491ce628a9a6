"""Digit Lab's entry: `streamlit run app.py` starts the server here, and shows the pages.

Streamlit imports it once, for `app`, and runs it as a script at every visit and every click. `dashboard` is
imported before anything that brings NumPy in.
"""

import dashboard  # noqa: F401  isort: skip
import streamlit as st

from dashboard.navigation import inside_app, wanted_page
from dashboard.run_service import heartbeat
from dashboard.server.ending import end_in_order, lifespan
from dashboard.server.front_door import FrontDoor, front_door
from dashboard.server.server import close_server
from dashboard.ui.look import ICON, SCRIPTS, STYLE
from dashboard.ui.messages import friendly_errors
from dashboard.ui.number_field import prepare_number_fields


def show_page() -> None:
    """Show the page that the address names, inside the app."""
    # Before the menu: for a page's Material icon, the browser's tab would ask a server of Google's.
    st.set_page_config(page_icon=ICON, layout="wide")
    if not FrontDoor.is_open:
        st.html(STYLE)
    st.logo(ICON, size="large")
    content = st.container()
    with st.container(height=1, border=False, gap=None):  # they show nothing, but take room while they load
        st.html(SCRIPTS, unsafe_allow_javascript=True)
        prepare_number_fields()
    page = inside_app()
    wanted_page()
    st.set_page_config(page_title=f"{page.title} · Digit Lab" if page.url_path else "Digit Lab")
    with content, friendly_errors():
        heartbeat()
        page.run()


if __name__ == "__main__":
    show_page()
else:
    end_in_order(close_server)
    app = st.App(__file__, middleware=front_door(STYLE), lifespan=lifespan)
