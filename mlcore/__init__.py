"""Digit Lab's core: from a file of labelled digits to a trained network that reads a drawn one.

The modules stand in the order of that path, and every name that a notebook needs can be imported from here.
"""

from mlcore.dataset import Dataset, DatasetError
from mlcore.shipped import SHIPPED_DATASETS, ShippedDataset, load_dataset
from mlcore.split import Split, split_dataset

__all__ = [
    "SHIPPED_DATASETS",
    "Dataset",
    "DatasetError",
    "ShippedDataset",
    "Split",
    "load_dataset",
    "split_dataset",
]
