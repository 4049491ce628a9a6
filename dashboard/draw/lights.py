"""The network at work: a panel of its neurons and feature maps that light up under the pen.

The Draw page shows it, folded away. `live.js` hands it each answer of the browser.
"""

from pathlib import Path

import streamlit as st

from dashboard.draw.live import is_small
from mlcore import Model
from mlcore.exports.lights import HTML, lights_help, lights_script, lights_title, lights_words
from mlcore.language import _

_JS = lights_script() + (Path(__file__).parent / "lights.js").read_text(encoding="utf-8")


def show_lights(model: Model) -> None:
    """Offer to see the network work while the visitor draws."""
    with st.expander(lights_title(), icon=":material/lightbulb:", key="lights"):
        if not is_small(model):
            st.caption(_("This network is too large to run in a browser, so only the server answers."))
            return
        component = st.components.v2.component("digit_lab_lights", html=HTML, js=_JS, isolate_styles=False)
        component(data=lights_words(), key="network_lights")
        st.caption(lights_help())
