"""What a known bug does to a short training: the curves with it and without, and a sentence.

The Inside page offers it below the gradient check; the workers compute it.
"""

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.session import Session
from dashboard.study import Task, show_study
from dashboard.ui.formats import percent
from dashboard.ui.palette import DEV, TRAINING, axis, layout
from dashboard.ui.plotly_chart import show_chart
from mlcore import BugCurves, Dataset, Model, bug_curves
from mlcore.arrays import Float64Array
from mlcore.language import _
from mlcore.study.robustness import USUAL_IMAGES, some_images
from mlcore.training.memory import memory_needed

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT = "16rem"


def show_bug_curves(session: Session, model: Model, bug: str) -> None:
    """Offer to train twice, with a bug and without, and show what came of it."""
    data = session.dataset

    def task() -> Task:
        return bug_curves, (some_images(data), model.network_config, model.training_config, bug)

    found: BugCurves | None = show_study(
        "bug_curves",
        (bug, model.fingerprint, data.fingerprint),
        _("Train with and without it"),
        task,
        help=_(
            "Trains a new network with these settings on up to 2,000 images for 200 steps, once "
            "without the bug and once with it. This takes a few seconds."
        ),
        memory=_memory(model, data),
    )
    if found is not None:
        st.write(curves_in_words(found))
        show_chart(*bug_figures(found), key="bug_curves", subject=bug)


def _memory(model: Model, data: Dataset) -> int:
    n, classes = min(len(data), USUAL_IMAGES), len(data.class_names)
    needed = memory_needed(model.network_config, model.training_config, data.image_shape, classes, n)
    return needed.kept + needed.saving


def curves_in_words(found: BugCurves) -> str:
    """Return how far each of the two came."""
    correct, wrong = found.correct, found.with_bug
    text = _(
        "After {n} steps without the bug, the accuracy on images held back is {accuracy}, "
        "and the training loss is {loss:.2g}."
    )
    first = text.format(n=correct.steps[-1], accuracy=percent(correct.accuracy[-1]), loss=correct.loss[-1])
    if wrong.diverged_at is not None:
        text = _("With it the numbers became too large within {n} steps: nothing can be learned.")
        return f"{first} {text.format(n=wrong.diverged_at)}"
    text = _("With it, the accuracy is {accuracy}, and the loss is {loss:.2g}.")
    return f"{first} {text.format(accuracy=percent(wrong.accuracy[-1]), loss=wrong.loss[-1])}"


def bug_figures(found: BugCurves) -> list["Figure"]:
    """Return accuracy (in percent) and loss over steps, without the bug and, dashed, with it."""
    right = [100 * curve.accuracy for curve in (found.correct, found.with_bug)]
    loss = [curve.loss for curve in (found.correct, found.with_bug)]
    words = curves_in_words(found)
    return [
        _figure(found, _("Accuracy"), right, words, ticksuffix=" %"),
        _figure(found, _("Training loss"), loss, words, type="log"),
    ]


def _figure(found: BugCurves, title: str, values: list[Float64Array], alt: str, **y_axis: Any) -> "Figure":
    from plotly.graph_objects import Figure

    looks = (
        (_("Without the bug"), TRAINING, "solid", "circle"),
        (_("With the bug"), DEV, "dash", "diamond"),
    )
    traces = [
        {
            "type": "scatter",
            "name": name,
            "x": curve.steps.tolist(),
            "y": [float(f"{value:.4g}") for value in numbers],
            "mode": "lines+markers",
            "line": {"width": 2, "color": colour, "dash": dash},
            "marker": {"size": 6, "symbol": symbol, "color": colour},
            "hovertemplate": "%{y:.3~g}",
        }
        for (name, colour, dash, symbol), curve, numbers in zip(
            looks, (found.correct, found.with_bug), values, strict=True
        )
    ]
    settings = layout(
        title,
        xaxis=axis(_("Steps"), rangemode="tozero", nticks=7),
        yaxis=axis(title, nticks=6, **y_axis),
        meta={"alt": alt, "height": HEIGHT},
        hovermode="x unified",
    )
    return Figure(traces, settings)
