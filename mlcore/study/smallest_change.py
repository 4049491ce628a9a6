"""The smallest change that makes a network answer another class: towards real images, or unseen by people.

The Inside page shows both side by side: what a person would draw, and what only fools the network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, Float64Array, UInt8Array
from mlcore.model import Model
from mlcore.study.inside import input_gradient, over_pixels, twin_of

ROUNDS = 60
"""Steps across the border between two classes; three or four are enough as a rule."""

OVERSHOOT = 1.05
LONGEST_STEP = 1.0
"""Of one step, in full pixels: the border is straight only nearby."""

PARTS = 32
"""Into which a change is cut, to find how much of it is enough."""

PROTOTYPES = 24
"""Real images that are tried, the nearest ones."""

ON_THE_WAY = 4
"""Places between the image and a prototype at which the gradient is asked for."""


@dataclass(frozen=True)
class Change:
    """An image that was changed until the network answers another class.

    Attributes
    ----------
    image : uint8 array (height, width)
    difference : float64 array (height, width)
        Of the pixels, as fractions of full ink: positive where ink was added.
    probability : float
        That the network gives to the class now.
    """

    image: UInt8Array
    difference: Float64Array
    probability: float

    @property
    def added(self) -> float:
        """Ink that was added, in full pixels."""
        return float(np.maximum(self.difference, 0).sum())

    @property
    def removed(self) -> float:
        """Ink that was taken away, in full pixels."""
        return float(np.maximum(-self.difference, 0).sum())

    @property
    def pixels(self) -> int:
        """How many pixels were changed."""
        return int(np.count_nonzero(self.difference))

    @property
    def largest(self) -> float:
        """The largest change of one pixel, as a fraction of full ink."""
        return float(np.abs(self.difference).max())

    @property
    def length(self) -> float:
        """The root of the sum of squares, in full pixels."""
        return float(np.linalg.norm(self.difference))


def fooling_change(model: Model, image: NDArray[np.uint8], of_class: int) -> Change | None:
    """Return an image that the network takes for a class, as near as possible to the given one.

    It goes straight towards the border of the class, again and again, as it bends (DeepFool with a target:
    Moosavi-Dezfooli, Fawzi & Frossard, 2016). Nothing keeps it among images that a person would draw.

    Parameters
    ----------
    model : Model
    image : uint8 array (height, width)
    of_class : int

    Returns
    -------
    Change or None
        None when the border was not reached.
    """
    asked = _Asked(model, 1)
    full, start = model.full_ink, image.astype(np.float64)
    moved = start.copy()
    for _round in range(ROUNDS):
        pixels = _as_image(moved, full)
        logits = asked.logits(pixels[None])[0]
        rivals = np.where(np.arange(len(logits)) == of_class, -np.inf, logits)
        rival = int(rivals.argmax())
        if logits[of_class] > logits[rival]:
            return _least(model, image, moved - start, of_class)
        slope = asked.slopes(pixels[None], of_class, rival)[0]
        slope[((moved >= full) & (slope > 0)) | ((moved <= 0) & (slope < 0))] = 0
        steepness = float(np.square(slope).sum())
        if steepness == 0:
            return None
        step = OVERSHOOT * (logits[rival] - logits[of_class] + 1e-3) / steepness * slope
        too_long = float(np.linalg.norm(step)) / (LONGEST_STEP * full)
        moved = np.clip(moved + step / max(1.0, too_long), 0, full)
    return None


def change_towards(
    model: Model, image: NDArray[np.uint8], of_class: int, examples: NDArray[np.uint8]
) -> Change | None:
    """Return an image that the network takes for a class because it became more like real images of it.

    Each of the nearest examples says which ink would have to be added and removed. Pixels are changed to
    those of the example in the order of what they bring for their ink, smoothed over their neighbours so that
    strokes come and go as a whole, until the network answers the class (counterfactuals guided by prototypes:
    Van Looveren & Klaise, 2021). The example that takes the least ink wins.

    Parameters
    ----------
    model : Model
    image : uint8 array (height, width)
    of_class : int
    examples : uint8 array (n, height, width)
        Real images of the class.

    Returns
    -------
    Change or None
        None when the network takes no example for the class.
    """
    examples = (
        examples[model.probabilities_of(examples).argmax(axis=1) == of_class] if len(examples) else examples
    )
    if not len(examples):
        return None
    far = np.square(examples.astype(np.float64) - image).sum(axis=(1, 2))
    nearest = examples[np.argsort(far, kind="stable")[:PROTOTYPES]]
    guess = int(model.probabilities_of(image[None])[0].argmax())
    asked = _Asked(model, ON_THE_WAY)
    found = [_towards_one(model, asked, image, one, of_class, guess) for one in nearest]
    return min((change for change in found if change), key=lambda change: change.added + change.removed)


def _towards_one(
    model: Model,
    asked: _Asked,
    image: NDArray[np.uint8],
    example: NDArray[np.uint8],
    of_class: int,
    guess: int,
) -> Change | None:
    """Return the least part of the change from an image to an example that is enough."""
    difference = example.astype(np.float64) - image
    places = (np.arange(ON_THE_WAY) + 0.5)[:, None, None] / ON_THE_WAY
    slopes = asked.slopes(_as_image(image + places * difference, model.full_ink), of_class, guess)
    ink = np.abs(difference)
    worth = _smooth(slopes.mean(axis=0) * difference) / (_smooth(ink) + 0.01 * model.full_ink)
    order = np.argsort(-worth, axis=None, kind="stable")
    done = np.empty(ink.size)
    done[order] = np.cumsum(ink.ravel()[order]) / max(
        ink.sum(), 1
    )  # the share of the ink, once this pixel is done
    parts = (done.reshape(ink.shape) <= np.linspace(0, 1, PARTS + 1)[1:, None, None] + 1e-9) * difference
    taken = _first_taken(model, _as_image(image + parts, model.full_ink), of_class)
    return None if taken is None else _least(model, image, parts[taken], of_class)


def _least(model: Model, image: NDArray[np.uint8], difference: Float64Array, of_class: int) -> Change | None:
    """Return the least share of a change that is enough."""
    full = model.full_ink
    shares = np.linspace(0, 1, 2 * PARTS + 1)[1:, None, None]
    tried = _as_image(image + shares * difference, full)
    taken = _first_taken(model, tried, of_class)
    if taken is None:
        return None
    probability = float(model.probabilities_of(tried[taken][None])[0, of_class])
    return Change(tried[taken], (tried[taken].astype(np.float64) - image) / full, probability)


def _first_taken(model: Model, images: UInt8Array, of_class: int) -> int | None:
    """Return the place of the first image that the network takes for a class."""
    taken = np.flatnonzero(model.probabilities_of(images).argmax(axis=1) == of_class)
    return int(taken[0]) if len(taken) else None


def _as_image(values: Float64Array, full: int) -> UInt8Array:
    return np.rint(np.clip(values, 0, full)).astype(np.uint8)


def _smooth(values: Float64Array) -> Float64Array:
    """Return the sum over each pixel and its eight neighbours."""
    height, width = values.shape
    padded = np.pad(values, 1)
    sums: Float64Array = sum(
        (padded[row : row + height, column : column + width] for row in range(3) for column in range(3)),
        np.zeros_like(values),
    )
    return sums


class _Asked:
    """A copy of a model's network that tells logits, and their slopes along the pixels, in float64.

    Parameters
    ----------
    model : Model
    most : int
        Images at once.
    """

    def __init__(self, model: Model, most: int) -> None:
        self._twin = twin_of(model, most, "float64")
        height, width = model.image_shape
        full = np.full((1, height, width), model.full_ink, np.uint8)
        bright, blank = (self._read(image).copy() for image in (full, np.zeros_like(full)))
        squares = self._twin.preparation.pooling**2  # the inputs are sums over them
        self._input_slope = (bright - blank) / (model.full_ink * squares)

    def _read(self, images: NDArray[np.uint8]) -> Array:
        return self._twin.read(self._twin.preparation.compact(images))

    def logits(self, images: NDArray[np.uint8]) -> Float64Array:
        """Return the logits, (n, classes)."""
        return np.array(self._twin.forward(self._read(images)), np.float64)

    def slopes(self, images: NDArray[np.uint8], of_class: int, rival: int) -> Float64Array:
        """Return how the logit of a class minus that of a rival grows with each pixel, (n, height, width)."""
        self.logits(images)
        of_logits = np.zeros((len(images), self._twin.n_classes))
        of_logits[:, of_class] += 1
        of_logits[:, rival] -= 1
        preparation = self._twin.preparation
        pooled = over_pixels(input_gradient(self._twin, of_logits) * self._input_slope, preparation)
        height, width = preparation.image_shape
        side = preparation.pooling
        return np.array(pooled.repeat(side, axis=1).repeat(side, axis=2)[:, :height, :width], np.float64)
