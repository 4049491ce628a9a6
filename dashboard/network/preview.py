"""What augmentation and preparation do to real training images: rows of pictures, before and after.

The Network page shows them below the settings that they follow. They are made by the functions that training
uses.
"""

import numpy as np
import streamlit as st

from dashboard.session import Session
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import friendly_errors
from dashboard.ui.pictures import AnyImage, Picture, first_pictures, pairs
from mlcore import Dataset, NetworkConfig, Preparation, SplitSettings, augment, fit_preparation
from mlcore.arrays import Array, UInt8Array
from mlcore.images.augmentation import Augmentation
from mlcore.language import _
from mlcore.quote import quoted

SHOWN = 8
"""Images in a row: as many as stand side by side at a desk."""

SIZE = 52  # CSS pixels
MEASURED = 2000
"""Training images that the preparation is fitted to here; training itself uses all of them."""

SPREAD = 2.5
"""Standard deviations from black to mid-grey, and from there to white."""

DROPPED = (194, 85, 10)
"""The colour of a pixel that the network does not read: no grey, in light and dark alike."""


@st.fragment
def show_augmentation(session: Session) -> None:
    """Show training images as they are and, below each, changed at random as training may see it."""
    augmentation = session.training_config.augmentation
    seed = st.session_state.setdefault("augmentation_seed", 0)
    with friendly_errors():
        images = first_images(session)
        after = augmented(images.images, augmentation, seed)
        alt = _("A training image of class {name}, changed at random")
        pairs(zip(first_pictures(images, SHOWN), _pictures(images, after, alt), strict=True), SIZE)
        text = _(
            "Top: training images as they are. Bottom: as training may see them, changed "
            "differently in each epoch."
        )
        st.caption(
            _("Every change is 0: training sees the images as they are.") if augmentation.is_none else text,
            help=meaning("augmentation"),
        )
        st.button(
            _("Draw other changes"),
            key="other_changes",
            icon=":material/shuffle:",
            disabled=augmentation.is_none,
            on_click=_count_on,
        )


def _count_on() -> None:
    st.session_state["augmentation_seed"] += 1


def augmented(images: UInt8Array, augmentation: Augmentation, seed: int) -> UInt8Array:
    """Return changed copies of images (n, height, width); the same seed gives the same ones."""
    return augment(images, np.random.default_rng(seed), augmentation)


def show_preparation(session: Session) -> None:
    """Show training images as they are and, below each, the numbers that the network reads as a picture."""
    with friendly_errors():
        config, images = session.network_config, first_images(session)
        preparation = fitted(session.dataset.fingerprint, session.split_settings, config, session.split.train)
        inputs = preparation(images.images)
        alt = _("What the network reads of a training image of class {name}")
        after = input_pictures(preparation, inputs)
        pairs(zip(first_pictures(images, SHOWN), _pictures(images, after, alt), strict=True), SIZE)
        st.caption(describe(preparation, inputs))


def describe(preparation: Preparation, inputs: Array) -> str:
    """Return in a sentence or two what the pictures of `input_pictures` show."""
    height, width = preparation.pooled_shape
    text = _("Top: training images as they are. Bottom: the {n:,} numbers that the network reads of each")
    parts = [text.format(n=preparation.features) + _(", here from {low:.3g} to {high:.3g}.")]
    if preparation.mean is not None:
        parts.append(_("Mid-grey is a pixel's mean over the training images."))
    if preparation.features < height * width:
        parts.append(_("Orange pixels are left out."))
    return " ".join(parts).format(low=float(inputs.min()), high=float(inputs.max()))


def input_pictures(preparation: Preparation, inputs: Array) -> UInt8Array:
    """Return the network's inputs as pictures: the larger a number, the brighter its pixel.

    Parameters
    ----------
    preparation : Preparation
    inputs : float array (n, features)
        What it made of the images.

    Returns
    -------
    uint8 array (n, height, width, 3)
        After pooling; a pixel that is not read has the colour `DROPPED`.
    """
    low, high = (0.0, float(inputs.max())) if preparation.mean is None else (-SPREAD, SPREAD)
    grey = np.clip((inputs - low) / max(high - low, 1e-9), 0, 1) * 255
    height, width = preparation.pooled_shape
    pictures = np.full((len(inputs), height * width, 3), DROPPED, np.uint8)
    kept = slice(None) if preparation.kept is None else preparation.kept
    pictures[:, kept] = np.rint(grey).astype(np.uint8)[:, :, None]
    return pictures.reshape(-1, height, width, 3)


@st.cache_resource(show_spinner=False, max_entries=32)
def fitted(fingerprint: str, split: SplitSettings, config: NetworkConfig, _train: Dataset) -> Preparation:
    """Return the preparation that a network's settings ask for, fitted to some of the training images.

    The fingerprint of the data set and the settings of the split say which training images those are.
    """
    return fit_preparation(
        _train.take(slice(MEASURED)).images,
        pooling=config.pooling,
        scaling=config.scaling,
        standardize=config.standardize,
        drop_rare_pixels=config.drop_rare_pixels,
    )


def first_images(session: Session) -> Dataset:
    """Return the first training images, which the split has shuffled."""
    return session.split.train.take(slice(SHOWN))


def _pictures(images: Dataset, pixels: AnyImage, alt: str) -> list[Picture]:
    names = [quoted(images.class_names[label]) for label in images.labels]
    return [Picture(image, alt.format(name=name)) for image, name in zip(pixels, names, strict=True)]
