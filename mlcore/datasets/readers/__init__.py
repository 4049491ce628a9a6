"""The readers of data files that users bring: `read_dataset` and its like, and `READERS`.

The Data page and notebooks call them. Archives are opened (`containers`), each file is judged (`kinds`), what
belongs together is chosen (`choose`), and the reader of its format yields images and labels.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import get_args

import numpy as np

from mlcore.datasets.dataset import Dataset
from mlcore.datasets.decision import DecisionKey
from mlcore.datasets.readers.assemble import Found, make_dataset, make_images
from mlcore.datasets.readers.choose import Chosen, Labels, sorted_out
from mlcore.datasets.readers.containers import flat_sources
from mlcore.datasets.readers.formats import READERS, Reader
from mlcore.datasets.readers.limits import MIN_CLASSES, Ask, asking, holding
from mlcore.datasets.readers.parts import MissingPart, Part, left_out, set_aside, several
from mlcore.datasets.readers.picture_labels import LabelsInNames
from mlcore.datasets.readers.source import LONGEST_NAME, FileLike, Source, stem_of, unpacking
from mlcore.datasets.undo import undo_decision
from mlcore.datasets.unlabelled import MissingLabels, UnlabelledImages
from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.quote import quoted

__all__ = ["READERS", "LabelsInNames", "Parts", "Reader", "read_dataset", "read_images", "read_parts"]


@dataclass(frozen=True)
class Parts:
    """What the files of one data set hold.

    Attributes
    ----------
    train : Dataset
        The images to learn from.
    dev : Dataset or None
        The validation images, where the files have some.
    test : Dataset or None
        The images for the final test, where the files have some with labels.
    notes : tuple of str
        Sentences about validation and test images: what they are used for, or why they are not.
    """

    train: Dataset
    dev: Dataset | None = None
    test: Dataset | None = None
    notes: tuple[str, ...] = ()


def read_dataset(
    files: Mapping[str, FileLike],
    name: str | None = None,
    part: Part = "train",
    ask: Ask | None = None,
    without: Collection[DecisionKey] = (),
    labels: Labels = "folders",
) -> Dataset:
    """Make a Dataset of the files of one data set.

    Parameters
    ----------
    files : mapping of str to bytes, path or binary file
        The names as the user knows them, and the content; a path may be a folder. A file object is read from
        its start and left open.
    name : str, optional
        What to call the data set; otherwise it is called after the file that was read.
    part : "train", "dev" or "test"
        Which part to read when the files hold several, as MNIST's and Keras's do.
    ask : callable, optional
        Is told how many bytes the reader is about to hold, each time before it takes more; to refuse, it
        raises a `DatasetError`.
    without : collection of str
        What not to decide: "stretch", "invert", "turn", "name" (see `Decision`); it stays in
        ``dataset.decisions``, undone.
    labels : "folders" or "names"
        Where the labels of pictures are: their folders, or a table beside them; or the names of the pictures,
        as in ``3_17.png``.

    Raises
    ------
    LabelsInNames
        When pictures lie in no folders of classes, but ``labels="names"`` would find labels; it shows some.
    ValueError
        When ``without`` names something else.
    DatasetError
        For any files that cannot be used, with a sentence that says what is wrong, where, and what to do.
    """
    if unknown := set(without) - set(get_args(DecisionKey)):
        raise ValueError(f"no decisions: {unknown}; there are {get_args(DecisionKey)}")
    with _opened(files, ask, labels) as (sources, chosen):
        found = chosen.read(part)
        if part == "train":
            found.notes[:0] = [*chosen.notes, *set_aside(chosen.named_others())]
        least = MIN_CLASSES if part == "train" else 1
        dataset = make_dataset(found, name or _name_of(found, sources), least_classes=least)
    for decision in dataset.decisions:
        if decision.key in without and decision.can_be_undone:
            dataset = undo_decision(dataset, decision.key)
    return dataset


def read_parts(
    files: Mapping[str, FileLike],
    name: str | None = None,
    ask: Ask | None = None,
    labels: Labels = "folders",
) -> Parts:
    """Read the training, validation and test images of one data set in one go.

    The parameters are those of `read_dataset`. A validation or test part that cannot be used is left out,
    and a note says why.

    Raises
    ------
    DatasetError
        When there are no images to learn from, or they cannot be used.
    """
    with _opened(files, ask, labels) as (sources, chosen):
        found = chosen.read("train")
        found.notes[:0] = chosen.notes
        train = make_dataset(found, name or _name_of(found, sources))
        parts: dict[Part, Dataset] = {}
        notes = []
        for part in chosen.others():
            with holding(train.images.nbytes + sum(other.images.nbytes for other in parts.values())):
                try:
                    other = _fitted(make_dataset(chosen.read(part), train.name, 1, train.decisions), train)
                except MissingPart:
                    continue
                except MissingLabels:
                    notes.append(left_out(part, str(MissingLabels(_("They have no labels.")))))
                    continue
                except DatasetError as error:
                    notes.append(left_out(part, str(error)))
                    continue
            # A file that has nothing but a test part is learned from.
            if part in chosen.groups or other.fingerprint != train.fingerprint:
                parts[part] = other
                notes += [*set_aside([part]), *other.left_out]
        return Parts(
            train,
            parts.get("dev"),
            parts.get("test"),
            tuple(note for note in dict.fromkeys(notes) if note not in train.notes),
        )


def read_images(
    files: Mapping[str, FileLike], name: str | None = None, ask: Ask | None = None
) -> UnlabelledImages:
    """Read images without labels, prepared as those of a data set are; labels that are there are left out.

    Of files that have several parts, the test images are read. The parameters are those of `read_dataset`.

    Raises
    ------
    DatasetError
        For any files that cannot be used, with a sentence that says what is wrong, where, and what to do.

    Examples
    --------
    >>> read_images({"test.csv": b"0,255,9,7,0,0,3,0,0,0,8,0,9,1,0,2"})
    UnlabelledImages('test': 1 images 4×4)
    """
    with _opened(files, ask, "none") as (sources, chosen):
        found = chosen.read_unlabelled()
        found.notes[:0] = chosen.notes
        return make_images(found, name or _name_of(found, sources))


def _fitted(part: Dataset, train: Dataset) -> Dataset:
    """Return validation or test images with the classes of the training images.

    Raises
    ------
    DatasetError
        When they have another size, or none of them has such a class.
    """
    if part.image_shape != train.image_shape:
        message = _("Its images have {found} pixels, the training images have {wanted}.")
        shapes = ["×".join(map(str, dataset.image_shape)) for dataset in (part, train)]
        raise DatasetError(message.format(found=shapes[0], wanted=shapes[1]))
    places = {name: place for place, name in enumerate(train.class_names)}
    labels = np.array([places.get(name, -1) for name in part.class_names])[part.labels]
    known, notes = labels >= 0, list(part.left_out)
    if not known.any():
        raise DatasetError(_("Its images have other classes than the training images."))
    if not known.all():
        message = _("{n:,} of its images were left out: the training images do not have their classes.")
        notes.append(message.format(n=int((~known).sum())))
    decisions = [decision for decision in part.decisions if decision.key != "name"]
    decisions += [decision for decision in train.decisions if decision.key == "name"]
    return Dataset(
        part.images if known.all() else part.images[known],
        labels[known],
        train.class_names,
        train.name,
        notes=notes,
        decisions=[decision.of(known) for decision in decisions],
    )


@contextmanager
def _opened(
    files: Mapping[str, FileLike], ask: Ask | None, labels: Labels
) -> Iterator[tuple[list[Source], Chosen]]:
    """Open the files while the block runs, and turn whatever is raised in it into a `DatasetError`."""
    if not files:
        raise DatasetError(_("No file was chosen."))
    with asking(ask), unpacking(several(files)), flat_sources(files) as sources:
        yield sources, sorted_out(sources, labels)


def _name_of(found: Found, sources: list[Source]) -> str:
    """Return what to call a data set: the file that was given and that it was read from, without endings."""
    top = next((source.top for source in sources if found.file in (source.name, source.top)), sources[0].top)
    return stem_of(quoted(top, LONGEST_NAME))
