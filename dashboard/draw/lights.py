"""The network at work: a panel of its neurons and feature maps that light up under the pen.

The Draw page shows it, folded away. `live.js` hands each answer of the browser to the script here, which
draws it.
"""

from pathlib import Path

import streamlit as st

from dashboard.draw.live import is_small
from mlcore import Model
from mlcore.language import _

_HERE = Path(__file__).parent
JS = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("flow.js", "lights.js"))
HTML = """<div class="dl-lights">
  <canvas tabindex="0" role="application"></canvas>
  <p class="dl-carried"></p>
  <p class="dl-told" role="status"></p>
  <div class="dl-liked"></div>
</div>"""


def show_lights(model: Model) -> None:
    """Offer to see the network work while the visitor draws."""
    with st.expander(_("See the network work"), icon=":material/lightbulb:", key="lights"):
        if not is_small(model):
            st.caption(_("This network is too large to work in a browser: the server alone answers."))
            return
        component = st.components.v2.component("digit_lab_lights", html=HTML, js=JS, isolate_styles=False)
        component(data=words(), key="network_lights")
        st.caption(
            _(
                "From top to bottom: the image that the network sees, its layers, and the classes. The "
                "brighter, the more active, compared with the rest of its layer; blue is below zero. The "
                "lines follow the largest products of output and weight back from the answer."
            )
        )


def words() -> dict[str, str]:
    """Return the words of the panel; what stands in braces is filled in by the script."""
    return {
        "label": _("The network at work. The arrow keys choose a neuron or feature map, Escape lets it go."),
        "choose": _("Click a neuron or a feature map to see what it responds to."),
        "carried": _("Strongest evidence for {name}: {units}."),
        "neuron": _("neuron {number}"),
        "map": _("feature map {number}"),
        "unit": _("Layer {layer}, {unit}."),
        "output": _("Output {value}."),
        "sources": _("Strongest inputs: {units}."),
        "weights": _("Its weights: ink on red raises its output, ink on blue lowers it."),
        "gradient": _(
            "How each pixel of your drawing moves it: ink on red raises it, ink on blue lowers it."
        ),
        "filter": _("Its filter: ink on red raises its output, ink on blue lowers it."),
        "patch": _("The part of your drawing to which it responds most."),
    }
