"""How the layers of a run are: folded away below the learning curves until somebody wants to know.

The Train page shows it in the part that is updated while a run trains.
"""

import streamlit as st

from dashboard.runs.status import RunStatus
from dashboard.train.health_figures import layer_figures, weights_figure, weights_in_words
from dashboard.ui.glossary import meaning
from dashboard.ui.plotly_chart import show_chart
from mlcore.language import _


def show_health(status: RunStatus) -> None:
    """Offer the figures of the layers; they are made only while they are open."""
    more = st.expander(
        _("Health of the layers"),
        key=f"health of {status.run_id}",
        on_change="rerun",
    )
    if not more.open:
        return
    with more:
        if not status.health:
            st.write(_("Nothing to show yet: the layers are measured when the network is evaluated."))
            return
        _show_layers(status)


def _show_layers(status: RunStatus) -> None:
    noted, in_steps = status.health, status.counts_steps
    names = [layer.name for layer in noted[0].layers]
    layer = st.selectbox(
        _("Weights of the layer"),
        range(len(names)),
        format_func=names.__getitem__,
        key=f"health_layer_{status.run_id}",
        width=220,
    )
    st.write(weights_in_words([health.layers[layer] for health in noted]))
    subject = f"{status.run_id} {status.history_version}"
    show_chart(weights_figure(noted, in_steps, layer), key="health_weights", subject=f"{subject} {layer}")
    st.caption(_("Gradient, update and dead neurons"), help=meaning("gradient", "update", "dead_neurons"))
    show_chart(*layer_figures(noted, in_steps), key="health_layers", subject=subject)
