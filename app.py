"""The entry of Digit Lab: `streamlit run app.py` shows the page that the address asks for, inside the app.

It stands before every page on the path. `dashboard` is imported before anything that could bring NumPy in.
"""

import dashboard  # noqa: F401  isort: skip
import streamlit as st

from dashboard.messages import friendly_errors
from dashboard.navigation import inside_app, wanted_page

page = inside_app()
wanted_page()
st.set_page_config(
    page_title=page.title if page.url_path == "" else f"{page.title} · Digit Lab", layout="wide"
)
with friendly_errors():
    page.run()
