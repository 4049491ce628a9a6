"""The training images that look most like one image to the chosen model, with their labels.

Draw and Evaluate show them beside an answer. How a model sees its training images is worked out once, for all
visitors.
"""

from collections import Counter
from dataclasses import dataclass

from dashboard.latest import Latest
from dashboard.models.known import Known, fits, known_to
from dashboard.session import Session
from dashboard.ui.messages import SHORT_NAME, plain
from dashboard.ui.pictures import GreyImage, Picture
from dashboard.ui.wording import dataset_words
from mlcore import Dataset, Model, Neighbourhood, nearest_images, neighbourhood
from mlcore.language import _
from mlcore.quote import quoted

MOST_BYTES = 24_000_000
"""Of all that are kept; for the shipped model 3 MB."""

SHOWN = 10


@dataclass(frozen=True)
class Neighbours:
    """The images that are nearest to one.

    Attributes
    ----------
    images : Dataset
        The nearest first.
    are_learned : bool
        Whether the model learned from them for certain.
    """

    images: Dataset
    are_learned: bool


def neighbours_of(session: Session, model: Model, image: GreyImage) -> Neighbours | None:
    """Return the training images nearest to an image; None when there are none of the model's kind here."""
    known = known_to(session, model)
    if not fits(known.learned, model):
        return None
    found = nearest_images(model, _neighbourhood(model, known), image, SHOWN)
    return Neighbours(known.learned.take(found.positions), known.is_certain)


def _neighbourhood(model: Model, known: Known) -> Neighbourhood:
    """Return how a model sees these images; only the first who asks has to wait, about a second at most."""
    key = (model.fingerprint, known.learned.fingerprint)
    return _neighbourhoods.get(key, lambda: neighbourhood(model, known.learned))


def pictures_of(neighbours: Neighbours) -> list[Picture]:
    """Return the images with their labels as captions."""
    images = neighbours.images
    names = [images.class_names[label] for label in images.labels]
    alt = _("A training image with the label {name}")
    return [
        Picture(image, alt.format(name=quoted(name)), quoted(name, SHORT_NAME))
        for image, name in zip(images.images, names, strict=True)
    ]


def neighbours_in_words(neighbours: Neighbours) -> str:
    """Return what the labels of the nearest images are, as a sentence in Markdown."""
    names = [neighbours.images.class_names[label] for label in neighbours.images.labels]
    counts = ", ".join(f"{plain(name, SHORT_NAME)} × {n}" for name, n in Counter(names).most_common())
    if neighbours.are_learned:
        words = _("The {n} training images that look most like this to the network: {counts}.")
        return words.format(n=len(names), counts=counts)
    words = _(
        "The {n} images of {dataset} that look most like this to the network: {counts}. Its file does not "
        "say which images it learned from."
    )
    dataset = plain(dataset_words(neighbours.images.name))
    return words.format(n=len(names), counts=counts, dataset=dataset)


_neighbourhoods = Latest[Neighbourhood](MOST_BYTES)
