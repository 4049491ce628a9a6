"""The page Digit Lab of the app.

It stands at its place in `dashboard.navigation.PAGES` on the path.
"""

import streamlit as st

from dashboard.navigation import guard
from mlcore.language import _

guard(__file__)
st.title(_("Digit Lab"))
st.write(_("Draw a digit, or train your own network."))
