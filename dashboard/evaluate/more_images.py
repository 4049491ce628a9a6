"""What more training images would bring: the learning curve of the settings in use.

The Evaluate page shows it; the workers train the networks.
"""

import math
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.evaluate.offer import offer_csv
from dashboard.evaluate.study_files import learning_curve_csv
from dashboard.evaluate.training_images import packed, unpacked_bytes
from dashboard.models.judged import Judged
from dashboard.session import Session
from dashboard.study import Task, show_study
from dashboard.ui.error_bars import error_bars
from dashboard.ui.formats import percent
from dashboard.ui.messages import friendly_errors, plain
from dashboard.ui.palette import DEV, TRAINING, axis, layout
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.wording import network_words
from mlcore import LearningCurve, learning_curve
from mlcore.language import _
from mlcore.study.learning_curve import FITTED, SIZES, USUAL_SEEDS
from mlcore.study.parcel import opened

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@st.fragment
def show_learning_curve(judged: Judged) -> None:
    """Offer the study for the settings in use, and show what it found."""
    session = judged.session
    with friendly_errors():
        curve = _curve(session)
        settings = network_words(session.network_config)
        if curve is None:
            text = _(
                "{n} networks with the current settings ({settings}) train, each on part of the images. "
                "This takes about {times} times as long as one training."
            )
            n, times = SIZES * USUAL_SEEDS, 2 * USUAL_SEEDS
            st.caption(plain(text.format(n=n, settings=settings, times=times)))
            return
        st.write(curve_in_words(curve))
        show_chart(curve_figure(curve), key="learning_curve_chart")
        text = _(
            "Each point is the mean of {seeds} networks ({settings}), evaluated on the {n:,} "
            "images of the dev set; the bars are 95 % intervals. The dashed line assumes that "
            "the error falls as a power of the number of images (Hestness et al., 2017)."
        )
        last = curve.sizes[-1]
        st.caption(plain(text.format(seeds=len(last.right), settings=settings, n=last.n)))
        offer_csv(_("Learning curve (.csv)"), lambda: learning_curve_csv(curve), "learning-curve.csv")


def _curve(session: Session) -> LearningCurve | None:
    split, network, training = session.split, session.network_config, session.training_config

    def task() -> Task:
        parts = (packed(session, split.train), packed(session, split.dev))
        return opened, (learning_curve, *parts, network, training)

    found: LearningCurve | None = show_study(
        "learning_curve",
        (split.train.fingerprint, split.dev.fingerprint, network, training),
        _("Compute the learning curve"),
        task,
        memory=unpacked_bytes(session),
    )
    return found


def curve_in_words(curve: LearningCurve) -> str:
    """Return what twice as many images would bring, beside what all and half of them bring."""
    last = curve.sizes[-1]
    then = percent(min(1.0, last.accuracy + curve.gain_of_twice_as_many), 2)
    text = _(
        "Twice as many images would bring about {then} accuracy. All {n:,} bring {now}, half of them {half}."
    )
    half = percent(curve.sizes[-2].accuracy, 2)
    return text.format(then=then, now=percent(last.accuracy, 2), n=last.images, half=half)


def curve_figure(curve: LearningCurve) -> "Figure":
    """Return the accuracy over the number of images, doubled each time, and what twice as many promise."""
    from plotly.graph_objects import Figure

    sizes, bounds = curve.sizes, [size.likely_accuracy for size in curve.sizes]
    n = sizes[-1].images
    found = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": _("Measured"),
        "x": [size.images for size in sizes],
        "y": [round(100 * size.accuracy, 3) for size in sizes],
        "error_y": error_bars([size.accuracy for size in sizes], bounds),
        "line": {"color": TRAINING, "width": 2},
        "marker": {"size": 8, "color": TRAINING},
        "hovertemplate": "%{x:,}: %{y:.2f} %<extra></extra>",
    }
    fitted = [size.images for size in sizes[-FITTED:]] + [2 * n]
    expected = {
        "type": "scatter",
        "mode": "lines",
        "name": _("Expected"),
        "x": fitted,
        "y": [round(100 * curve.expected(images), 3) for images in fitted],
        "line": {"color": DEV, "width": 2, "dash": "dash"},
        "hovertemplate": "%{x:,}: %{y:.2f} %<extra></extra>",
    }
    ticks = [size.images for size in sizes] + [2 * n]
    settings = layout(
        "",
        xaxis=axis(
            _("Training images"),
            type="log",
            fixedrange=True,
            range=[math.log10(0.8 * ticks[0]), math.log10(1.25 * ticks[-1])],
            tickvals=ticks,
            # Every second one: all of them have no room on a phone.
            ticktext=[f"{n:,}" if (len(ticks) - k) % 2 == 0 else "" for k, n in enumerate(ticks)],
            tickangle=0,
        ),
        yaxis=axis(_("Right answers"), ticksuffix=" %", fixedrange=True, nticks=6),
        dragmode=False,
        meta={"alt": curve_in_words(curve), "height": "18rem"},
    )
    return Figure([found, expected], settings)
