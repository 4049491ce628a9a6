"""The ring of classes as a drawing: images in the middle are undecided, those at a class are taken for it.

Time travel shows one for each moment: unlike the axes of principal components, the places of the classes stay
where they are while the network learns.
"""

import numpy as np
import numpy.typing as npt

from dashboard.ui.messages import distinct, html_text
from dashboard.ui.palette import COLORS
from mlcore.language import _

RADIUS = 100
MOST_NAMES = 26
"""With more classes than this, their names would lie on each other."""

NAME = 6
Numbers = npt.NDArray[np.floating]


def ring_places(probabilities: Numbers) -> Numbers:
    """Return the place of each image, (n, 2): the mean of the classes' places by its probabilities.

    >>> ring_places(np.array([[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])).round(9).tolist()
    [[0.0, -100.0], [0.0, 0.0]]
    """
    angles = 2 * np.pi * np.arange(probabilities.shape[1]) / probabilities.shape[1]
    corners = RADIUS * np.stack([np.sin(angles), -np.cos(angles)], axis=1)
    places: Numbers = np.asarray(probabilities, np.float64) @ corners + 0.0
    return places


def ring_html(
    probabilities: Numbers,
    labels: npt.NDArray[np.integer],
    class_names: tuple[str, ...],
    mine: Numbers | None,
) -> str:
    """Return the ring as SVG: a colour for each true class, a cross for a mistake, a star for the drawing.

    Parameters
    ----------
    probabilities : float array (n, classes)
    labels : int array (n,)
    class_names : tuple of str
    mine : float array (classes,), optional
        What the drawing was answered.
    """
    marks = _marks(ring_places(probabilities), labels, probabilities.argmax(axis=1), len(class_names))
    if mine is not None:
        ((x, y),) = ring_places(mine[None])
        marks += f'<text x="{x:.0f}" y="{y:.0f}" class="dl-ring-mine">★</text>'
    words = _(
        "Each point is a dev image, near the classes that it is taken for. A cross is a mistake, a star your "
        "drawing."
    )
    name = html_text(_("Ring of classes"))
    return (
        f'<svg class="dl-ring" viewBox="-125 -122 250 244" role="img" aria-label="{name}">'
        f'<circle r="{RADIUS}" class="dl-ring-line"/>{marks}{_names(class_names)}</svg>'
        f"<p>{html_text(words)}</p>"
    )


def _marks(
    places: Numbers, labels: npt.NDArray[np.integer], guesses: npt.NDArray[np.integer], n_classes: int
) -> str:
    """Return two paths for each true class: dots for right answers, crosses for mistakes."""
    paths = []
    for label in range(n_classes):
        dots, crosses = (
            places[(labels == label) & ((guesses == label) == is_right)] for is_right in (True, False)
        )
        color = COLORS[label % len(COLORS)]
        lines = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in dots)
        paths.append(f'<path stroke="{color}" class="dl-ring-dots" d="{lines}"/>')
        lines = "".join(f"M{x - 3:.0f} {y - 3:.0f}l6 6m-6 0l6-6" for x, y in crosses)
        paths.append(f'<path stroke="{color}" d="{lines}"/>')
    return "".join(paths)


def _names(class_names: tuple[str, ...]) -> str:
    if len(class_names) > MOST_NAMES:
        return ""
    places = 1.13 * ring_places(np.eye(len(class_names)))
    return "".join(
        f'<text x="{x:.0f}" y="{y:.0f}">{html_text(name)}</text>'
        for name, (x, y) in zip(distinct(class_names, NAME), places, strict=True)
    )
