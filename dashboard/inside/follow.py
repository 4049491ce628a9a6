"""One image on its way through the network: what each layer makes of it, and what adds up to the answer.

The Inside page shows it second.
"""

import numpy as np
import streamlit as st

from dashboard.inside.cache import Way, way
from dashboard.inside.change import show_change
from dashboard.inside.question import choose_class, choose_image
from dashboard.models.contributions import show_contributions
from dashboard.session import Session
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import plain
from dashboard.ui.pictures import Picture, grid
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.signed_bars import bars_figure
from dashboard.ui.signed_colours import largest, signed_picture, strip
from mlcore import LayerOutput, Model
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
    show_contributions(found.contributions, quoted(model.class_names[of_class]), key="inside_sum")
    st.header(_("Which neurons carry the answer"))
    _show_carriers(model, found, of_class)
    st.header(_("Layer by layer"))
    _show_layers(found.outputs)
    show_change(session, model, chosen)


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
