"""Reads a .zip by what is in it: pictures in folders, a table as Kaggle packs it, or a pair of IDX files.

It is one of the readers between a dataset file and a Dataset, and hands on to the others.
"""

from collections.abc import Sequence

from mlcore.datasets.readers.assemble import Found
from mlcore.datasets.readers.csv import ENDINGS as TABLE_ENDINGS
from mlcore.datasets.readers.csv import read_table
from mlcore.datasets.readers.idx import IDX_NAME, read_idx_files
from mlcore.datasets.readers.parts import Part
from mlcore.datasets.readers.pictures import picture_paths, read_pictures
from mlcore.datasets.readers.source import Source
from mlcore.datasets.readers.zipped import open_zip, source_in, visible_members
from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.quote import quoted


def read_archive(sources: Sequence[Source], part: Part) -> Found:
    """Return the images and labels of one .zip file.

    Raises
    ------
    DatasetError
        When nothing in it can be used, or something in it is wrong.
    """
    if len(sources) > 1:
        message = _("{n} zip files were chosen. Choose one, or pack all of it into one.")
        raise DatasetError(message.format(n=len(sources)))
    file = sources[0].name
    with open_zip(sources[0]) as archive:
        members = visible_members(archive)
        if picture_paths(members):
            return read_pictures(archive, members, file, part)
        inside = [source_in(archive, path, info) for path, info in members.items()]
        tables = [source for source in inside if source.plain_name.endswith(TABLE_ENDINGS)]
        if tables:
            # Kaggle's own zip has train.csv beside test.csv and sample_submission.csv, which have no labels.
            named = [source for source in tables if source.plain_name == "train.csv"]
            return read_table(named if len(named) == 1 else tables, part)
        pairs = [source for source in inside if IDX_NAME.fullmatch(source.plain_name)]
        if pairs:
            return read_idx_files(pairs, part)
        message = _(
            "{file} holds nothing that can be used: no pictures in folders, no .csv, no IDX files. "
            "It has {found}."
        )
        found = ", ".join(map(quoted, list(members)[:5])) or _("no file at all")
        raise DatasetError(message.format(file=file, found=found))
