"""Data: choose a data set or upload one, look at its images, and split it into training and dev set.

The menu leads here first; what is chosen here is what Network and Train work with.
"""

import streamlit as st

from dashboard.data.choice import choose_dataset
from dashboard.data.decisions import show_decisions
from dashboard.data.overview import show_division, show_facts, show_samples
from dashboard.data.samples import average_pictures
from dashboard.link import follow_address
from dashboard.navigation import guard, offer_next
from dashboard.remembered import remember_settings
from dashboard.session import get_session
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import friendly_errors
from dashboard.ui.pictures import grid
from mlcore.language import _

guard(__file__)
st.title(_("Data"))
st.write(_("The images that the network learns from."))
session = get_session()
with friendly_errors():
    follow_address(session)
    remember_settings(session)
    choose_dataset(session)
    show_facts(session)
    left, right = st.columns([2, 1], gap="large")
    with left:
        st.header(_("Samples"), help=meaning("label"))
        show_decisions(session)
        show_samples(session)
    with right:
        st.header(_("The average image of each class"), help=meaning("average_image"))
        grid(average_pictures(session.dataset), 60)
    show_division(session)
    offer_next("data")
