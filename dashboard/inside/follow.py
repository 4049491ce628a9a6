"""One image on its way through the network: what each layer makes of it, and what adds up to the answer.

The Inside page shows it second.
"""

import numpy as np
import streamlit as st

from dashboard.inside.cache import Way, way
from dashboard.inside.colours import largest, signed_picture, strip
from dashboard.inside.figures import bars_figure
from dashboard.inside.question import ChosenImage, choose_class, choose_image
from dashboard.session import Session
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import plain
from dashboard.ui.pictures import Picture, grid
from dashboard.ui.plotly_chart import show_chart
from mlcore import Contributions, LayerOutput, Model
from mlcore.language import _
from mlcore.quote import quoted

LARGE = 240
MAP = 72
MOST_MAPS = 64
MOST_CARRIERS = 12


def show_way(session: Session, model: Model) -> None:
    """Show an image's way through the network, and how its answer comes about."""
    chosen = choose_image(session, model)
    if chosen is None:
        return
    guess = int(model.probabilities_of(chosen.image[None])[0].argmax())
    of_class = choose_class(model, _("Explain the logit of"), guess, f"inside_class_{guess}")
    found = way(model, chosen.image, of_class)
    st.header(_("What adds up to the answer"), help=meaning("contribution"))
    _show_contributions(model, chosen, found.contributions, of_class)
    st.header(_("Which neurons carry the answer"))
    _show_carriers(model, found, of_class)
    st.header(_("Layer by layer"))
    _show_layers(found.outputs)


def sum_in_words(found: Contributions, name: str) -> str:
    """Return how the logit is made up, as a sentence."""
    biases = sum(amount for _name, amount in found.biases)
    if found.method == "exact":
        text = _(
            "The logit of {name} is {logit:.3f}: the pixels add {pixels:+.3f}, the biases {biases:+.3f}, and "
            "nothing is left over."
        )
    else:
        text = _(
            "The logit of {name} is {logit:.3f}: the pixels add {pixels:+.3f}, a blank image has "
            "{biases:+.3f}, and {residual:+.4f} is left over, because this activation has no exact sum."
        )
    return text.format(
        name=name, logit=found.logit, pixels=found.pixels.sum(), biases=biases, residual=found.residual
    )


def _show_contributions(model: Model, chosen: ChosenImage, found: Contributions, of_class: int) -> None:
    """Show the contribution of each pixel as a picture, and all that add up as bars."""
    name = quoted(model.class_names[of_class])
    st.write(plain(sum_in_words(found, name)))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        alt = _("What each pixel adds to {name}: red for it, blue against it").format(name=name)
        caption = _("red: for it\nblue: against it")
        grid([Picture(signed_picture(found.pixels, largest(found.pixels)), alt, caption)], LARGE)
    with right:
        parts = [
            (_("pixels for it"), float(np.maximum(found.pixels, 0).sum())),
            (_("pixels against it"), float(np.minimum(found.pixels, 0).sum())),
            *found.biases,
            (_("left over"), found.residual),
            (_("sum: the logit"), found.logit),
        ]
        names, values = [part for part, _amount in parts], np.array([amount for _part, amount in parts])
        alt = _("What adds up to the logit of {name}").format(name=name)
        show_chart(bars_figure(names, values, _("Adds to the logit"), alt), key="inside_sum")


def _show_carriers(model: Model, found: Way, of_class: int) -> None:
    """Show the inputs of the last layer that add most to the logit, and that take most from it."""
    amounts = found.carriers
    order = np.argsort(-np.abs(amounts), kind="stable")[:MOST_CARRIERS]
    order = order[np.argsort(-amounts[order], kind="stable")]
    text = _("Output times weight of the {n} inputs of the last layer that move the logit of {name} most.")
    name = quoted(model.class_names[of_class])
    words = text.format(n=len(order), name=name)
    st.write(plain(words))
    names = [_("no. {number}").format(number=int(k)) for k in order]
    show_chart(bars_figure(names, amounts[order], _("Adds to the logit"), words), key="inside_carriers")


def _show_layers(outputs: tuple[LayerOutput, ...]) -> None:
    """Show what each layer hands on, which is what its activation leaves; of the last one, the logits."""
    for output in (*(one for one in outputs[:-1] if one.kind == "activation"), outputs[-1]):
        shape = "×".join(map(str, output.values.shape))
        active, n = int((output.values > 0).sum()), output.values.size
        text = _("{layer}: {shape} values, {active:,} of {n:,} above zero")
        words = text.format(layer=output.layer, shape=shape, active=active, n=n)
        st.subheader(output.layer, anchor=False)
        st.caption(words)
        grid(_pictures(output, words), MAP if output.values.ndim == 3 else LARGE)


def _pictures(output: LayerOutput, words: str) -> list[Picture]:
    """Return a layer's output as pictures: one for each filter, or one of all neurons."""
    limit = largest(output.values)
    if output.values.ndim == 1:
        return [Picture(signed_picture(strip(output.values), limit), words)]
    pictures = []
    for number in range(min(MOST_MAPS, output.values.shape[2])):
        alt = _("Filter {number} of {layer}").format(number=number, layer=output.layer)
        picture = signed_picture(output.values[:, :, number], limit)
        pictures.append(Picture(picture, alt, _("no. {number}").format(number=number)))
    return pictures
