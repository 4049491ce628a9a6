"""Evaluate: what a model gets right, what it takes for what, and the images behind every number.

It stands behind training on the path, before the model is taken home or asked about a drawing.
"""

import streamlit as st

from dashboard.address import from_address, to_address
from dashboard.evaluate.cache import Cell, Evaluation, evaluate, misfit
from dashboard.evaluate.confusion_chart import confusion_figure
from dashboard.evaluate.gallery import show_answers
from dashboard.evaluate.tables import show_calibration, show_classes
from dashboard.models.choice import chosen_model
from dashboard.models.picker import bring_model, choose_model
from dashboard.navigation import guard, page
from dashboard.session import Session, get_session
from dashboard.ui.formats import percent
from dashboard.ui.messages import distinct, friendly_errors, plain, show_message
from dashboard.ui.plotly_chart import show_chart
from mlcore import Dataset, Model
from mlcore.language import N_, _

SETS = {"dev": N_("Dev set"), "test": N_("Test set")}
MOST_PAIRS = 8


def choose_answerer(session: Session) -> None:
    """Show the choice of the model, the same as on Draw."""
    with st.container(width=340):
        choose_model(session, "evaluate_model")
    with st.popover(_("Use a model file"), icon=":material/upload:"):
        bring_model(session, "evaluate_model")


def choose_images(session: Session) -> tuple[str, Dataset]:
    """Show the choice between dev set and test set, where there is one; the address can make it too."""
    names = [name for name in SETS if name == "dev" or session.test_set is not None]
    if len(names) == 1:
        return "dev", session.split.dev
    st.session_state["evaluate_set"] = from_address("set", names) or "dev"
    name = st.segmented_control(
        _("Images"),
        names,
        format_func=lambda name: _(SETS[name]),
        key="evaluate_set",
        required=True,
        on_change=lambda: to_address(set=st.session_state["evaluate_set"]),
        help=_(
            "The dev set is for comparing networks while you try things. Look at the test set at the end: "
            "once choices were made by it, it no longer tells how well a network does on new images."
        ),
    )
    test = session.test_set if name == "test" else None
    return ("dev", session.split.dev) if test is None else ("test", test)


def show_misfit(reason: str) -> None:
    """Say why this model cannot be asked about these images, and lead to where either can be changed."""
    show_message("warning", reason)
    with st.container(horizontal=True):
        st.page_link(page("data"))
        st.page_link(page("train"))


def show_accuracy(evaluation: Evaluation) -> None:
    """Show how many answers are right, and what that says of images that nobody has shown yet."""
    with st.grid(4, min_column_width=120):
        st.metric(_("Accuracy"), percent(evaluation.accuracy))
        st.metric(_("Right"), f"{evaluation.right:,}")
        st.metric(_("Wrong"), f"{evaluation.wrong:,}")
        st.metric(
            _("In its top three"),
            percent(evaluation.among_three),
            help=_("How often the true class was one of the three that the model found likeliest."),
        )
    low, high = evaluation.likely_accuracy
    meaning = _(
        "{right:,} of {n:,} images were recognised. On others of the same kind, expect {low} to {high}."
    )
    st.caption(
        meaning.format(n=len(evaluation.labels), right=evaluation.right, low=percent(low), high=percent(high))
    )


def warn_of_known_images(session: Session, model: Model, name: str) -> None:
    """Say so when the model may have learned from the very images that it is asked about."""
    if name == "dev" and model.card.get("dev_fingerprint") != session.split.dev.fingerprint:
        show_message(
            "info",
            _(
                "These images are not the dev set that the model was judged by in training. It may have "
                "learned from some of them; then the figures look too good."
            ),
        )


@st.fragment
def show_confusions(evaluation: Evaluation, images: Dataset) -> None:
    """Show the confusion matrix, and the images in one of its cells."""
    cell = chosen_cell(evaluation)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_chart(
            confusion_figure(evaluation, cell),
            key="confusions",
            chosen=cell,
            on_choice=lambda clicked: choose_cell(evaluation, clicked),
        )
        offer_pairs(evaluation, cell)
    with right:
        offer_cells(evaluation, cell)
        positions = evaluation.cell(*cell)
        st.write(plain(evaluation.in_words(cell)))
        show_answers(evaluation, images, positions, key=f"cell_page_{cell}")


def chosen_cell(evaluation: Evaluation) -> Cell:
    """Return the cell that the address names, else the fullest one off the diagonal."""
    names = evaluation.class_names
    true, guessed = from_address("true", names), from_address("guessed", names)
    if true is not None and guessed is not None:
        return names.index(true), names.index(guessed)
    return next(iter(evaluation.confusions()), (0, 0))


def choose_cell(evaluation: Evaluation, cell: Cell) -> None:
    """Let the address name this cell, if there is one."""
    if not evaluation.has_cell(cell):
        return
    true, guessed = (evaluation.class_names[place] for place in cell)
    to_address(true=true, guessed=guessed)


def offer_pairs(evaluation: Evaluation, cell: Cell) -> None:
    """Offer the most confused pairs of classes."""
    pairs, names = evaluation.confusions()[:MOST_PAIRS], distinct(evaluation.class_names)
    if not pairs:
        return
    st.session_state["cell_pair"] = cell if cell in pairs else None
    st.pills(
        _("Most confused"),
        pairs,
        format_func=lambda pair: plain(f"{names[pair[0]]} → {names[pair[1]]}: {evaluation.matrix[pair]:,}"),
        key="cell_pair",
        on_change=lambda: choose_cell(evaluation, st.session_state["cell_pair"] or cell),
        wrap=True,
    )


def offer_cells(evaluation: Evaluation, cell: Cell) -> None:
    """Offer every cell by two lists."""
    names = distinct(evaluation.class_names)
    st.session_state["cell_true"], st.session_state["cell_guessed"] = cell
    for place, (key, label) in zip(
        st.columns(2, wrap=False), {"cell_true": _("True"), "cell_guessed": _("Guessed")}.items(), strict=True
    ):
        place.selectbox(
            label,
            range(len(names)),
            format_func=names.__getitem__,
            key=key,
            on_change=lambda: choose_cell(
                evaluation, (st.session_state["cell_true"], st.session_state["cell_guessed"])
            ),
        )


@st.fragment
def show_mistakes(evaluation: Evaluation, images: Dataset) -> None:
    """Show the images that were guessed wrong, those first that the model was most sure of."""
    if evaluation.wrong:
        st.write(_("True class → guess, and how sure the model was."))
        show_answers(evaluation, images, evaluation.mistakes, key="mistakes_page")
    else:
        st.write(_("There are none."))


guard(__file__)
st.title(_("Evaluate"))
session = get_session()
with friendly_errors():
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choose_answerer(session)
        name, images = choose_images(session)
    model = chosen_model(session)
    if reason := misfit(model, images):
        show_misfit(reason)
    else:
        with st.spinner(_("Asking the model about {n:,} images …").format(n=len(images))):
            evaluation = evaluate(model, images)
        show_accuracy(evaluation)
        warn_of_known_images(session, model, name)
        st.subheader(_("What is taken for what"))
        show_confusions(evaluation, images)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            st.subheader(_("The most confident mistakes"))
            show_mistakes(evaluation, images)
        with right:
            st.subheader(_("Class by class"))
            show_classes(evaluation)
            with st.expander(_("Can its confidence be trusted?")):
                show_calibration(evaluation)
