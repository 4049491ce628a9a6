"""Images with a model's answers, filtered and sorted as the visitor wants to see them.

The Evaluate page shows them; what is wanted can be kept as a slice.
"""

from collections.abc import Sequence

import streamlit as st

from dashboard.models.answers import show_answers
from dashboard.models.evaluations import widths
from dashboard.models.judged import Judged
from dashboard.ui.choices import choose_one
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import distinct, keeping_problem, show_message, show_problem
from mlcore import Evaluation, SettingError, Slice
from mlcore.arrays import IndexArray
from mlcore.evaluation import Wanted
from mlcore.language import N_, _
from mlcore.quote import quoted

LONGEST_NAME = 40  # letters
MOST_SLICES = 12
"""Of one visitor."""

OUTCOMES = {"wrong": N_("Wrong"), "right": N_("Right"), "unsure": N_("Unsure"), "all": N_("All")}
STROKES = {"any": N_("Any"), "thin": N_("Thin"), "thick": N_("Thick")}
"""The quarter of the images with the thinnest strokes, and that with the thickest."""

ORDERS = {
    "surest": N_("Most confident first"),
    "loss": N_("Highest loss first"),
    "closest": N_("Closest call first"),
}
"""The keys of `mlcore.evaluation.ORDERS`."""


@st.fragment
def show_gallery(judged: Judged) -> None:
    """Show the images that are wanted: at first the mistakes, those of which the model was most sure."""
    evaluation = judged.evaluation
    wanted = choose_wanted(evaluation)
    positions = evaluation.select(wanted, None if wanted.strokes == "any" else widths(judged.images))
    if len(positions):
        text = _("{n:,} images. True class → predicted class, with the model's confidence.")
        st.write(text.format(n=len(positions)))
    elif evaluation.wrong == 0 and wanted.outcome == "wrong":
        st.write(_("The model made no mistakes on these images."))
    else:
        st.write(_("No image matches. Remove a filter."))
    show_answers(judged, positions, key=f"gallery_page_{wanted}")
    if len(positions):
        offer_to_keep(judged, positions, wanted)


def choose_wanted(evaluation: Evaluation) -> Wanted:
    """Show the filters and the order, and return what is wanted."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="gallery_choice"):
        outcome = choose_one(_("Answers"), OUTCOMES, key="gallery_outcome")
        order = st.selectbox(
            _("Order"),
            list(ORDERS),
            format_func=lambda name: _(ORDERS[name]),
            key="gallery_order",
            persist_state="session",
            width=220,
        )
    with st.expander(_("Filter by class, confidence and strokes")):
        names = distinct(evaluation.class_names)
        true, guessed = (
            st.selectbox(
                label,
                range(len(names)),
                index=None,
                format_func=names.__getitem__,
                placeholder=_("Any class"),
                key=f"gallery_{kind}_{len(names)}",
            )
            for kind, label in {"class": _("Labelled as"), "guess": _("Read as")}.items()
        )
        least, most = st.slider(
            _("Confidence"), 0, 100, (0, 100), format="%d %%", key="gallery_sure", persist_state="session"
        )
        strokes = choose_one(_("Strokes"), STROKES, key="gallery_strokes", help=meaning("stroke_width"))
    return Wanted(true, guessed, outcome, least / 100, most / 100, order, strokes)


def offer_to_keep(judged: Judged, positions: IndexArray, wanted: Wanted) -> None:
    """Let the visitor keep these images as a slice."""
    with st.expander(_("Keep these images as a slice")):
        rule = wanted_in_words(wanted, judged.images.class_names)
        st.text_input(_("Name"), key="slice_name", max_chars=LONGEST_NAME, placeholder=rule[:LONGEST_NAME])
        st.button(
            _("Keep {n:,} images").format(n=len(positions)),
            on_click=keep_slice,
            args=(judged, positions, rule),
            key="keep_slice",
            icon=":material/bookmark_add:",
            help=meaning("slice"),
        )
        show_problem("slice")
        if kept := st.session_state.pop("slice_kept", ""):
            show_message("success", _("Kept as {name}: see Slices above.").format(name=quoted(kept)))


def keep_slice(judged: Judged, positions: IndexArray, rule: str) -> None:
    """Keep images as a slice under the name that was typed, in place of another one with this name."""
    name = st.session_state["slice_name"].strip() or rule[:LONGEST_NAME]
    with keeping_problem("slice"):
        others = [one for one in judged.session.slices if one.name != name or not one.is_of(judged.images)]
        if len(others) >= MOST_SLICES:
            text = _("There is room for {n} slices. Delete one first, under Slices.")
            raise SettingError(text.format(n=MOST_SLICES))
        judged.session.slices = [*others, Slice.of(judged.images, positions, name, rule)]
        st.session_state.update(slice_kept=name, slice_name="")


def wanted_in_words(wanted: Wanted, names: Sequence[str]) -> str:
    """Return what is wanted, in a few words.

    >>> wanted_in_words(Wanted(4, outcome="all", strokes="thick"), "0123456789")
    'labelled 4, thick strokes'
    >>> wanted_in_words(Wanted(outcome="wrong", least=0.9), "01")
    'wrong, 90 to 100 % sure'
    """
    parts = []
    if wanted.true is not None:
        parts.append(_("labelled {name}").format(name=quoted(names[wanted.true])))
    if wanted.guessed is not None:
        parts.append(_("read as {name}").format(name=quoted(names[wanted.guessed])))
    if wanted.outcome != "all":
        parts.append(_(OUTCOMES[wanted.outcome]).lower())
    if (wanted.least, wanted.most) != (0, 1):
        text = _("{least:.0f} to {most:.0f} % sure")
        parts.append(text.format(least=100 * wanted.least, most=100 * wanted.most))
    if wanted.strokes != "any":
        parts.append(_("{kind} strokes").format(kind=_(STROKES[wanted.strokes]).lower()))
    return ", ".join(parts) or _("all images")
