"""What adds up to a model's answer to one image, pixel by pixel: in words, as a picture and as bars.

Inside shows it of the class that the visitor chooses, Evaluate of the guess and of the label.
"""

import numpy as np
import streamlit as st

from dashboard.ui.messages import plain
from dashboard.ui.pictures import Picture, grid
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.signed_bars import bars_figure
from dashboard.ui.signed_colours import largest, signed_picture
from mlcore import Contributions, Model
from mlcore.language import _

MOST_PARAMETERS = 3_000_000
"""Of a network that is worked with in float64: copy and gradients take 48 MB meanwhile."""

LARGE = 240


def too_large(model: Model) -> str:
    """Return why a network cannot be worked with here, as a sentence; empty when it can."""
    if model.parameter_count <= MOST_PARAMETERS:
        return ""
    text = _(
        "This network has {n:,} parameters; up to {most:,} can be followed here. Choose a smaller one, or "
        "use mlcore in Python."
    )
    return text.format(n=model.parameter_count, most=MOST_PARAMETERS)


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


def show_contributions(found: Contributions, name: str, key: str) -> None:
    """Show what each pixel adds to the logit of a class as a picture, and all that adds up as bars.

    Parameters
    ----------
    found : Contributions
    name : str
        Of the class, already `quoted`.
    key : str
        Of the chart.
    """
    st.write(plain(sum_in_words(found, name)))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        grid([contributions_picture(found, name, largest(found.pixels))], LARGE)
    with right:
        parts = parts_of(found)
        names, values = [part for part, _amount in parts], np.array([amount for _part, amount in parts])
        alt = _("What adds up to the logit of {name}").format(name=name)
        show_chart(bars_figure(names, values, _("Adds to the logit"), alt), key=key)


def contributions_picture(found: Contributions, name: str, limit: float) -> Picture:
    """Return what each pixel adds to the logit of a class, in full colour at -limit and limit."""
    alt = _("What each pixel adds to {name}: red for it, blue against it").format(name=name)
    return Picture(
        signed_picture(found.pixels, limit), alt, _("red: for {name}\nblue: against it").format(name=name)
    )


def parts_of(found: Contributions) -> list[tuple[str, float]]:
    """Return what adds up to a logit, each with its name, and the logit last."""
    return [
        (_("pixels for it"), float(np.maximum(found.pixels, 0).sum())),
        (_("pixels against it"), float(np.minimum(found.pixels, 0).sum())),
        *found.biases,
        (_("left over"), found.residual),
        (_("sum: the logit"), found.logit),
    ]
