"""How robust a model is: its accuracy when the images are turned, moved, blurred and so on.

The Evaluate page shows it; the workers compute it, for each model once.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.evaluate.offer import offer_csv
from dashboard.evaluate.study_files import robustness_csv
from dashboard.models.choice import chosen_key, model_labels, model_of
from dashboard.models.evaluations import misfit
from dashboard.models.judged import Judged
from dashboard.session import Session
from dashboard.study import Task, show_study
from dashboard.ui.choices import choose_one
from dashboard.ui.error_bars import error_bars
from dashboard.ui.formats import percent
from dashboard.ui.messages import chart_text, friendly_errors, plain
from dashboard.ui.palette import COLORS, axis, layout
from dashboard.ui.pictures import Picture, grid
from dashboard.ui.plotly_chart import show_chart
from mlcore import DISTORTIONS, Dataset, Model, Robustness, Strength, distort, robustness
from mlcore.language import N_, _
from mlcore.quote import quoted
from mlcore.study.robustness import some_images

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_MODELS = 4

CLEAR_LOSS = 0.05
"""Accuracy that is lost before the sentence speaks of it."""

SENTENCES = {
    "rotation": N_("Turned by {x:g}°, {right} of 100 images are read correctly."),
    "shift": N_("Moved by {x:g} pixels, {right} of 100 images are read correctly."),
    "scale": N_("At {x:g} % of their size, {right} of 100 images are read correctly."),
    "noise": N_("With noise of {x:g} % of full ink, {right} of 100 images are read correctly."),
    "blur": N_("Blurred by {x:g} pixels, {right} of 100 images are read correctly."),
    "pen_width": N_("With strokes changed by {x:g} pixels, {right} of 100 images are read correctly."),
}
"""By the names of `mlcore.DISTORTIONS`."""


@st.fragment
def show_robustness(judged: Judged) -> None:
    """Offer the study, and show what it found: a sentence, the curve, and one image at each strength."""
    session, model, images = judged.session, judged.model, judged.images
    with friendly_errors():
        found = _study(model, images)
        if found is None:
            st.caption(
                _(
                    "Images are turned, moved, scaled, blurred, made noisy, and drawn with another pen: up "
                    "to 2,000 of them in 49 ways. This takes a few seconds."
                )
            )
            return
        name = choose_one(
            _("What changes"),
            {name: about.label for name, about in DISTORTIONS.items()},
            key="distortion",
        )
        st.write(robustness_in_words(name, found))
        labels = model_labels(session)
        curves = {labels[chosen_key(session)]: found} | _others(session, labels, images)
        show_chart(robustness_figure(name, curves), key="robustness_chart")
        st.caption(f"{_(DISTORTIONS[name].help)} {_interval_words(found)}")
        offer_csv(_("Robustness (.csv)"), lambda: robustness_csv(curves), "robustness.csv")
        _show_example(name, model, images)


def _study(model: Model, images: Dataset) -> Robustness | None:
    def task() -> Task:
        return robustness, (model, some_images(images))

    found: Robustness | None = show_study(
        f"robustness_{model.fingerprint[:12]}",  # several may be offered at the same time
        (model.fingerprint, images.fingerprint),
        _("Measure the robustness"),
        task,
    )
    return found


def _others(session: Session, labels: Mapping[str, str], images: Dataset) -> dict[str, Robustness]:
    """Let the visitor add models to the chart, and return those that are measured."""
    others = [key for key in labels if key != chosen_key(session)]
    added = st.multiselect(
        _("Compare with"),
        others,
        format_func=labels.__getitem__,
        key="robust_models",
        max_selections=MOST_MODELS - 1,
        placeholder=_("Choose a model"),
        width=440,
    )
    found = {}
    for key in added:
        model = model_of(session, key)
        if reason := misfit(model, images):
            st.caption(plain(f"{labels[key]}: {reason}"))
        elif (other := _study(model, images)) is not None:
            found[labels[key]] = other
    return found


def robustness_in_words(name: str, found: Robustness) -> str:
    """Return where a model begins to lose clearly, or how it does at the strongest."""
    undistorted, curve = found.undistorted(), found.curves[name]
    neutral = DISTORTIONS[name].neutral
    by_distance = sorted(curve, key=lambda point: abs(point.strength - neutral))
    lost = (point for point in by_distance if undistorted.accuracy - point.accuracy > CLEAR_LOSS)
    point = next(lost, by_distance[-1])
    words = _(SENTENCES[name]).format(x=point.strength, right=_of_100(point))
    return f"{words} " + _("As they are: {right} of 100.").format(right=_of_100(undistorted))


def _of_100(point: Strength) -> str:
    """Return how many of a hundred are right; not all where one is wrong.

    >>> _of_100(Strength(0, 1999, 2000)), _of_100(Strength(0, 1420, 2000)), _of_100(Strength(0, 5, 5))
    ('99.9', '71', '100')
    """
    share = 100 * point.accuracy
    return f"{share:.0f}" if point.right == point.n or share < 99 else f"{min(share, 99.9):.1f}"


def _interval_words(found: Robustness) -> str:
    text = _("Measured on {n:,} images; the bars are 95 % intervals.")
    return text.format(n=found.n)


def robustness_figure(name: str, curves: Mapping[str, Robustness]) -> "Figure":
    """Return accuracy over strength, one curve a model, with 95 % intervals."""
    from plotly.graph_objects import Figure

    about = DISTORTIONS[name]
    first = next(iter(curves.values()))
    settings = layout(
        "",
        xaxis=axis(_(about.label), ticksuffix=about.unit, fixedrange=True, nticks=7),
        yaxis=axis(_("Right answers"), ticksuffix=" %", fixedrange=True, range=[0, 102], nticks=6),
        dragmode=False,
        showlegend=len(curves) > 1,
        meta={"alt": robustness_in_words(name, first), "height": "18rem"},
    )
    traces = [
        _trace(label, found.curves[name], color)
        for (label, found), color in zip(curves.items(), COLORS, strict=False)
    ]
    return Figure(traces, settings)


def _trace(label: str, points: tuple[Strength, ...], color: str) -> dict[str, object]:
    bounds = [point.likely_accuracy for point in points]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": chart_text(label),
        "x": [point.strength for point in points],
        "y": [round(100 * point.accuracy, 2) for point in points],
        "error_y": error_bars([point.accuracy for point in points], bounds),
        "line": {"color": color, "width": 2},
        "marker": {"size": 7, "color": color},
        "hovertemplate": "%{x}: %{y:.1f} %<extra></extra>",
    }


def _show_example(name: str, model: Model, images: Dataset) -> None:
    """Show one image at each strength, with the answer to it."""
    number = st.slider(
        _("Example"),
        1,
        max(2, min(len(images), 100)),
        key="robust_example",
        persist_state="session",
        width=340,
    )
    grid(example_pictures(name, model, images, min(number, len(images)) - 1), 64)


def example_pictures(name: str, model: Model, images: Dataset, position: int) -> list[Picture]:
    """Return one image at each strength, each with the model's answer and how sure it is of that."""
    about, image = DISTORTIONS[name], images.take([position]).images
    strengths = about.strengths_for(images.image_shape)
    changed = np.concatenate([distort(image, name, strength) for strength in strengths])
    probabilities = model.probabilities_of(changed)
    true = quoted(images.class_names[images.labels[position]])
    alt = _("A {true}, {change} {x:g}{unit}: classified as {guessed}, {sure} sure")
    pictures = []
    for strength, picture, answer in zip(strengths, changed, probabilities, strict=True):
        guessed, sure = quoted(images.class_names[int(answer.argmax())]), percent(float(answer.max()))
        words = alt.format(
            true=true, change=_(about.label), x=strength, unit=about.unit, guessed=guessed, sure=sure
        )
        pictures.append(Picture(picture, words, f"{strength:g}{about.unit}\n{guessed}\n{sure}"))
    return pictures
