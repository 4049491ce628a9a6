"""Network: choose a recipe or set every hyperparameter, see the network drawn, and how long it will take.

What is set here is what Train trains.
"""

import streamlit as st

from dashboard.link import follow_address, offer_link
from dashboard.navigation import guard, offer_next
from dashboard.network.form import show_network, show_settings
from dashboard.network.rate_finder import show_rate_finder
from dashboard.network.recipe_choice import choose_recipe
from dashboard.remembered import remember_settings
from dashboard.session import get_session
from dashboard.ui.messages import friendly_errors
from mlcore.language import _

guard(__file__)
st.title(_("Network"))
st.write(_("How the network is built and how it is trained."))
session = get_session()
with friendly_errors():
    follow_address(session)
    remember_settings(session)
    with st.container(width=640, gap="xsmall"):
        choose_recipe(session)
        offer_link(session)
    settings, picture = st.columns([3, 2], gap="medium")
    with settings, friendly_errors():
        show_settings(session)
    with picture, st.container(key="network_picture"), friendly_errors():
        show_network(session)
        show_rate_finder(session)
        offer_next("network")
