"""The facts of a data set, samples of its images, and its images counted by class.

`overview.py` and the Data page show them. No widget is made here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.ui.messages import SHORT_NAME, distinct
from dashboard.ui.pictures import Picture
from mlcore import Dataset, Split, average_images, pixel_range
from mlcore.arrays import IndexArray, UInt8Array
from mlcore.language import _
from mlcore.quote import quoted


@dataclass(frozen=True)
class DatasetFacts:
    """What takes a look at every pixel to know.

    Attributes
    ----------
    darkest, lightest : int
        The range of grey levels.
    averages : uint8 array (classes, height, width)
        The mean image of each class.
    """

    darkest: int
    lightest: int
    averages: UInt8Array


def facts_of(dataset: Dataset) -> DatasetFacts:
    """Return the facts of a data set, worked out once for each content."""
    return _facts(dataset.fingerprint, dataset)


@st.cache_resource(show_spinner=False, max_entries=64)
def _facts(fingerprint: str, _dataset: Dataset) -> DatasetFacts:
    return DatasetFacts(*pixel_range(_dataset), average_images(_dataset))


def average_pictures(dataset: Dataset) -> list[Picture]:
    """Return the average image of each class."""
    alt = _("The average image of class {name}")
    return [
        Picture(image, alt.format(name=quoted(name)), quoted(name, SHORT_NAME))
        for image, name in zip(facts_of(dataset).averages, dataset.class_names, strict=True)
    ]


def sample_positions(dataset: Dataset, class_number: int | None, count: int, seed: int) -> IndexArray:
    """Return positions of images drawn at random: of one class, or of all of them in order of the classes.

    With None, each class has the same number of places, at least one, however rare it is.
    """
    generator = np.random.default_rng(seed)
    numbers = range(len(dataset.class_names)) if class_number is None else [class_number]
    places = max(1, count // len(numbers))
    chosen = []
    for number in numbers:
        members = np.flatnonzero(dataset.labels == number)
        chosen.append(generator.choice(members, min(places, len(members)), replace=False))
    return np.concatenate(chosen)


def sample_pictures(dataset: Dataset, positions: IndexArray) -> list[Picture]:
    """Return the images at these positions, each with the name of its class."""
    alt = _("{name}, image {number:,}")
    pictures = []
    for position, image in zip(positions, dataset.take(positions).images, strict=True):
        name = dataset.class_names[dataset.labels[position]]
        words = alt.format(name=quoted(name), number=position + 1)
        pictures.append(Picture(image, words, quoted(name, SHORT_NAME)))
    return pictures


def class_table(dataset: Dataset, split: Split) -> pd.DataFrame:
    """Return one row a class: its name and its images in training, in the dev set, in neither, and in all."""
    training, dev, total = split.train.class_counts, split.dev.class_counts, dataset.class_counts
    return pd.DataFrame(
        {
            "name": distinct(dataset.class_names),
            "training": training,
            "dev": dev,
            "unused": total - training - dev,
            "total": total,
        }
    )
