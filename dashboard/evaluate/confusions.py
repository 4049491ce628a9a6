"""The confusion matrix with its controls, and the images in one of its cells.

The Evaluate page shows it; the address names the cell, so that a link leads to the same images.
"""

import streamlit as st

from dashboard.address import from_address, to_address
from dashboard.models.answers import show_answers
from dashboard.models.confusion_chart import VIEWS, confusion_figure, in_words
from dashboard.models.judged import Judged
from dashboard.ui.choices import choose_one
from dashboard.ui.formats import percent
from dashboard.ui.messages import SHORT_NAME, distinct, plain
from dashboard.ui.plotly_chart import show_chart
from mlcore import Evaluation
from mlcore.evaluation import Cell
from mlcore.language import _
from mlcore.quote import quoted

MOST_PAIRS = 8


def most_confused_in_words(evaluation: Evaluation) -> str:
    """Return which class is taken for which other one most often."""
    if evaluation.wrong == 0:
        return _("The model made no mistakes on these images.")
    true, guessed = evaluation.confusions()[0]
    n, of = int(evaluation.matrix[true, guessed]), int(evaluation.scores.support[true])
    text = _("It takes {true} for {guessed} most often: {n:,} of {of:,} images ({share}).")
    names = [quoted(evaluation.class_names[k]) for k in (true, guessed)]
    return text.format(true=names[0], guessed=names[1], n=n, of=of, share=percent(n / of))


@st.fragment
def show_confusions(judged: Judged) -> None:
    """Show the confusion matrix, and the images in one of its cells."""
    evaluation = judged.evaluation
    cell = chosen_cell(evaluation)
    view = choose_view()
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_chart(
            confusion_figure(evaluation, cell, view),
            key="confusions",
            chosen=cell,
            on_choice=lambda clicked: choose_cell(evaluation, clicked),
        )
        offer_pairs(evaluation, cell)
    with right:
        offer_cells(evaluation, cell)
        positions = evaluation.cell(*cell)
        with st.container(key="cell_words"):
            st.write(plain(in_words(evaluation, cell)))
        show_answers(judged, positions, key=f"cell_page_{cell}")


def choose_view() -> str:
    """Show the choice of what the cells say, and return its key."""
    return choose_one(_("Cells show"), VIEWS, key="cell_view")


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
    pairs, names = evaluation.confusions()[:MOST_PAIRS], distinct(evaluation.class_names, SHORT_NAME)
    if not pairs:
        return
    st.session_state["cell_pair"] = cell if cell in pairs else None
    st.pills(
        _("Most confused"),
        pairs,
        format_func=lambda pair: (
            f"{plain(names[pair[0]])} → {plain(names[pair[1]])}: {evaluation.matrix[pair]:,}"
        ),
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
