"""Digit Lab's entry: `streamlit run app.py` shows the page that the address names, inside the app.

Streamlit runs it at every visit and every click. `dashboard` is imported before anything that brings NumPy
in.
"""

import dashboard  # noqa: F401  isort: skip
import streamlit as st

from dashboard.navigation import inside_app, wanted_page
from dashboard.run_service import heartbeat
from dashboard.ui.look import ACCESS, ICON, STYLE
from dashboard.ui.messages import friendly_errors
from dashboard.ui.number_field import prepare_number_fields

# Before the menu: for a page's Material icon, the browser's tab would ask a server of Google's.
st.set_page_config(page_icon=ICON, layout="wide")
st.html(STYLE)
st.html(ACCESS, unsafe_allow_javascript=True)
st.logo(ICON, size="large")
prepare_number_fields()
page = inside_app()
wanted_page()
st.set_page_config(page_title=f"{page.title} · Digit Lab" if page.url_path else "Digit Lab")
with friendly_errors():
    heartbeat()
    page.run()
