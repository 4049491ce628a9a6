"""The lab bench: a network is changed by hand, and shows at once what that does to its answers.

The Inside page shows it last. `mlcore.study.lab` has the arithmetic.
"""

from functools import partial
from typing import Any

import streamlit as st

from dashboard.inside.cache import Score, at_once, score
from dashboard.inside.question import likeliest, my_digit
from dashboard.models.choice import chosen_key, keep_changed
from dashboard.models.contributions import too_large
from dashboard.models.take_home import model_file
from dashboard.navigation import page
from dashboard.session import LAB_MODEL, Session
from dashboard.ui.choices import choose_one
from dashboard.ui.formats import percent
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import keeping_problem, plain, show_message, show_problem
from dashboard.ui.pictures import Picture, grid
from mlcore import LabChanges, Model, UnitChange, change_model, packed_bytes
from mlcore.evaluation import misfit
from mlcore.language import N_, _
from mlcore.metrics import likely_accuracy
from mlcore.study.lab import BITS, HiddenUnits, hidden_units, left_weights

PLACE = "lab"
UNITS = "lab_chosen"
BITS_WORDS = {"32": N_("32 bits"), "8": N_("8 bits"), "4": N_("4 bits"), "1": N_("1 bit")}
SETS = {"dev": N_("Dev set"), "test": N_("Test set")}
TEMPERATURES = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0)
AS_IT_WAS: dict[str, Any] = {
    "lab_factor": 0.0,
    "lab_shift": 0.0,
    "lab_pruned": 0,
    "lab_bits": "32",
    "lab_noise": 0,
    "lab_temperature": 1.0,
}
"""The controls by their keys, before anything is changed."""
SURE_OF = 5
"""Classes that are named with their probabilities, the likeliest first."""


def show_lab(session: Session, model: Model) -> None:
    """Show the controls, and beside them what the changed network makes of images and of the drawing."""
    if reason := too_large(model):
        show_message("info", reason)
        return
    strip = st.container(key="lab_strip")  # on a phone, the results lie below the controls, out of sight
    left, right = st.columns([2, 3], gap="large")
    with left:
        changes = _choose_changes(model)
    changed = change_model(model, changes)
    with right:
        parts = [*_show_scores(session, model, changed, changes), *_show_drawing(session, model, changed)]
        _offer(session, changed, changes)
    strip.markdown(plain(" · ".join(parts)))


def _choose_changes(model: Model) -> LabChanges:
    """Show the controls, and return what they say."""
    st.header(_("Change the network"))
    units = _choose_units(model)
    pruned = st.slider(
        _("Prune the smallest weights"),
        0,
        99,
        key="lab_pruned",
        format=_("%d %%"),
        persist_state="session",
        help=meaning("pruning"),
    )
    bits = choose_one(_("Bits of a weight"), BITS_WORDS, key="lab_bits", help=meaning("quantisation"))
    noise = st.slider(
        _("Noise on the weights"),
        0,
        200,
        key="lab_noise",
        format=_("%d %%"),
        persist_state="session",
        help=_("Its standard deviation, as a percentage of that of the weights of the same layer."),
    )
    temperature = st.select_slider(
        _("Temperature"),
        TEMPERATURES,
        1.0,
        key="lab_temperature",
        persist_state="session",
        help=meaning("temperature"),
    )
    st.button(_("Undo all changes"), key="lab_undo", on_click=_undo_all, icon=":material/undo:")
    return LabChanges(units, noise / 100, 0, pruned / 100, int(bits), float(temperature))


def _undo_all() -> None:
    """Set all controls back, for networks of any shape."""
    st.session_state.update(AS_IT_WAS)
    for key in [key for key in st.session_state if str(key).startswith(UNITS)]:
        st.session_state[key] = {}


def _choose_units(model: Model) -> tuple[UnitChange, ...]:
    """Let the visitor choose neurons or filters of any layer, and what becomes of their output."""
    layers = hidden_units(model)
    if not layers:
        return ()
    place = st.selectbox(
        _("Layer"), range(len(layers)), format_func=lambda k: layers[k].layer, key=f"lab_layer_{len(layers)}"
    )
    # The choice for each layer is kept here: a widget that is not shown forgets its own.
    shape = tuple(layer.count for layer in layers)
    chosen: dict[int, list[int]] = st.session_state.setdefault(f"{UNITS} {shape}", {})
    _choose_of(layers[place], place, chosen)
    if not any(chosen.values()):
        return ()
    factor = st.slider(
        _("Their output times"),
        0.0,
        2.0,
        0.0,
        0.1,
        key="lab_factor",
        persist_state="session",
        help=_("0 switches them off."),
    )
    shift = st.slider(
        _("Their output plus"),
        -2.0,
        2.0,
        0.0,
        0.1,
        key="lab_shift",
        persist_state="session",
    )
    return tuple(
        UnitChange(layer, unit, factor, shift) for layer, units in sorted(chosen.items()) for unit in units
    )


def _choose_of(layer: HiddenUnits, place: int, chosen: dict[int, list[int]]) -> None:
    """Let the visitor choose units of one layer."""
    key = f"lab_units_{place}_{layer.count}"
    st.session_state[key] = chosen.get(place, [])
    st.multiselect(
        _("Filters to change") if layer.are_filters else _("Neurons to change"),
        range(layer.count),
        format_func=lambda number: _("no. {number}").format(number=number),
        key=key,
        on_change=lambda: chosen.update({place: st.session_state[key]}),
        placeholder=_("None"),
    )


def _show_scores(session: Session, model: Model, changed: Model, changes: LabChanges) -> list[str]:
    """Show accuracy, confidence and size, each against those of the network before the changes.

    Returns
    -------
    list of str
        What of it fits into one line.
    """
    short: list[str] = []
    st.header(_("What it does"))
    test = session.test_set
    name = "dev" if test is None else choose_one(_("Images"), SETS, key="lab_set", help=meaning("dev_set"))
    dataset = session.split.dev if test is None or name == "dev" else test
    if reason := misfit(model, dataset):
        show_message("info", reason)
    else:
        some = at_once(model, dataset)
        with st.spinner(_("Running the network on {n:,} images …").format(n=len(some))):
            now, before = score(changed, some), score(model, some)
        st.write(score_in_words(now, before))
        if name == "dev" and model.card.get("dev_fingerprint") != dataset.fingerprint:
            st.caption(
                _("The network may have been trained on some of these images: its accuracy is then too high.")
            )
        left, right = st.columns(2)
        accuracy, change = percent(now.right / now.n), _points(now.right / now.n - before.right / before.n)
        short.append(_("{accuracy} accuracy").format(accuracy=accuracy) + (f" ({change})" if change else ""))
        left.metric(_("Accuracy"), accuracy, change)
        right.metric(
            _("Mean confidence"), percent(now.confidence), _points(now.confidence - before.confidence), "off"
        )
    left, right = st.columns(2)
    left.metric(_("Weights that are not 0"), f"{left_weights(changed):,}")
    size, full = packed_bytes(changed, changes.bits), packed_bytes(model, BITS[0])
    in_words = _("{n:,.1f} kB").format(n=size / 1000)
    right.metric(_("Size, packed"), in_words, _times_smaller(size, full), "off")
    return [*short, in_words]


def score_in_words(now: Score, before: Score) -> str:
    """Return how many images are right now, with the interval, and how many were right before.

    >>> score_in_words(Score(90, 100, 0.8), Score(95, 100, 0.9))
    '90 of 100 images are right: 90.0 %, on new images 82.6 % to 94.5 % (95 % interval). Before: 95.'
    """
    low, high = likely_accuracy(now.right, now.n)
    text = _(
        "{right:,} of {n:,} images are right: {share}, on new images {low} to {high} (95 % interval). "
        "Before: {before:,}."
    )
    return text.format(
        right=now.right,
        n=now.n,
        share=percent(now.right / now.n),
        low=percent(low),
        high=percent(high),
        before=before.right,
    )


def _points(difference: float) -> str | None:
    """Return a difference of two fractions in percentage points; None where it is too small to be shown."""
    points = round(100 * difference, 1)
    return _("{n:+.1f} points").format(n=points) if points else None


def _times_smaller(size: int, full: int) -> str | None:
    return _("{n:.1f} times smaller").format(n=full / size) if size < full else None


def _show_drawing(session: Session, model: Model, changed: Model) -> list[str]:
    """Show what the network answers to the visitor's drawing, and what it answered before the changes.

    Returns
    -------
    list of str
        The likeliest class now, in a few words; none without a drawing.
    """
    image = my_digit(session, model)
    if image is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_("Draw a digit for this model, and its answer is followed here, too."))
            st.page_link(page("draw"))
        return []
    yours = _("Your drawing: {answer}")
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="content"):
            grid([Picture(image, _("Your drawing, as the network sees it"))], 96)
        with st.container(key="lab_drawing"):
            st.write(plain(yours.format(answer=likeliest(changed, image, SURE_OF))))
            st.caption(plain(_("Before: {answer}").format(answer=likeliest(model, image, SURE_OF))))
    return [yours.format(answer=likeliest(changed, image, 1))]


def _offer(session: Session, changed: Model, changes: LabChanges) -> None:
    """Let the visitor keep the changed network, here or as a file."""
    is_same = changes == LabChanges()
    with st.container(horizontal=True):
        is_kept = st.button(
            _("Keep as a separate model"),
            key="lab_keep",
            on_click=_keep,
            args=(session, changed),
            disabled=is_same,
            icon=":material/save:",
        )
        st.download_button(
            _("Model file (.npz)"),
            partial(model_file, changed),
            "changed-in-the-lab.npz",
            "application/octet-stream",
            on_click="ignore",
            disabled=is_same,
            icon=":material/download:",
        )
    if is_kept:
        st.rerun()  # the list of models, which stands above this look, has one more
    show_problem(PLACE)
    if session.lab_model is not None and session.lab_model.fingerprint == changed.fingerprint:
        show_message("success", _("Kept. You find it in the lists of models as “Changed in the lab”."))


def _keep(session: Session, changed: Model) -> None:
    """Keep the changed network; where it was changed itself, it has the changes in it now."""
    with keeping_problem(PLACE):
        keep_changed(session, changed)
        if chosen_key(session) == LAB_MODEL:
            _undo_all()
