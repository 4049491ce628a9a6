"""One image, large: what the model answers and how sure it is, what led to the answer, and where to go next.

A press on an image of a gallery opens it. Before and after it come its neighbours in that gallery.
"""

import numpy as np
import streamlit as st

from dashboard.models.contributions import contributions_picture, parts_of, sum_in_words, too_large
from dashboard.models.judged import Judged
from dashboard.models.nearest import neighbours_in_words, neighbours_of, pictures_of
from dashboard.navigation import page
from dashboard.session import SentImage
from dashboard.ui.formats import percent
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import plain, show_message
from dashboard.ui.pictures import GreyImage, Picture, grid
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.probability_bars import bars_html, sure
from dashboard.ui.signed_bars import bars_figure
from dashboard.ui.signed_colours import largest
from dashboard.ui.wording import dataset_words
from mlcore import Contributions, contributions
from mlcore.arrays import IndexArray
from mlcore.language import _
from mlcore.quote import quoted

LARGE = 240
PLACE = "opened_place"
"""Where in the gallery the image is that is open."""


def open_image(judged: Judged, positions: IndexArray, place: int) -> None:
    """Open the image at a place of a gallery, given by the positions of its images in the data set."""
    st.session_state[PLACE] = place
    st.dialog(_("One image"), width="medium")(_show)(judged, positions)


def _show(judged: Judged, positions: IndexArray) -> None:
    """Show the open image; the buttons let only this run again."""
    place = min(st.session_state[PLACE], len(positions) - 1)
    position = int(positions[place])
    image = judged.images.take(np.array([position])).images[0]
    _show_ways(place, len(positions))
    st.markdown(plain(image_in_words(judged, position)))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        grid([Picture(image, image_name(judged, position))], LARGE)
        if st.button(_("Send to Draw"), icon=":material/draw:", key="send_to_draw"):
            judged.session.sent = SentImage(image, image_name(judged, position))
            st.session_state["draw_way"] = "sent"
            st.switch_page(page("draw"))
    with right:
        st.html(bars_html(judged.model.probabilities_of(image[None])[0], judged.model.class_names))
    _show_reasons(judged, position, image)
    _show_nearest(judged, image)


def _show_ways(place: int, n: int) -> None:
    """Show the ways to the images before and after this one, round and round.

    No button is ever disabled: the keyboard's focus would be lost with it, and Escape close nothing.
    """

    def go(by: int) -> None:
        st.session_state[PLACE] = (place + by) % n

    with st.container(key="image_ways", horizontal=True, vertical_alignment="center", wrap=False):
        st.button(
            _("Previous"),
            on_click=go,
            args=(-1,),
            icon=":material/arrow_back:",
            shortcut="Left",
            key="image_before",
        )
        st.button(
            _("Next"),
            on_click=go,
            args=(1,),
            icon=":material/arrow_forward:",
            shortcut="Right",
            key="image_after",
        )
        st.caption(_("{number:,} of {n:,}").format(number=place + 1, n=n))


def image_name(judged: Judged, position: int) -> str:
    """Return which image it is, and its label."""
    text = _("Image {number:,} of {dataset}, labelled {label}")
    label = quoted(judged.images.class_names[judged.evaluation.labels[position]])
    return text.format(number=position + 1, dataset=dataset_words(judged.images.name), label=label)


def image_in_words(judged: Judged, position: int) -> str:
    """Return which image it is, and what the model answers, right or wrong."""
    found, names = judged.evaluation, judged.images.class_names
    guess, label = int(found.guesses[position]), int(found.labels[position])
    words = {
        "name": image_name(judged, position),
        "guess": quoted(names[guess]),
        "sure": sure(float(found.confidence[position])),
        "second": percent(float(found.true_probability[position])),
    }
    if guess == label:
        return _("{name}. The model reads it correctly, {sure} sure.").format(**words)
    text = _("{name}. The model reads {guess}, {sure} sure; it gives the label {second}.")
    return text.format(**words)


def _show_reasons(judged: Judged, position: int, image: GreyImage) -> None:
    """Show what each pixel adds to the logit of the guess and, where that is another, of the label."""
    st.header(_("What pulled the answer which way"), anchor=False, help=meaning("contribution"))
    if reason := too_large(judged.model):
        show_message("info", reason)
        return
    names = judged.images.class_names
    classes = (int(judged.evaluation.guesses[position]), int(judged.evaluation.labels[position]))
    found = {quoted(names[k]): contributions(judged.model, image, k) for k in dict.fromkeys(classes)}
    for name, of_class in found.items():
        st.write(plain(sum_in_words(of_class, name)))
    limit = max(largest(of_class.pixels) for of_class in found.values())
    grid([contributions_picture(of_class, name, limit) for name, of_class in found.items()], LARGE)
    _show_bars(found)


def _show_bars(found: dict[str, Contributions]) -> None:
    """Show what adds up to each logit, biases included, on one axis."""
    parts = [
        (_("{name}: {part}").format(name=name, part=part), amount)
        for name, of_class in found.items()
        for part, amount in parts_of(of_class)
    ]
    names, values = [name for name, _amount in parts], np.array([amount for _name, amount in parts])
    alt = _("What adds up to the logits of {names}").format(names=", ".join(found))
    show_chart(bars_figure(names, values, _("Adds to the logit"), alt), key="image_sum")


def _show_nearest(judged: Judged, image: GreyImage) -> None:
    """Show the training images that the model takes for most like this one, where there are any."""
    with st.spinner(_("Looking for the nearest training images …")):
        neighbours = neighbours_of(judged.session, judged.model, image)
    if neighbours is not None:
        st.header(_("Nearest training images"), anchor=False)
        st.markdown(neighbours_in_words(neighbours))
        grid(pictures_of(neighbours))
