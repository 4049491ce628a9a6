"""The map of a data set: each image a point, by its pixels or by what a layer makes of it.

The Inside page shows it. A line drawn round points shows their images.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.inside.cache import MOST_PLACES, MOST_VALUES, DataMap, data_map, on_map
from dashboard.inside.question import my_digit
from dashboard.models.answers import show_answers
from dashboard.models.contributions import too_large
from dashboard.models.evaluations import evaluate
from dashboard.models.judged import Judged
from dashboard.navigation import page
from dashboard.session import Session
from dashboard.study import show_study
from dashboard.ui.choices import choose_one
from dashboard.ui.formats import percent
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import SHORT_NAME, chart_text, distinct, show_message
from dashboard.ui.palette import COLORS, TEXT, axis, layout
from dashboard.ui.plotly_chart import show_chart
from mlcore import Dataset, Evaluation, Model
from mlcore.arrays import Float64Array, IndexArray
from mlcore.evaluation import misfit
from mlcore.language import N_, _
from mlcore.quote import quoted
from mlcore.study.inside import values_behind
from mlcore.study.tsne import is_installed, tsne_places

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PIXELS = "pixels"
PCA, TSNE = "pca", "tsne"
KINDS = {PCA: N_("Principal components"), TSNE: N_("Neighbours (t-SNE)")}
PICKED = "inside_map_picked"
SHOW = "inside_map_show"
SHOWN = {"mistakes": N_("Mistakes"), "picked": N_("Picked with the lasso")}
LONGEST_LEGEND = 20
"""With more classes than this, hovering tells them."""


def show_map(session: Session, model: Model) -> None:
    """Show the map, and below it the images that the visitor picks."""
    dev = session.split.dev
    if reason := too_large(model) or misfit(model, dev):
        show_message("info", reason)
        st.page_link(page("data"))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer = _choose_layer(model)
        kind = choose_one(_("Map by"), KINDS, key="inside_map_kind") if is_installed() else PCA
    images = on_map(model, dev, layer)
    with st.spinner(_("Running the network on {n:,} images …").format(n=len(images))):
        evaluation = evaluate(model, images)
        figure = (
            _tsne(model, images, layer, evaluation)
            if kind == TSNE
            else _pca(session, model, images, layer, evaluation)
        )
    if figure is None:
        return
    subject = f"{model.fingerprint} {images.fingerprint}"
    show_chart(
        figure,
        key="inside_map",
        subject=f"{subject} {layer} {kind}",
        on_pick=lambda picked: _keep_picked(subject, picked),
    )
    _show_images(Judged(session, model, images, evaluation), _picked(subject, len(images)))


def _pca(
    session: Session, model: Model, images: Dataset, layer: str | None, evaluation: Evaluation
) -> "Figure":
    """Say what the first two principal components show, and return the map by them."""
    found = data_map(model, images, layer)
    st.markdown(in_words(found, evaluation), help=meaning("principal_components"))
    text = _("Component {number}: {share} of the differences")
    titles = [
        text.format(number=number, share=percent(float(share)))
        for number, share in enumerate(found.components.explained, 1)
    ]
    return map_figure(found.places, evaluation, titles, _my_place(session, model, found, layer))


def _tsne(model: Model, images: Dataset, layer: str | None, evaluation: Evaluation) -> "Figure | None":
    """Offer the map by neighbours, and return it once a worker has computed it."""
    places: Float64Array | None = show_study(
        "tsne",
        (model.fingerprint if layer else "", images.fingerprint, layer),
        _("Compute the t-SNE map"),
        lambda: (tsne_places, (values_behind(model, images.images, layer),)),
        help=meaning("tsne"),
        memory=MOST_VALUES * 16,
    )
    if places is None:
        return None
    text = _(
        "{n:,} dev images, each a point beside those that are most like it; the distance "
        "between groups means nothing. {wrong:,} crosses are mistakes. Draw a line round "
        "some points to see their images."
    )
    st.markdown(text.format(n=len(images), wrong=evaluation.wrong), help=meaning("tsne"))
    return map_figure(places, evaluation, ["", ""], None)


def _choose_layer(model: Model) -> str | None:
    """Let the visitor choose what the map is made of: None is the pixels, else the name of a layer."""
    layers = model.network.layer_summaries()[1:]
    names = [one.name for one in layers if one.kind == "activation"] + [layers[-1].name]
    words = {PIXELS: _("Pixels"), **{name: name for name in names}}
    words[names[-1]] = _("{layer}: the logits").format(layer=names[-1])
    taken = st.selectbox(
        _("Map of"), list(words), format_func=words.__getitem__, key=f"inside_map_of_{len(words)}", width=340
    )
    return None if taken == PIXELS else taken


def in_words(found: DataMap, evaluation: Evaluation) -> str:
    """Return what is to be seen, as a sentence."""
    text = _(
        "{n:,} dev images, each a point; images that are alike lie close together. {wrong:,} "
        "crosses are mistakes. The two axes show {share} of all differences. Draw a line "
        "round some points to see their images."
    )
    return text.format(
        n=len(evaluation.labels),
        wrong=evaluation.wrong,
        share=percent(float(found.components.explained.sum())),
    )


def map_figure(
    places: Float64Array, evaluation: Evaluation, titles: Sequence[str], mine: Float64Array | None
) -> "Figure":
    """Return the map: a colour for each true class, a cross for each mistake, a star for the drawing.

    Parameters
    ----------
    places : float64 array (n, 2)
    evaluation : Evaluation
        Of the same images.
    titles : sequence of str
        Of both axes.
    mine : float64 array (2,), optional
        The place of the drawing.
    """
    from plotly.graph_objects import Figure

    names = distinct(evaluation.class_names, SHORT_NAME)
    traces = [_points(places, evaluation, label, chart_text(name)) for label, name in enumerate(names)]
    if mine is not None:
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": _("Your drawing"),
                "x": [round(float(mine[0]), 3)],
                "y": [round(float(mine[1]), 3)],
                "customdata": [-1],
                "marker": {"symbol": "star", "size": 18, "color": TEXT},
                "hovertemplate": _("Your drawing") + "<extra></extra>",
            }
        )
    wrong = evaluation.wrong
    alt = _("Map of {n:,} images, {wrong:,} of them mistakes").format(n=len(places), wrong=wrong)
    return Figure(
        traces,
        layout(
            "",
            showlegend=len(names) <= LONGEST_LEGEND,
            xaxis=axis(titles[0], fixedrange=True, showticklabels=False),
            yaxis=axis(titles[1], fixedrange=True, showticklabels=False),
            dragmode="lasso",
            hovermode="closest",
            meta={"alt": alt, "height": "min(34rem, 120vw)"},
        ),
    )


def _points(places: Float64Array, evaluation: Evaluation, label: int, name: str) -> dict[str, object]:
    """Return the points of one true class."""
    positions = np.flatnonzero(evaluation.labels == label)
    is_right = evaluation.guesses[positions] == label
    guesses = [chart_text(quoted(evaluation.class_names[k])) for k in evaluation.guesses[positions]]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "showlegend": len(evaluation.class_names) <= LONGEST_LEGEND,
        "x": places[positions, 0].round(3).tolist(),
        "y": places[positions, 1].round(3).tolist(),
        "customdata": positions.tolist(),
        "hovertext": [_("{name}, read as {guess}").format(name=name, guess=guess) for guess in guesses],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {
            "color": COLORS[label % len(COLORS)],
            "symbol": ["circle" if right else "x" for right in is_right],
            "size": [6 if right else 11 for right in is_right],
            "opacity": 0.75,
        },
    }


def _my_place(session: Session, model: Model, found: DataMap, layer: str | None) -> Float64Array | None:
    """Return where the visitor's drawing lies on the map, (2,)."""
    image = my_digit(session, model)
    if image is None:
        return None
    place: Float64Array = found.components.project(values_behind(model, image[None], layer))[0]
    return place


def _keep_picked(subject: str, picked: list[int]) -> None:
    """Keep what the visitor picked, and show it."""
    st.session_state[PICKED] = subject, picked[:MOST_PLACES]  # a browser may send any number of them
    st.session_state[SHOW] = "picked"


def _picked(subject: str, n: int) -> IndexArray:
    """Return the positions that were picked on the map of these images."""
    about, picked = st.session_state.get(PICKED, ("", []))
    return np.array([place for place in picked if 0 <= place < n] if about == subject else [], np.intp)


def _show_images(judged: Judged, picked: IndexArray) -> None:
    """Show the mistakes, or the images that were picked, a page at a time."""
    shown = choose_one(_("Images"), SHOWN, key=SHOW)
    mistakes = judged.evaluation.mistakes
    positions = picked if shown == "picked" else mistakes
    if not len(positions):
        st.caption(
            _("Draw a line round some points of the map.")
            if shown == "picked"
            else _("There are no mistakes.")
        )
        return
    wrong = int(np.isin(positions, mistakes).sum())
    st.write(_("{n:,} images, {wrong:,} of them mistakes.").format(n=len(positions), wrong=wrong))
    show_answers(judged, positions, key=f"inside_map_page_{shown}")
