"""Who taught it that? The training images that pushed the network towards one answer, and against it.

The Evaluate page shows it; the workers go through the snapshots of the visitor's run.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard.evaluate.offer import offer_csv
from dashboard.evaluate.study_files import influence_csv
from dashboard.evaluate.training_images import packed, places, unpacked_bytes
from dashboard.models.choice import chosen_key
from dashboard.models.judged import Judged
from dashboard.navigation import page
from dashboard.run_service import get_run_service
from dashboard.session import RUN_MODEL, Session
from dashboard.starting import start_run
from dashboard.study import Task, show_study
from dashboard.ui.formats import percent
from dashboard.ui.messages import SHORT_NAME, distinct, friendly_errors, keep_problem, plain, show_problem
from dashboard.ui.number_field import Bounds, number_field
from dashboard.ui.pictures import GreyImage, Picture, grid
from mlcore import Dataset, DigitLabError, Influence, Model, Retrained, influence, retrained
from mlcore.arrays import Float32Array, IndexArray
from mlcore.language import _
from mlcore.quote import quoted
from mlcore.study.influence import weighted
from mlcore.study.parcel import opened

REASON = "taught"
"""Under which `Session.left_out` has the images that are left out here."""

POSITION = "taught_position"
MOST_MISTAKES = 100
MOST_MOMENTS = 6
"""Snapshots that are asked: each asks all training images once."""

SIZE = 56


@st.fragment
def show_teachers(judged: Judged) -> None:
    """Let the visitor choose an image and an answer, and show what taught it."""
    session, model, images = judged.session, judged.model, judged.images
    with friendly_errors():
        train = session.split.train
        if train.image_shape != model.image_shape or train.class_names != model.class_names:
            st.write(_("The training images are not of the kind that this model reads."))
            return
        position = _choose_image(judged)
        guess = int(judged.evaluation.guesses[position])
        label = int(images.labels[position])
        answer = _choose_answer(model, guess, label)
        found = _influence(judged, train, images.take([position]).images[0], answer)
        if found is None:
            text = _(
                "For every training image, at up to {n} snapshots of a run: how much did training on it "
                "change the loss of this answer, counted in the last layer only?"
            )
            st.caption(text.format(n=MOST_MOMENTS))
            return
        st.write(plain(influence_in_words(found, train, answer)))
        _show_teachers(found, train, answer)
        offer_csv(
            _("Training images (.csv)"), lambda: influence_csv(found, train, places(train)), "taught.csv"
        )
        if model.card.get("fingerprint") == train.fingerprint:
            _show_retrained(judged, train, found, position, answer)
        else:
            st.caption(
                _(
                    "This model did not learn from exactly these training images: the list shows how "
                    "each would push it."
                )
            )
        _offer_without(session, train, found, answer)


def _choose_image(judged: Judged) -> int:
    """Show the choice of one of the judged images, and return its position: at first a mistake."""
    evaluation, n = judged.evaluation, len(judged.images)
    mistakes = evaluation.mistakes[:MOST_MISTAKES].tolist()
    start = mistakes[0] if mistakes else 0
    position = min(int(st.session_state.get(POSITION, start)), n - 1)
    names = distinct(judged.images.class_names)

    def words(place: int) -> str:
        pair = (names[evaluation.labels[place]], names[evaluation.guesses[place]])
        return "{} → {}, {}".format(*pair, percent(float(evaluation.confidence[place])))

    label = _("Or any image, from 1 to {n:,}") if mistakes else _("Image, from 1 to {n:,}")
    with st.container(horizontal=True, vertical_alignment="bottom", key="taught_choice"):
        if mistakes:
            st.selectbox(
                _("A mistake"),
                mistakes,
                index=mistakes.index(position) if position in mistakes else None,
                format_func=words,
                placeholder=_("Choose a mistake"),
                key=f"taught_mistake_{position}",
                on_change=lambda: _go_to(st.session_state[f"taught_mistake_{position}"]),
                width=220,
            )
        number_field(
            label.format(n=n),
            position + 1,
            lambda number: _go_to(number - 1),
            key="taught_number",
            bounds=Bounds(1, n, 1),
            width=220,
        )
    alt = _("Image {number:,}: a {true}, classified as {guessed}")
    pair = (judged.images.class_names[k] for k in (evaluation.labels[position], evaluation.guesses[position]))
    true, guessed = map(quoted, pair)
    text = alt.format(number=position + 1, true=true, guessed=guessed)
    grid([Picture(judged.images.take([position]).images[0], text, words(position))], 112)
    return position


def _go_to(position: int | None) -> None:
    if position is not None:
        st.session_state[POSITION] = position


def _choose_answer(model: Model, guess: int, label: int) -> int:
    """Return the answer in question: the guess or, where that is wrong, the label if it is wanted."""
    if guess == label:
        return guess
    names = distinct(model.class_names)
    taken = st.segmented_control(
        _("What taught it to answer"),
        [guess, label],
        format_func=names.__getitem__,
        default=guess,
        required=True,
        key=f"taught_answer_{guess}_{label}",
    )
    return guess if taken is None else int(taken)


def _influence(judged: Judged, train: Dataset, image: GreyImage, answer: int) -> Influence | None:
    session, model = judged.session, judged.model
    steps = _steps(session)

    def task() -> Task:
        models = [get_run_service().snapshot_model(str(session.run_id), step) for step in steps] or [model]
        return opened, (influence, weighted(models), packed(session, train), image, answer)

    question = (
        model.fingerprint,
        steps,
        train.fingerprint,
        hashlib.sha256(image.tobytes()).hexdigest(),
        answer,
    )
    found: Influence | None = show_study(
        "influence",
        question,
        _("Find the training images"),
        task,
        memory=unpacked_bytes(session),
    )
    return found


def _steps(session: Session) -> tuple[int, ...]:
    """Return the steps of the snapshots that are asked; none where the model is of no run."""
    if chosen_key(session) != RUN_MODEL or session.run_id is None:
        return ()
    steps = [snapshot.step for snapshot in get_run_service().snapshots(session.run_id) if snapshot.step > 0]
    if not steps:
        return ()
    which = np.unique(np.linspace(0, len(steps) - 1, MOST_MOMENTS).round().astype(int))
    return tuple(steps[k] for k in which.tolist())


def influence_in_words(found: Influence, train: Dataset, answer: int) -> str:
    """Return how many of the images that taught an answer have it as their label."""
    n = len(found.supporters)
    if n == 0:
        return _("No training image pushes the network towards this answer.")
    same = int((train.labels[found.supporters] == answer).sum())
    text = _("Of the {n} training images that pushed it most towards {answer}, {same} have that label.")
    return text.format(n=n, answer=quoted(train.class_names[answer]), same=same)


def _show_teachers(found: Influence, train: Dataset, answer: int) -> None:
    name = quoted(train.class_names[answer], SHORT_NAME)
    halves = (
        (_("Towards {answer}"), found.supporters, found.pushes_for),
        (_("Away from {answer}"), found.opponents, found.pushes_against),
    )
    strongest = max([*np.abs(found.pushes_for), *np.abs(found.pushes_against), 1e-30])
    for column, (title, rows, pushes) in zip(st.columns(2, gap="medium"), halves, strict=True):
        with column:
            st.subheader(plain(title.format(answer=name)))
            if len(rows):
                grid(teacher_pictures(train, rows, pushes / strongest), SIZE)
            else:
                st.caption(_("None."))
    st.caption(
        _("Each with its label, and with its push as a share of the strongest one (TracIn, last layer).")
    )


def teacher_pictures(train: Dataset, rows: IndexArray, shares: Float32Array) -> list[Picture]:
    """Return training images, each with its label and its push as a share of the strongest one."""
    alt = _("Training image {number:,}, labelled {label}: {share} of the strongest push")
    pictures = []
    positions = places(train)[rows].tolist()
    for row, position, image, share in zip(
        rows.tolist(), positions, train.take(rows).images, shares, strict=True
    ):
        label, part = quoted(train.class_names[train.labels[row]]), f"{100 * share:+.0f} %"
        words = alt.format(number=position + 1, label=label, share=part)
        pictures.append(Picture(image, words, f"{quoted(label, SHORT_NAME)}\n{part}"))
    return pictures


def _show_retrained(judged: Judged, train: Dataset, found: Influence, position: int, answer: int) -> None:
    """Offer to train again with and without the supporters here, and say what the networks then answer."""
    if len(found.supporters) == 0:
        return
    session, model = judged.session, judged.model
    image = judged.images.take([position]).images[0]

    def task() -> Task:
        configs = (model.network_config, model.training_config)
        return opened, (retrained, packed(session, train), *configs, found.supporters, image)

    again: Retrained | None = show_study(
        "retrained",
        (model.fingerprint, found.supporters.tobytes(), hashlib.sha256(image.tobytes()).hexdigest()),
        _("Would it answer the same without them?"),
        task,
        help=_(
            "Trains two networks with the settings of this model without these images, and two with them."
        ),
        memory=unpacked_bytes(session),
    )
    if again is not None:
        st.write(plain(retrained_in_words(again, len(found.supporters), answer, train.class_names)))


def retrained_in_words(again: Retrained, n: int, answer: int, names: Sequence[str]) -> str:
    """Return how sure of an answer networks are with some images and without, and what they answer."""
    text = _(
        "Trained again with all images, it is {before} sure of {answer}; without these {n}, {after}. {so}"
    )
    before, after = (percent(float(p[answer])) for p in (again.with_all, again.without))
    first, then = int(again.with_all.argmax()), int(again.without.argmax())
    if first == then:
        so = _("Both times it answers {then}: these images alone did not decide it.")
    else:
        so = _("With them it answers {first}, without them {then}.")
    so = so.format(first=quoted(names[first]), then=quoted(names[then]))
    return text.format(before=before, after=after, answer=quoted(names[answer]), n=n, so=so)


def _offer_without(session: Session, train: Dataset, found: Influence, answer: int) -> None:
    """Offer to leave the supporters out and to train once more: would it still answer so?"""
    if len(found.supporters) == 0:
        return
    text = _("Train again without the {n} that pushed towards {answer}")
    label = text.format(n=len(found.supporters), answer=quoted(train.class_names[answer], SHORT_NAME))
    if st.button(plain(label), icon=":material/replay:", key="taught_train"):
        gone = session.left_out.get(REASON, np.empty(0, np.intp))
        try:
            session.leave_out(REASON, np.union1d(gone, places(train)[found.supporters]))
            start_run(session)
        except DigitLabError as error:
            keep_problem("taught", error)
        else:
            st.switch_page(page("train"))
    st.caption(
        _(
            "They are then left out of the data, until you put them back on the Data page; all other images "
            "stay in their part of the split. Of a class with thousands of images, a few change little."
        )
    )
    show_problem("taught")
