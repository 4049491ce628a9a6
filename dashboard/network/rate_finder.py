"""The learning-rate finder: a short trial with growing rates, as a chart with the rate that it suggests.

The Network page shows it below the picture of the network.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.network.settings import set_training
from dashboard.run_service import get_run_service
from dashboard.session import Session
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import friendly_errors
from dashboard.ui.palette import DEV, LINES, TRAINING, axis, layout
from dashboard.ui.plotly_chart import show_chart
from mlcore import LearningRateSearch, NetworkConfig, TrainingConfig
from mlcore.language import _

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

KEY = "rate_search"


@dataclass(frozen=True)
class Trial:
    """What was tried: the data, the network and how it is trained, whatever the rate."""

    data: str
    network: NetworkConfig
    training: TrainingConfig


def show_rate_finder(session: Session) -> None:
    """Offer the trial, and show what the last one found as long as it is about these settings."""
    opened = st.expander(_("Find a learning rate"), on_change="rerun", key="rate_finder")
    if not opened.open:
        return
    with opened, friendly_errors():
        st.caption(
            _("A new network takes 120 steps, each with a higher rate: you see which rates make it learn."),
            help=meaning("learning_rate"),
        )
        trial = _trial(session)
        if st.button(_("Try the rates"), icon=":material/query_stats:", key="try_rates"):
            with st.spinner(_("Trying the rates …")):
                found = get_run_service().find_rate(session.split, trial.network, trial.training)
            st.session_state[KEY] = (trial, found)
        tried, search = st.session_state.get(KEY, (None, None))
        if tried == trial and search is not None:
            _show(session, search)


def _trial(session: Session) -> Trial:
    training = replace(session.training_config, learning_rate=TrainingConfig.learning_rate)
    return Trial(session.dataset.fingerprint, session.network_config, training)


def _show(session: Session, search: LearningRateSearch) -> None:
    """Show the losses, and offer the rate that they suggest."""
    rate = float(f"{search.suggestion:.2g}")
    show_chart(rate_figure(search), key="rate_chart")
    text = _(
        "The loss falls while the rate suits, and jumps up when it is too high. {rate:g} is a cautious "
        "choice: often three times as much learns faster still."
    )
    st.caption(text.format(rate=rate))
    st.button(
        _("Use {rate:g}").format(rate=rate),
        key="use_found_rate",
        disabled=session.training_config.learning_rate == rate,
        on_click=_use,
        args=(session, rate),
    )


def _use(session: Session, rate: float) -> None:
    set_training(session, "learning_rate", replace(session.training_config, learning_rate=rate))


def rate_figure(search: LearningRateSearch) -> "Figure":
    """Return the loss of each step over its rate, its running mean, and the suggestion as a line."""
    from plotly.graph_objects import Figure

    rates = [float(f"{rate:.4g}") for rate in search.rates]
    top = float(np.max(search.smoothed[: max(1, int(np.argmin(search.smoothed)))])) * 1.5
    alt = _("Loss over learning rate: lowest at {lowest:.2g}, suggested is {rate:.2g}.").format(
        lowest=search.rates[int(np.argmin(search.smoothed))], rate=search.suggestion
    )
    curves = [
        {
            "type": "scatter",
            "x": rates,
            "y": [float(f"{loss:.4g}") for loss in losses],
            "name": name,
            "mode": "lines",
            "line": line,
            "hovertemplate": "%{x}: %{y}<extra></extra>",
        }
        for losses, name, line in (
            (search.losses, _("each step"), {"color": LINES, "width": 1}),
            (search.smoothed, _("running mean"), {"color": TRAINING, "width": 2}),
        )
    ]
    suggested = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": DEV, "dash": "dash"}}
    settings = layout(
        "",
        xaxis=axis(_("Learning rate"), type="log", dtick=1, exponentformat="power"),
        yaxis=axis(_("Loss"), range=[0, top]),
        shapes=[suggested | {"x0": search.suggestion, "x1": search.suggestion}],
        meta={"alt": alt, "height": "16rem"},
    )
    return Figure(curves, settings)
