"""Weights as pictures: what each neuron of the first layer looks for, and what it makes the network say.

The Inside page shows it first.
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard.inside.cache import MOST_IMAGES, neurons, too_slow
from dashboard.inside.figures import heatmap_figure
from dashboard.models.contributions import too_large
from dashboard.session import Session
from dashboard.ui.choices import choose_one
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import SHORT_NAME, distinct, plain, show_message
from dashboard.ui.paging import choose_page
from dashboard.ui.pictures import Picture, grid, open_grid
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.signed_bars import bars_figure
from dashboard.ui.signed_colours import largest, signed_picture
from mlcore import Dataset, Model, NeuronStudy, WeightPictures, weight_pictures
from mlcore.evaluation import misfit
from mlcore.language import N_, _
from mlcore.quote import quoted

NEURONS_A_PAGE = 60
SIZE = 72
LARGE = 200
WIDE = 96
"""Pixels of a picture of weights at least, so that the strip of classes below it is even."""

BETWEEN = (190, 190, 190)
MOST_COLUMNS = 64
"""Inputs of the last layer that its heatmap shows, those with the largest weights."""

NOTEBOOK_BIAS = N_(
    "The notebook drew its 8×8 pictures like this, and printed weight number 25 below each as its bias. "
    "Number 25 belongs to a pixel; the bias comes after all 64 pixels, as number 64. Here it is the bias."
)

SCALES = {"own": N_("Up to the largest weight"), "eight": N_("±8, as in the notebook")}


def show_weights(session: Session, model: Model) -> None:
    """Show the neurons of the first layer, one of them large, and the output layer."""
    dataset = session.split.dev
    if reason := too_large(model):
        show_message("info", reason)
        return
    pictures = weight_pictures(model)
    if reason := misfit(model, dataset) or too_slow(model):
        show_message("info", reason)
        study = None
    else:
        with st.spinner(_("Running the network on {n:,} images …").format(n=min(len(dataset), MOST_IMAGES))):
            study = neurons(model, dataset)
    limit = _choose_limit(pictures)
    order = _by_importance(pictures, study)
    st.write(plain(_in_a_sentence(model, study, order, limit)))
    _show_all(model, pictures, study, order, limit)
    st.header(_("One neuron"), help=meaning("importance"))
    _show_one(model, dataset, pictures, study, order, limit)
    st.header(_("Output layer"))
    _show_output(model, pictures)


def _choose_limit(pictures: WeightPictures) -> float:
    """Let the visitor choose where the one scale of all pictures ends."""
    scale = choose_one(_("Scale of the colours"), SCALES, key="inside_scale")
    if scale == "eight":
        st.caption(_(NOTEBOOK_BIAS))
    return pictures.limit if scale == "eight" else largest(pictures.hidden)


def _by_importance(pictures: WeightPictures, study: NeuronStudy | None) -> list[int]:
    """Return the neurons, the most important first; without images, those with the largest weights."""
    if study is None:
        sizes = np.square(pictures.hidden).sum(axis=(1, 2))
        return [int(k) for k in np.argsort(-sizes, kind="stable")]
    return [int(k) for k in np.argsort(-study.importance, kind="stable")]


def _in_a_sentence(model: Model, study: NeuronStudy | None, order: list[int], limit: float) -> str:
    """Return what is to be seen, and how unevenly the work is shared."""
    text = _(
        "Red pixels excite a neuron, blue ones silence it; full colour is ±{limit:.2g}. The strip below a "
        "picture is what the neuron adds to each class, from {first} to {last}."
    )
    names = quoted(model.class_names[0], SHORT_NAME), quoted(model.class_names[-1], SHORT_NAME)
    words = text.format(limit=limit, first=names[0], last=names[1])
    if study is None or study.importance.sum() == 0:
        return words
    share = np.cumsum(study.importance[order]) / study.importance.sum()
    half = int(np.searchsorted(share, 0.5)) + 1
    more = _("{half:,} of {n:,} do half of the work; they come first.")
    return f"{words} {more.format(half=half, n=len(order))}"


def _show_all(
    model: Model, pictures: WeightPictures, study: NeuronStudy | None, order: list[int], limit: float
) -> None:
    """Show a page of neurons, each with its weights, its bias and what it adds to each class; each opens."""
    place = st.container(key="neurons")
    shown = order[choose_page(len(order), NEURONS_A_PAGE, "inside_page")]
    with place:
        shown_as = [_picture(pictures, k, limit) for k in shown]
        if study is not None:
            end = largest(study.effect)
            shown_as = [
                _above(one, _strip(model, study, k, end)) for one, k in zip(shown_as, shown, strict=True)
            ]
        open_grid(shown_as, lambda place: _open(shown, place, len(order)), key="inside_neurons", size=SIZE)


def _open(shown: Sequence[int], place: int, n: int) -> None:
    """Take the neuron that was pressed as the one that is shown large."""
    if place < len(shown):
        st.session_state[f"inside_neuron_{n}"] = shown[place]


def _above(weights: Picture, strip: Picture) -> Picture:
    """Return two pictures as one, the second below the first and as wide."""
    finer = -(-WIDE // weights.image.shape[1])
    upper = weights.image.repeat(finer, axis=0).repeat(finer, axis=1)
    width = upper.shape[1]
    columns = np.arange(width) * strip.image.shape[1] // width
    lower = strip.image[:1, columns].repeat(width // 10, axis=0)
    gap = np.full((width // 24, width, 3), BETWEEN, np.uint8)
    return Picture(np.vstack([upper, gap, lower]), f"{weights.alt}. {strip.alt}", weights.caption)


def _picture(pictures: WeightPictures, neuron: int, limit: float, caption: bool = True) -> Picture:
    """Return a neuron's weights as a picture, with its number and its bias."""
    bias = float(pictures.biases[neuron])
    alt = _("Weights of neuron {number}, bias {bias:.2f}").format(number=neuron, bias=bias)
    words = _("no. {number}\nbias {bias:+.2f}").format(number=neuron, bias=bias) if caption else ""
    return Picture(signed_picture(pictures.hidden[neuron], limit), alt, words)


def _strip(model: Model, study: NeuronStudy, neuron: int, end: float) -> Picture:
    """Return what a neuron adds to each class as a strip of squares, one a class."""
    effect = study.effect[neuron]
    high, low = (
        quoted(model.class_names[k], SHORT_NAME) for k in (int(effect.argmax()), int(effect.argmin()))
    )
    alt = _("Adds most to {high} ({most:+.2f}) and least to {low} ({least:+.2f})")
    words = alt.format(high=high, most=effect.max(), low=low, least=effect.min())
    return Picture(signed_picture(effect[None], end), words)


def _show_one(
    model: Model,
    dataset: Dataset,
    pictures: WeightPictures,
    study: NeuronStudy | None,
    order: list[int],
    limit: float,
) -> None:
    """Show one neuron large, with what it adds to each class and the images that excite it most."""
    places = {neuron: place for place, neuron in enumerate(order, 1)}
    neuron = st.selectbox(
        _("Neuron, the most important first"),
        order,
        format_func=lambda k: _("no. {number} ({place} of {n})").format(
            number=k, place=places[k], n=len(order)
        ),
        key=f"inside_neuron_{len(order)}",
        width=340,
    )
    left, right = st.columns([2, 3], gap="medium")
    with left, st.container(key="one_neuron"):
        grid([_picture(pictures, neuron, limit)], LARGE)
    if study is None:
        return
    with right:
        names = model.class_names
        alt = _("What neuron {number} adds to each class, for each unit of its output").format(number=neuron)
        order_of = range(len(names)) if len(names) <= 12 else np.argsort(-np.abs(study.effect[neuron]))[:12]
        chosen = [int(k) for k in order_of]
        show_chart(
            bars_figure([names[k] for k in chosen], study.effect[neuron][chosen], _("Outgoing weight"), alt),
            key="inside_effect",
        )
    st.write(_("The images of the dev set that excite it most, with its output:"))
    grid(_exciting(dataset, study, neuron), 56)


def _exciting(dataset: Dataset, study: NeuronStudy, neuron: int) -> list[Picture]:
    """Return the images that excite a neuron most, with its output for each."""
    positions, pictures = study.strongest[neuron], []
    some = dataset.take(positions)
    alt = _("Image {number:,} of the dev set: a {name}, output {strength:.2f}")
    for position, image, label, strength in zip(
        positions, some.images, some.labels, study.strength[neuron], strict=True
    ):
        name = quoted(dataset.class_names[label])
        words = alt.format(number=int(position) + 1, name=name, strength=float(strength))
        pictures.append(Picture(image, words, f"{quoted(name, SHORT_NAME)}\n{float(strength):.2f}"))
    return pictures


def _show_output(model: Model, pictures: WeightPictures) -> None:
    """Show the weights of the last layer as a heatmap, with the biases as a column of their own."""
    sizes = np.square(pictures.output).sum(axis=0)
    columns = np.sort(np.argsort(-sizes, kind="stable")[:MOST_COLUMNS])
    values = np.column_stack([pictures.output_biases, pictures.output[:, columns]])
    names = [_("bias"), *(_("no. {number}").format(number=k) for k in columns)]
    if len(columns) < len(sizes):
        text = _("Of {n:,} inputs of the last layer, the {most} with the largest weights.")
        st.caption(text.format(n=len(sizes), most=len(columns)))
    show_chart(
        heatmap_figure(
            distinct(model.class_names, SHORT_NAME),
            names,
            values,
            (_("Input of the last layer"), _("Class")),
            _("Weights and biases of the last layer"),
        ),
        key="inside_output",
    )
