"""Which network is shown, what is shown of it, and which image goes through it.

The Inside page shows these choices above each look.
"""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard.models.contributions import too_large
from dashboard.models.drawn import digit_of
from dashboard.models.picker import bring_model, choose_model
from dashboard.navigation import page
from dashboard.session import Session
from dashboard.ui.choices import choose_one, choose_view
from dashboard.ui.formats import percent
from dashboard.ui.messages import distinct, plain, show_message
from dashboard.ui.number_field import Bounds, number_field
from dashboard.ui.pictures import Picture, grid
from dashboard.ui.wording import dataset_words
from mlcore import Model, NoDigitError
from mlcore.arrays import UInt8Array
from mlcore.language import N_, _
from mlcore.quote import quoted

LOOKS = {
    "weights": N_("Weights"),
    "image": N_("One image"),
    "step": N_("One step"),
    "lab": N_("Lab bench"),
    "time": N_("Time travel"),
    "map": N_("Map"),
}
"""What can be looked at, by what stands in the address."""

SOURCES = {"data": N_("From the data"), "drawing": N_("My drawing")}
POSITION = "inside_position"


@dataclass(frozen=True)
class ChosenImage:
    """The image that goes through the network.

    Attributes
    ----------
    image : uint8 array (height, width)
    label : int or None
        Its true class, where it is known.
    words : str
        What it is, for a person to read.
    """

    image: UInt8Array
    label: int | None
    words: str


def choose_network(session: Session) -> None:
    """Show the choice of the model, the same as on Evaluate and Draw."""
    with st.container(width=340):
        choose_model(session, "inside_model")
        bring_model(session, "inside_model")


def choose_look() -> str:
    """Show the choice of what to look at, and return its key; the address can make it too."""
    return choose_view(_("Look at"), LOOKS, key="inside_look", parameter="look")


def choose_image(session: Session, model: Model) -> ChosenImage | None:
    """Show the choice of one image, and return it; None, with a sentence, while there is none that fits."""
    if reason := too_large(model):
        show_message("info", reason)
        return None
    source = choose_one(_("Image"), SOURCES, key="inside_source")
    chosen = _drawn(session, model) if source == "drawing" else _from_data(session, model)
    if chosen is not None:
        _show_image(model, chosen)
    return chosen


def choose_class(model: Model, label: str, default: int, key: str) -> int:
    """Show the choice of one class of the model, and return its place."""
    names = distinct(model.class_names)
    place = st.selectbox(label, range(len(names)), default, format_func=names.__getitem__, key=key, width=220)
    return int(place)


def _from_data(session: Session, model: Model) -> ChosenImage | None:
    """Let the visitor give the number of an image of the data set in use."""
    dataset = session.dataset
    if dataset.image_shape != model.image_shape:
        show_message("info", _("The images of the data set differ in size from those of this model."))
        st.page_link(page("data"))
        return None
    position = min(st.session_state.get(POSITION, 0), len(dataset) - 1)
    number_field(
        _("Number in the data set, from 0 to {last:,}").format(last=len(dataset) - 1),
        position,
        lambda number: st.session_state.update({POSITION: number}),
        key="inside_number",
        bounds=Bounds(0, len(dataset) - 1, 1),
        width=340,
    )
    one = dataset.take(np.array([position]))
    name = dataset.class_names[int(one.labels[0])]
    label = model.class_names.index(name) if name in model.class_names else None
    words = _("Image {number:,} of {dataset}, labelled {name}")
    words = words.format(number=position, dataset=dataset_words(session.whole.name), name=quoted(name))
    return ChosenImage(one.images[0], label, words)


def _drawn(session: Session, model: Model) -> ChosenImage | None:
    """Take what is on the canvas of Draw, as the network saw it."""
    image = my_digit(session, model)
    if image is None:
        show_message("info", _("Draw a digit for this model first; it can then be followed here."))
        st.page_link(page("draw"))
        return None
    return ChosenImage(image, None, _("Your drawing, as the network sees it"))


def my_digit(session: Session, model: Model) -> UInt8Array | None:
    """Return what is on the canvas of Draw as this model sees it; None when there is nothing that fits."""
    drawing = session.play.now
    if drawing is None:
        return None
    if drawing.image.shape == model.image_shape:
        return drawing.image
    try:
        return digit_of(drawing.strokes, model) if drawing.strokes else None
    except NoDigitError:
        return None


def likeliest(model: Model, image: UInt8Array, n: int) -> str:
    """Return the ``n`` likeliest classes of an image with their probabilities, as a line."""
    probabilities = model.probabilities_of(image[None])[0]
    order = np.argsort(-probabilities, kind="stable")[:n]
    return " · ".join(f"{quoted(model.class_names[k])} ({percent(float(probabilities[k]))})" for k in order)


def _show_image(model: Model, chosen: ChosenImage) -> None:
    """Show the image, and what the model answers to it, with the probability of each class."""
    probabilities = model.probabilities_of(chosen.image[None])[0]
    guess = int(probabilities.argmax())
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="content"):
            grid([Picture(chosen.image, chosen.words)], 96)
        with st.container():
            text = _("{image}. The network answers {name} ({sure}).")
            name, sure = quoted(model.class_names[guess]), percent(float(probabilities[guess]))
            st.write(plain(text.format(image=chosen.words, name=name, sure=sure)))
            st.caption(plain(likeliest(model, chosen.image, 10)))
