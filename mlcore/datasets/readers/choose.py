"""Chooses what is read of many files: one format, each thing once, and the files of one part of the data.

`read_dataset` asks `sorted_out` and then reads. What is left out is said in notes, by name and number.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import permutations
from typing import Literal, TypeAlias

from mlcore.datasets.readers.assemble import Found, check_counts
from mlcore.datasets.readers.formats import READERS, Reader
from mlcore.datasets.readers.kinds import DOCUMENT, LEAST_COLUMNS, REFUSED, UNKNOWN
from mlcore.datasets.readers.labels import without_unlabelled
from mlcore.datasets.readers.parts import (
    PARTS,
    MissingPart,
    NamedPart,
    Part,
    by_part,
    named_part,
    part_of_path,
    set_aside,
    several,
)
from mlcore.datasets.readers.picture_labels import labelled_by_list, labelled_by_name
from mlcore.datasets.readers.pictures import check_classes, has_classes
from mlcore.datasets.readers.source import Source, open_content
from mlcore.datasets.unlabelled import MissingLabels
from mlcore.errors import DatasetError
from mlcore.language import _

Labels = Literal["folders", "names", "none"]
Groups: TypeAlias = dict[NamedPart | None, list[Source]]

ANSWERED: tuple[NamedPart | None, ...] = ("test", None, "dev", "train", "sample")
"""What a model is asked about: the first of these that the files have."""


@dataclass
class Chosen:
    """The files of one format that are read, by the part of the data that they belong to.

    Attributes
    ----------
    reader : Reader
    groups : dict
        From a part's name, or None where names speak of none, to its files.
    partless : list of Source
        Files that name no part, beside a training part: they are used only for labels that it misses.
    elsewhere : mapping of str to dict
        The files of other formats, as `groups`, by format: images and their labels may be of two.
    unread : list of Source
        Files of other formats that were not read.
    """

    reader: Reader
    groups: Groups
    partless: list[Source] = field(default_factory=list)
    elsewhere: Mapping[str, Groups] = field(default_factory=dict)
    unread: list[Source] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """What was left out so far, for the visitor."""
        return [*self._notes, *([_unread_note(self.unread)] if self.unread else [])]

    def read(self, part: Part) -> Found:
        """Read one part.

        Raises
        ------
        MissingPart
            When the files have no such part.
        DatasetError
            When what they have cannot be used.
        """
        try:
            return self._read(part)
        except MissingPart:
            raise
        except DatasetError:
            found = self._read_two_formats(part)
            if found is None:
                raise
            return found

    def _read_two_formats(self, part: Part) -> Found | None:
        """Return images of one format with labels of another one, as images.npy and labels.csv; or None."""
        formats = [
            (self.reader, self.groups),
            *((READERS[key], group) for key, group in self.elsewhere.items()),
        ]
        for (images_of, images), (labels_of, labels) in permutations(formats, 2):
            if images_of.read_unlabelled is None or labels_of.read_labels is None:
                continue
            with suppress(DatasetError):
                found = images_of.read_unlabelled(images[named_part(images, part)], "train")
                used = labels[named_part(labels, part)]
                found.labels = labels_of.read_labels(used, found.images.nbytes)
                check_counts(found.file, len(found.images), len(found.labels))
                found.images, found.labels = without_unlabelled(found.images, found.labels, found.notes)
                read = {source.path for source in (*used, *images[named_part(images, part)])}
                self.unread = [source for source in self.unread if source.path not in read]
                return found
        return None

    def _read(self, part: Part) -> Found:
        if part == "train" and self.partless:
            return self._read_beside_partless()
        if part == "train" or part in self.groups:
            return self.reader.read(self.groups[named_part(self.groups, part)], "train")
        # A file may hold several parts itself.
        return self.reader.read(self.groups[named_part(self.groups, "train")], part)

    def _read_beside_partless(self) -> Found:
        try:
            found = self.reader.read(self.groups["train"], "train")
        except MissingLabels as error:
            try:
                return self.reader.read([*self.groups["train"], *self.partless], "train")
            except DatasetError:
                raise error from None
        found.notes.append(_partless_note(self.partless))
        return found

    def read_unlabelled(self) -> Found:
        """Read the images that are to be answered: the test images, where files have several parts.

        Raises
        ------
        DatasetError
            When what the files have cannot be used.
        """
        read = self.reader.read_unlabelled
        if read is None:
            message = _("Files of this format ({format}) are read with their labels only.")
            raise DatasetError(message.format(format=_(self.reader.label)))
        part = next(part for part in ANSWERED if part in self.groups)
        try:
            found = read(self.groups[part], "test")
        except MissingPart:
            found = read(self.groups[part], "train")
        if len(self.groups) > 1 and part == "test":
            found.notes.append(_("The files have several parts: the test images were read."))
        return found

    def others(self) -> list[Part]:
        """Return the parts that may be there beside the images to learn from."""
        learned_from = named_part(self.groups, "train")
        return [part for part in PARTS if part not in ("train", learned_from)]

    def named_others(self) -> list[Part]:
        """Return those of them that files or folders are named after."""
        return [part for part in self.others() if part in self.groups]


def sorted_out(sources: Sequence[Source], labels: Labels = "folders") -> Chosen:
    """Return which of the files are read; `read_dataset` says what ``labels`` are.

    Raises
    ------
    MissingLabels
        When pictures lie in no folders of classes; it is a `LabelsInNames` when their names may hold labels.
    DatasetError
        When none of the files can be read, with the next step for their kind; or when they are several sets.
    """
    by_kind: dict[str, list[Source]] = {}
    for source in sources:
        by_kind.setdefault(source.kind, []).append(source)
    key = _format_of(by_kind)
    groups = _grouped(by_kind[key])
    notes: list[str] = []
    partless = groups.pop(None) if "train" in groups and None in groups else []
    lists: list[Source] = []
    if key == "pictures" and labels != "none":
        groups, lists = _labelled(groups, by_kind.get("csv", []), labels, notes)
        check_classes(groups[named_part(groups, "train")])
    unread = [source for source in sources if source.kind != key and source not in lists]
    others = {
        other: found for other, found in by_kind.items() if other in READERS and key != other != "pictures"
    }
    elsewhere = {} if key == "pictures" else {other: _grouped(found) for other, found in others.items()}
    if "sample" in groups and named_part(groups, "train") != "sample":
        notes += set_aside(["sample"])
    return Chosen(READERS[key], groups, partless, elsewhere, unread, notes)


def _grouped(sources: Sequence[Source]) -> Groups:
    """Return files of one format, each once, by the part that they belong to."""
    return by_part(_once_each(sources), _part_speaker(sources))


def _labelled(
    groups: Groups, tables: Sequence[Source], labels: Labels, notes: list[str]
) -> tuple[Groups, list[Source]]:
    """Give pictures in no folders of classes the labels of a table, or of their names where it is wanted."""
    if labels == "names":
        return labelled_by_name(groups, named_part(groups, "train")), []
    found: Groups = {}
    used: list[Source] = []
    for part, pictures in groups.items():
        own = [table for table in tables if part_of_path(table.path) in (None, part) or part is None]
        listed, lists = ([], []) if has_classes(pictures) else labelled_by_list(pictures, own)
        found[part] = listed or pictures
        if lists:
            used += lists
            message = _("The labels of {n:,} of {all:,} pictures were read from {table}.")
            names = several(table.name for table in lists)
            notes.append(message.format(n=len(listed), all=len(pictures), table=names))
    return found, used


def _format_of(by_kind: Mapping[str, Sequence[Source]]) -> str:
    """Return the key in `READERS` of the format that is read."""
    keys = [key for key in READERS if key in by_kind]
    if not keys:
        raise _nothing_to_read(by_kind)
    # Folders of pictures go before tables, which may list them; a table of images before single pictures.
    if keys[-2:] == ["csv", "pictures"]:
        is_wide = any(source.columns >= LEAST_COLUMNS for source in by_kind["csv"])
        keys.remove("csv" if has_classes(by_kind["pictures"]) or not is_wide else "pictures")
    return keys[0]


def _nothing_to_read(by_kind: Mapping[str, Sequence[Source]]) -> DatasetError:
    for kind, found in by_kind.items():
        if kind in REFUSED:
            return DatasetError(_(REFUSED[kind].step).format(file=found[0].name))
    names = [source.name for found in by_kind.values() for source in found]
    if not names:
        return DatasetError(_("There is no file in what was chosen. Choose another one."))
    message = _(
        "There is nothing that can be used in {names}: no table (.csv), no IDX files, no NumPy arrays "
        "(.npz), no pictures in folders."
    )
    return DatasetError(message.format(names=several(names)))


def _unread_note(unread: Sequence[Source]) -> str:
    labels = {kind: _(refused.label) for kind, refused in REFUSED.items()}
    labels |= {key: _(reader.label) for key, reader in READERS.items()}
    labels |= {DOCUMENT: _("text about the data"), UNKNOWN: _("of an unknown kind")}
    kinds = several(dict.fromkeys(labels[source.kind] for source in unread))
    message = _("Not read: {names} ({kinds}).")
    return message.format(names=several(source.name for source in unread), kinds=kinds)


def _once_each(sources: Sequence[Source]) -> list[Source]:
    """Return the files without those that are there twice, as in a folder and in an archive beside it."""
    files = {source.path: source for source in reversed(sources)}
    once = list(reversed(files.values()))
    if once[0].kind == "pictures":
        return once
    by_name: dict[str, list[Source]] = {}
    for source in once:
        by_name.setdefault("".join(filter(str.isalnum, source.plain_name)), []).append(source)
    return [source for found in by_name.values() for source in _of_other_content(found)]


def _of_other_content(sources: Sequence[Source]) -> list[Source]:
    """Return files of one name without those that hold the same as one before."""
    if len(sources) == 1:
        return list(sources)
    kept: dict[bytes, Source] = {}
    for source in sources:
        kept.setdefault(_digest(source), source)
    return list(kept.values())


def _digest(source: Source, step: int = 1 << 20) -> bytes:
    digest = hashlib.blake2b()
    with open_content(source) as stream:
        while piece := stream.read(step):
            digest.update(piece)
    return digest.digest()


def _part_speaker(sources: Sequence[Source]) -> Callable[[Source], NamedPart | None]:
    """Return what tells the part of a file from its path; folders that hold all files tell nothing."""
    common = _common_folders([source.path for source in sources])

    def part(source: Source) -> NamedPart | None:
        names = source.path.split("/")[common:]
        # The name of a picture may hold its label, never its part.
        return part_of_path("/".join(names[:-1] if source.kind == "pictures" else names))

    return part


def _common_folders(paths: Sequence[str]) -> int:
    """Return how many of the outermost folders are the same for all paths.

    >>> _common_folders(["a/b/1.png", "a/b/2.png"]), _common_folders(["a/b/1.png", "a/README.md"])
    (2, 1)
    """
    first, last = (path.split("/")[:-1] for path in (min(paths), max(paths)))
    return next(
        (k for k, (one, other) in enumerate(zip(first, last, strict=False)) if one != other),
        min(len(first), len(last)),
    )


def _partless_note(strays: Sequence[Source]) -> str:
    message = _("Left out, as they belong to no part of the data: {names}.")
    return message.format(names=several(source.name for source in strays))
