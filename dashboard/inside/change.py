"""The smallest change that would make the network answer another class, in two ways side by side.

The Inside page shows it below the way of one image.
"""

import numpy as np
import streamlit as st

from dashboard.inside.cache import Changes, changes
from dashboard.inside.question import ChosenImage, choose_class
from dashboard.models.known import fits, known_to
from dashboard.session import Session
from dashboard.ui.formats import percent
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import SHORT_NAME, plain, show_message
from dashboard.ui.pictures import Picture, grid
from dashboard.ui.signed_colours import signed_picture
from mlcore import Change, Model
from mlcore.arrays import UInt8Array
from mlcore.language import _
from mlcore.quote import quoted

EXAMPLES = 400
"""Real images of the class among which the nearest are looked for."""

SIZE = 160  # CSS pixels: two side by side on a phone


def show_change(session: Session, model: Model, chosen: ChosenImage) -> None:
    """Let the visitor choose a class, and show what would make the image one of it."""
    st.header(_("The smallest change"), help=meaning("smallest_change"))
    order = np.argsort(-model.probabilities_of(chosen.image[None])[0], kind="stable")
    second = int(order[1])
    of_class = choose_class(model, _("What would make it a …"), second, f"inside_target_{second}")
    name = quoted(model.class_names[of_class], SHORT_NAME)
    if of_class == order[0]:
        show_message("info", _("The network answers {name} already. Choose another class.").format(name=name))
        return
    found = changes(model, chosen.image, of_class, _examples(session, model, of_class))
    st.write(plain(in_words(found, name)))
    grid(_pictures(model, chosen.image, found, name), SIZE)


def _examples(session: Session, model: Model, of_class: int) -> UInt8Array:
    """Return real images of a class of the model, from what it learned from; none where that is not here."""
    learned = known_to(session, model).learned
    if not fits(learned, model):
        return np.zeros((0, *model.image_shape), np.uint8)
    positions = np.flatnonzero(learned.labels == of_class)[:EXAMPLES]
    return np.asarray(learned.take(positions).images)


def in_words(found: Changes, name: str) -> str:
    """Return how large both changes are, in a sentence each."""
    parts = []
    if found.towards is None:
        text = _("There are no real images of {name} for this network here that could guide the change.")
        parts.append(text.format(name=name))
    else:
        text = _(
            "Guided by real images of {name}, the smallest change adds {added:.1f} pixels of ink "
            "and removes {removed:.1f}, in {pixels} places: a person could draw it."
        )
        parts.append(_filled(text, found.towards, name))
    if found.fooling is None:
        parts.append(_("No change was found that only fools the network."))
    else:
        text = _(
            "To fool only the network, adding {added:.1f} and removing {removed:.1f} is enough, "
            "spread over {pixels} places, none of which changes by more than {largest} of full "
            "ink: a person still sees the old class."
        )
        parts.append(_filled(text, found.fooling, name))
    if found.towards is not None and found.fooling is not None:
        text = _("As a distance, that is {fooling:.2f} instead of {towards:.2f}.")
        parts.append(text.format(fooling=found.fooling.length, towards=found.towards.length))
    return " ".join(parts)


def _filled(text: str, change: Change, name: str) -> str:
    return text.format(
        name=name,
        added=change.added,
        removed=change.removed,
        pixels=change.pixels,
        largest=percent(change.largest),
    )


def _pictures(model: Model, image: UInt8Array, found: Changes, name: str) -> list[Picture]:
    """Return the image, then each changed one with what was changed, red where ink was added."""
    guess = quoted(model.class_names[int(model.probabilities_of(image[None])[0].argmax())], SHORT_NAME)
    pictures = [
        Picture(
            image, _("The image, read as {name}").format(name=guess), _("before: {name}").format(name=guess)
        )
    ]
    for change, title in ((found.towards, _("guided by real ones")), (found.fooling, _("only fools"))):
        if change is not None:
            sure = percent(change.probability)
            words = _("Changed, {title}: read as {name} ({sure})").format(title=title, name=name, sure=sure)
            pictures.append(Picture(change.image, words, f"{title}\n{name} {sure}"))
            difference = _("What was changed, {title}").format(title=title)
            caption = _("the change\nred: ink added\nblue: taken away")
            pictures.append(Picture(signed_picture(change.difference, 1.0), difference, caption))
    return pictures
