"""Easy, ambiguous and hard training images: when each was learned, how often forgotten, how sure it became.

The Evaluate page shows it; the workers follow the images over the snapshots of a run, or train a network.
"""

import math
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.address import to_address
from dashboard.evaluate.court import HELD, Court
from dashboard.evaluate.offer import offer_csv
from dashboard.evaluate.study_files import lives_csv
from dashboard.evaluate.training_images import packed, places, unpacked_bytes
from dashboard.models.choice import chosen_key
from dashboard.models.judged import Judged
from dashboard.run_service import get_run_service
from dashboard.runs.snapshots import Snapshot
from dashboard.session import RUN_MODEL, Session
from dashboard.study import Task, show_study
from dashboard.ui.choices import choose_one
from dashboard.ui.formats import percent
from dashboard.ui.messages import SHORT_NAME, friendly_errors
from dashboard.ui.paging import choose_page
from dashboard.ui.palette import COLORS, axis, layout
from dashboard.ui.pictures import Picture, grid
from dashboard.ui.plotly_chart import show_chart
from mlcore import Dataset, ImageLives, Model, lives_in_training, lives_over
from mlcore.arrays import IndexArray
from mlcore.language import _
from mlcore.quote import quoted
from mlcore.study.image_lives import KINDS
from mlcore.study.parcel import opened

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

IMAGES_A_PAGE = 60
SIZE = 56

MOST_POINTS = 600
"""Of each kind in the chart."""

FIRST_EPOCH = 1.0
"""Snapshots count from here on: before, the network has not seen every image."""

LEAST_MOMENTS = 3
"""Snapshots of a run from which the lives of images can be told."""


@st.fragment
def show_lives(judged: Judged) -> None:
    """Offer the study, and show what it found: a sentence, the map of all images, and those of one kind."""
    session = judged.session
    with friendly_errors():
        train = session.split.train
        moments = _moments(session, judged.model, train)
        lives = _lives(session, train, moments)
        if lives is None:
            st.caption(_about(bool(moments)).format(n=len(train)))
            return
        st.write(lives_in_words(lives))
        show_chart(lives_figure(lives), key="lives_chart")
        st.caption(_followed(lives, bool(moments)))
        name = choose_one(_("Images"), KINDS, key="lives_kind")
        _show_images(lives, train, lives.kinds()[name], name)
        if name == "hard":
            _offer_court(session, train, lives)
        offer_csv(_("Lives (.csv)"), lambda: lives_csv(lives, train, places(train)), "lives.csv")


def _moments(session: Session, model: Model, train: Dataset) -> tuple[Snapshot, ...]:
    """Return the snapshots of the run that is judged; none where they are few, or of other images."""
    if chosen_key(session) != RUN_MODEL or session.run_id is None:
        return ()
    if model.card.get("fingerprint") != train.fingerprint:
        return ()
    snapshots = get_run_service().snapshots(session.run_id)
    moments = tuple(moment for moment in snapshots if moment.epoch >= FIRST_EPOCH)
    return moments if len(moments) >= LEAST_MOMENTS else ()


def _lives(session: Session, train: Dataset, moments: tuple[Snapshot, ...]) -> ImageLives | None:
    run_id = str(session.run_id)

    def task() -> Task:
        images = packed(session, train)
        if not moments:
            return opened, (lives_in_training, images)
        models = [get_run_service().snapshot_model(run_id, moment.step) for moment in moments]
        return opened, (lives_over, models, [moment.epoch for moment in moments], images)

    found: ImageLives | None = show_study(
        "image_lives",
        (run_id if moments else "", moments, train.fingerprint),
        _("Follow the images"),
        task,
        memory=unpacked_bytes(session),
    )
    return found


def _about(has_run: bool) -> str:
    """Return how the images are followed, with a place for their number."""
    if has_run:
        return _("Each snapshot of your run classifies all {n:,} training images.")
    return _("A small network is trained for ten epochs and classifies all {n:,} training images after each.")


def _followed(lives: ImageLives, has_run: bool) -> str:
    """Return what the images were followed in, and how to read the map."""
    text = (
        _("Followed over {n} snapshots of your run.")
        if has_run
        else _("Followed over {n} epochs of a small network that was trained for this.")
    )
    more = _("Each point is an image; up to {most} of each kind are drawn.").format(most=MOST_POINTS)
    return f"{text.format(n=len(lives.epochs))} {more}"


def lives_in_words(lives: ImageLives) -> str:
    """Return how many images are of each kind, and when they were learned."""
    counts = {name: len(positions) for name, positions in lives.kinds().items()}
    text = _(
        "{easy:,} of {n:,} training images are easy, {ambiguous:,} ambiguous and {hard:,} "
        "hard. {never:,} were still misread at the end, and {forgotten:,} were forgotten at "
        "least once on the way."
    )
    never, forgotten = int(np.isnan(lives.learned).sum()), int((lives.forgotten > 0).sum())
    return text.format(n=len(lives), never=never, forgotten=forgotten, **counts)


def lives_figure(lives: ImageLives) -> "Figure":
    """Return the map of the images: confidence over variability, coloured by their kind."""
    from plotly.graph_objects import Figure

    traces = []
    for (name, positions), color in zip(lives.kinds().items(), COLORS, strict=False):
        some = np.sort(np.random.default_rng(0).permutation(positions)[:MOST_POINTS])
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": _(KINDS[name]),
                "x": lives.variability[some].round(3).tolist(),
                "y": (100 * lives.confidence[some]).round(1).tolist(),
                "marker": {"size": 5, "color": color, "opacity": 0.6},
                "hovertemplate": "%{y} % ± %{x}<extra></extra>",
            }
        )
    settings = layout(
        "",
        xaxis=axis(
            _("Variability of the label's probability"), fixedrange=True, rangemode="tozero", nticks=6
        ),
        yaxis=axis(_("Mean probability of the label"), ticksuffix=" %", range=[-2, 102], fixedrange=True),
        dragmode=False,
        meta={"alt": lives_in_words(lives), "height": "22rem"},
    )
    return Figure(traces, settings)


def _show_images(lives: ImageLives, train: Dataset, positions: IndexArray, name: str) -> None:
    if len(positions) == 0:
        st.caption(_("None."))
        return
    place = st.container()
    shown = choose_page(len(positions), IMAGES_A_PAGE, f"lives_page_{name}")
    with place:
        grid(life_pictures(lives, train, positions[shown]), SIZE)


def life_pictures(lives: ImageLives, train: Dataset, positions: IndexArray) -> list[Picture]:
    """Return training images, each with its label, its mean confidence, and when it was learned."""
    alt = _("Training image {number:,}, labelled {label}: {sure} confidence on average; {learned}")
    pictures = []
    numbers = places(train)[positions].tolist()
    for place, number, image in zip(positions.tolist(), numbers, train.take(positions).images, strict=True):
        label, sure = quoted(train.class_names[train.labels[place]]), percent(float(lives.confidence[place]))
        learned = learned_in_words(lives, place)
        words = alt.format(number=number + 1, label=label, sure=sure, learned=learned)
        pictures.append(Picture(image, words, f"{quoted(label, SHORT_NAME)}, {sure}\n{learned}"))
    return pictures


def learned_in_words(lives: ImageLives, place: int) -> str:
    """Return when an image was learned for good, and whether it was forgotten before."""
    epoch, forgotten = float(lives.learned[place]), int(lives.forgotten[place])
    words = _("wrong") if math.isnan(epoch) else _("epoch {n:.3g}").format(n=epoch)
    return words if forgotten == 0 else words + " " + _("({k}× lost)").format(k=forgotten)


def hard_court(session: Session, train: Dataset, lives: ImageLives) -> Court:
    """Return a label court about the hard images that were read as another class at the end."""
    hard = lives.kinds()["hard"]
    hard = hard[lives.guesses[hard] != train.labels[hard]]
    return Court(
        session.as_given,
        train,
        places(train)[hard],
        lives.guesses[hard].astype(np.int64),
        1 - lives.confidence[hard],
        len(lives),
        set(),
    )


def _offer_court(session: Session, train: Dataset, lives: ImageLives) -> None:
    """Let the visitor decide about the labels of the hard images."""
    court = hard_court(session, train, lives)
    if len(court.places) and st.button(
        _("Check the labels of {n:,} hard images").format(n=len(court.places)),
        icon=":material/gavel:",
        key="lives_court",
        help=_("Those that were still misread at the end. They replace the list on Labels."),
    ):
        st.session_state[HELD] = court
        to_address(look="labels")
        st.rerun()
