"""The first images of a page as a table: one row per image, its label and its pixels, as in a CSV file.

The Data page shows it below the images in their order.
"""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.ui.glossary import meaning
from dashboard.ui.messages import distinct
from mlcore import Dataset
from mlcore.arrays import IndexArray
from mlcore.language import _

ROWS = 5
MOST_PIXELS = 1024
"""Columns of pixels that the table has, so that large images do not stop a browser."""


def show_head(dataset: Dataset, positions: IndexArray) -> None:
    """Offer the first of these images as rows of numbers; they are made only while they are open."""
    more = st.expander(_("As a table"), key="samples_table", on_change="rerun")
    if not more.open:
        return
    with more:
        some = positions[:ROWS]
        st.write(_("One row per image: its label, then its pixels, row by row."))
        st.dataframe(pixel_table(dataset, some), hide_index=True, alt=_("Labels and pixels"))
        st.caption(_("One-hot targets: 1 for the class, 0 elsewhere"), help=meaning("one_hot"))
        st.dataframe(target_table(dataset, some), hide_index=True, alt=_("One-hot targets"))


def pixel_table(dataset: Dataset, positions: IndexArray) -> pd.DataFrame:
    """Return the images at these positions as a CSV file in Kaggle's format has them, a row each."""
    rows = dataset.take(positions).images.reshape(len(positions), -1)[:, :MOST_PIXELS]
    table = pd.DataFrame(rows, columns=[f"pixel{place}" for place in range(rows.shape[1])])
    names = distinct(dataset.class_names)
    table.insert(0, "label", [names[label] for label in dataset.labels[positions]])
    table.insert(0, "image", positions + 1)
    return table


def target_table(dataset: Dataset, positions: IndexArray) -> pd.DataFrame:
    """Return what the network should answer to the images at these positions, a column a class."""
    targets = np.eye(len(dataset.class_names), dtype=np.uint8)[dataset.labels[positions]]
    table = pd.DataFrame(targets, columns=distinct(dataset.class_names))
    table.insert(0, "image", positions + 1)
    return table
