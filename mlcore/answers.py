"""What a model says of images without labels: its answers, and the files in which they are handed in.

`answer` asks the model; the Evaluate page shows the `Answers` as a table and offers the files.
"""

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, IndexArray, UInt8Array
from mlcore.datasets.unlabelled import UnlabelledImages
from mlcore.errors import DatasetError
from mlcore.images.frame import ENOUGH, Frame, fit_frame, measured_rows
from mlcore.images.pixels import FEW_LEVELS, other_scale
from mlcore.images.resample import resample_all
from mlcore.language import _
from mlcore.model import Model

BLOCK = 1024
"""Images answered in one go: there is never an array of all probabilities."""

FULL_INK = 255
"""Of the images that a file holds, as they were read."""

SAME_SIZE = 1.25
"""Ink that is larger or smaller than the model knows by less than this factor is not told of.

The shipped model reads 99 % of MNIST's test images as they are or with ink 0.88 times as large, 88 % when
each is cropped to its ink (1.4), and 44 % when they are padded from 28 to 64 pixels (0.45).
"""

SAME_PLACE = 0.1
"""Of a side: how far the ink may lie from where the model knows it."""

SUBMISSION_COLUMNS = ("ImageId", "Label")
"""The columns that Kaggle's "Digit Recognizer" wants."""


@dataclass(frozen=True)
class Answers:
    """A model's answers to images without labels, in the order of the images.

    Attributes
    ----------
    class_names : tuple of str
    names : tuple of str
        What each image is called.
    guesses : unsigned integer array (n,)
        The likeliest class of each image.
    confidence : float32 array (n,)
        The probability that the model gave to it.
    notes : tuple of str
        Sentences for the user: what was done to the images before the model saw them.
    """

    class_names: tuple[str, ...]
    names: tuple[str, ...]
    guesses: NDArray[np.unsignedinteger]
    confidence: NDArray[np.float32]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.guesses)

    @property
    def nbytes(self) -> int:
        """How much memory it takes, with the names."""
        return self.guesses.nbytes + self.confidence.nbytes + sum(map(sys.getsizeof, self.names))

    @property
    def labels(self) -> list[str]:
        """The answers as names of classes."""
        return [self.class_names[guess] for guess in self.guesses]

    @property
    def least_sure(self) -> IndexArray:
        """The positions of all images, those first that the model is least sure of."""
        return np.argsort(self.confidence, kind="stable")

    def submission(self) -> str:
        """Return the answers as the table that Kaggle wants: ``ImageId,Label``, in the order of the images.

        >>> two = Answers(("a", "b"), ("1", "2"), np.array([1, 0], np.uint8), np.ones(2, np.float32))
        >>> print(two.submission(), end="")
        ImageId,Label
        1,b
        2,a
        """
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(SUBMISSION_COLUMNS)
        writer.writerows(zip(self.names, self.labels, strict=True))
        return file.getvalue()


def answer(model: Model, images: UnlabelledImages) -> Answers:
    """Ask a model about images without labels, block by block.

    Images of another size than the model's are scaled to fit it, with a note.

    Raises
    ------
    DatasetError
        When the images are almost black, as those on another scale are.

    Examples
    --------
    >>> from mlcore import fit, load_dataset, split_dataset
    >>> split = split_dataset(load_dataset("digits-8x8"), 300)
    >>> some = UnlabelledImages(split.dev.images, tuple(map(str, range(300))), "some")
    >>> answers = answer(fit(split, progress=False), some)
    >>> float(np.mean(answers.guesses == split.dev.labels)) > 0.9
    True
    """
    if reason := other_scale(int(images.images.max()), FULL_INK):
        raise DatasetError(reason)
    guesses = np.empty(len(images), np.min_scalar_type(len(model.class_names) - 1))
    confidence = np.empty(len(images), np.float32)
    for part, probabilities in _probabilities(model, images):
        guesses[part], confidence[part] = probabilities.argmax(axis=1), probabilities.max(axis=1)
    return Answers(model.class_names, images.names, guesses, confidence, notes_on(model, images))


def submission_with_probabilities(model: Model, images: UnlabelledImages) -> str:
    """Return the answers as a table with a column more for each class: its probability, to four decimals."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*SUBMISSION_COLUMNS, *model.class_names])
    for part, probabilities in _probabilities(model, images):
        labels = [model.class_names[guess] for guess in probabilities.argmax(axis=1)]
        for name, label, row in zip(images.names[part], labels, probabilities.tolist(), strict=True):
            writer.writerow([name, label, *(f"{value:.4f}" for value in row)])
    return file.getvalue()


def notes_on(model: Model, images: UnlabelledImages) -> tuple[str, ...]:
    """Return in sentences how the images differ from those that the model learned from."""
    notes = []
    if images.image_shape != model.image_shape:
        message = _("The images have {a}×{b} pixels; they were scaled to the {c}×{d} that the model takes.")
        (a, b), (c, d) = images.image_shape, model.image_shape
        notes.append(message.format(a=a, b=b, c=c, d=d))
    found = fit_frame(images_for(model, images.images[measured_rows(len(images))]))
    if len(images) >= ENOUGH and found is not None:
        notes += _frame_notes(found, model.frame, model.image_shape)
    return tuple(notes)


def _frame_notes(found: Frame, learned: Frame, shape: tuple[int, int]) -> list[str]:
    """Return in a sentence how the ink lies otherwise than in the images that the model learned from."""
    ratios = np.array(found.box) / learned.box
    if ratios.max() > SAME_SIZE or ratios.min() < 1 / SAME_SIZE:
        side = int(np.argmax(np.abs(np.log(ratios))))
        message = _(
            "The ink fills {found:.0%} of the {side}; in the images that the model learned from it fills "
            "{learned:.0%}."
        )
        words = {
            "found": found.box[side] / shape[side],
            "learned": learned.box[side] / shape[side],
            "side": _("width") if side else _("height"),
        }
        return [f"{message.format(**words)} {_('Expect more mistakes.')}"]
    moved = np.abs(np.array(found.place) - learned.place) / shape
    if found.anchors == learned.anchors and moved.max() > SAME_PLACE:
        message = _("The ink lies elsewhere than in the images that the model learned from.")
        return [f"{message} {_('Expect more mistakes.')}"]
    return []


def images_for(model: Model, images: UInt8Array) -> UInt8Array:
    """Return white ink on black, ``(n, height, width)``, in the size and the levels that the model takes."""
    if images.shape[1:] != model.image_shape:
        images = resample_all(images, model.image_shape)
    if model.full_ink <= FEW_LEVELS:  # it learned from levels that were not stretched
        images = np.rint(images * (model.full_ink / FULL_INK)).astype(np.uint8)
        return model.full_ink - images if model.frame.paper > model.frame.ink else images
    # A model of a notebook may have learned dark ink on light paper.
    return FULL_INK - images if model.frame.paper > model.frame.ink else images


def _probabilities(model: Model, images: UnlabelledImages) -> Iterator[tuple[slice, Array]]:
    """Yield the positions of some images and the probabilities of their classes, ``(some, classes)``."""
    for start in range(0, len(images), BLOCK):
        part = slice(start, start + BLOCK)
        yield part, model.probabilities_of(images_for(model, images.images[part]))
