"""The page Data of the app.

It stands at its place in `dashboard.navigation.PAGES` on the path.
"""

import streamlit as st

from dashboard.navigation import guard
from mlcore.language import _

guard(__file__)
st.title(_("Data"))
st.write(_("Choose what the network learns from."))
