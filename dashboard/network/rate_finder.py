"""The learning-rate finder: a short trial with growing rates, as a chart with the rate that it suggests.

The Network page shows it below the picture of the network.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.network.settings import set_training
from dashboard.runs.admission import demand_of, refuse_too_slow
from dashboard.session import Session
from dashboard.study import Task, show_study
from dashboard.ui.glossary import meaning
from dashboard.ui.palette import DEV, LINES, TRAINING, axis, layout
from dashboard.ui.plotly_chart import show_chart
from mlcore import LearningRateSearch, Split, TrainingConfig
from mlcore.language import _
from mlcore.study.learning_rate_finder import try_learning_rates

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_IMAGES = 10_000
"""Of a trial: its 120 steps with 128 images each take half as many again."""

FULL_BATCH = 2_000
"""Images of a step when all are taken at once: the trial then takes a second, not a minute."""


def show_rate_finder(session: Session) -> None:
    """Offer the trial, and show what one about these settings has found."""
    opened = st.expander(_("Find a learning rate"), on_change="rerun", key="rate_finder")
    if not opened.open:
        return
    with opened:
        st.caption(
            _("A new network takes 120 steps, each with a higher rate: you see which rates make it learn."),
            help=meaning("learning_rate"),
        )
        search = _search(session)
        if search is not None:
            _show(session, search)


def _search(session: Session) -> LearningRateSearch | None:
    """Return what was found with these settings, whatever the rate; until then, offer to try."""
    network = session.network_config
    training = replace(session.training_config, learning_rate=TrainingConfig.learning_rate)
    few = few_images(session.split, training)
    demand = demand_of(few, network, training)

    def task() -> Task:
        refuse_too_slow(demand)
        return try_learning_rates, (Split(few.train.detached(), few.dev.detached()), network, training)

    found: LearningRateSearch | None = show_study(
        "rates",
        (few.train.fingerprint, network, training),
        _("Try the rates"),
        task,
        memory=demand.kept,
        icon="query_stats",
    )
    return found


def few_images(split: Split, training: TrainingConfig) -> Split:
    """Return a split of the first training images: enough to tell, and quick to send."""
    most = FULL_BATCH if training.batch_size is None else MOST_IMAGES
    return Split(split.train.take(slice(0, most)), split.dev.take(slice(0, 1)))


def _show(session: Session, search: LearningRateSearch) -> None:
    """Show the losses, and offer the rate that they suggest."""
    rate = float(f"{search.suggestion:.2g}")
    show_chart(rate_figure(search), key="rate_chart")
    text = _(
        "The loss falls while the rate is suitable, and jumps up when it is too high. "
        "{rate:g} is a cautious choice: three times as much often learns even faster."
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
