"""One step of training, worked out value by value, with the gradient check beside it and bugs to switch on.

The Inside page shows it third.
"""

import io
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.inside.bug_chart import show_bug_curves
from dashboard.inside.cache import step
from dashboard.inside.numbers import show_numbers
from dashboard.inside.question import choose_class, choose_image
from dashboard.navigation import page
from dashboard.session import Session
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import Kind, distinct, plain, show_message
from mlcore import KNOWN_BUGS, GradientCheck, Model, StepValue
from mlcore.language import _
from mlcore.study.walkthrough import STAGES

NO_BUG = ""
FIRST_NUMBERS = 5
FLAT = 1e-7
"""A gradient below this drowns in rounding: what the check says of it is worth nothing."""


def show_step(session: Session, model: Model) -> None:
    """Show a step on one image: the check, then forward, loss, backward and update."""
    chosen = choose_image(session, model)
    if chosen is None:
        return
    guess = int(model.probabilities_of(chosen.image[None])[0].argmax())
    left, right = st.columns([1, 2], gap="medium")
    with left:
        default = guess if chosen.label is None else chosen.label
        label = choose_class(model, _("True class"), default, f"inside_label_{default}")
    with right:
        bug = _choose_bug()
    with st.spinner(_("Working the step out …")):
        worked = step(model, chosen.image, label, bug)
    st.header(_("Gradient check"), help=meaning("gradient_check"))
    _show_check(worked.check)
    if bug:
        show_bug_curves(session, model, bug)
    for stage, title in STAGES.items():
        st.header(_(title))
        _show_values([value for value in worked.values if value.stage == stage], stage)
    with st.container(horizontal=True, vertical_alignment="center"):
        words = _(
            "The learning rate η sets how far a step goes. A chart on Network helps you find a good one."
        )
        st.caption(words, width="content")
        st.page_link(page("network"), label=_("Find a learning rate"))
    st.header(_("One value in full"))
    _show_whole(worked.values)


def _choose_bug() -> str:
    """Let the visitor switch a known bug on, and return its key."""
    bug = st.selectbox(
        _("Switch a known bug on"),
        [NO_BUG, *KNOWN_BUGS],
        format_func=lambda key: _(KNOWN_BUGS[key].label) if key else _("None"),
        key="inside_bug",
        persist_state="session",
    )
    if bug:
        st.caption(_(KNOWN_BUGS[bug].help))
    return str(bug)


def steepest(check: GradientCheck) -> float:
    """Return the largest slope that the check found."""
    return max(float(np.abs(row.numeric).max(initial=0.0)) for row in check.rows)


def is_flat(check: GradientCheck) -> bool:
    """Return whether there is no slope to check, neither measured nor by the formulas."""
    return steepest(check) < FLAT and all(np.isfinite(row.analytic).all() for row in check.rows)


def light(check: GradientCheck) -> Kind:
    """Return in which colour the outcome of a check is shown."""
    verdicts = {row.verdict for row in check.rows}
    if is_flat(check):
        return "info"
    return "error" if "wrong" in verdicts else "warning" if "factor" in verdicts else "success"


def check_in_words(check: GradientCheck) -> str:
    """Return what the gradient check found, in a sentence or two."""
    if is_flat(check):
        text = _(
            "The network is so sure of this image that its gradient is next to nothing (at most {size:.1g}), "
            "too small to be checked. Choose another true class or another image."
        )
        return text.format(size=steepest(check))
    wrong = [row for row in check.rows if row.verdict == "wrong"]
    scaled = [row for row in check.rows if row.verdict == "factor"]
    if wrong:
        text = _("Red: the gradient is wrong in {where}.")
        return text.format(where=", ".join(f"{row.layer} {row.parameter}" for row in wrong))
    if scaled:
        text = _(
            "Yellow: the gradient points the right way, but is {factor:.3g} times as long as it should be."
        )
        return text.format(factor=scaled[0].factor)
    checked = sum(len(row.positions) for row in check.rows)
    text = _("Green: the formulas agree with the slopes, measured by moving {n:,} parameters a little.")
    return text.format(n=checked)


def _show_check(check: GradientCheck) -> None:
    """Show the light, in words too, and behind it one row for each array of parameters."""
    show_message(light(check), check_in_words(check))
    table = pd.DataFrame(
        {
            "where": [f"{row.layer} {row.parameter}" for row in check.rows],
            "checked": [len(row.positions) for row in check.rows],
            "formula": [_first(row.analytic) for row in check.rows],
            "slope": [_first(row.numeric) for row in check.rows],
            "verdict": [row.sentence for row in check.rows],
        }
    )
    with st.expander(_("Formula against slope, for each array of parameters")):
        st.dataframe(
            table,
            hide_index=True,
            height="content",
            column_config={
                "where": st.column_config.TextColumn(_("Parameters")),
                "checked": st.column_config.NumberColumn(_("Checked")),
                "formula": st.column_config.TextColumn(_("By the formula")),
                "slope": st.column_config.TextColumn(_("By moving them")),
                "verdict": st.column_config.TextColumn(_("Verdict")),
            },
            alt=_("What the gradient check found"),
        )


def _show_values(values: list[StepValue], stage: str) -> None:
    """Show the values of one stage, in the order in which they come about."""
    table = pd.DataFrame(
        {
            "name": [value.name for value in values],
            "symbol": [value.symbol for value in values],
            "shape": ["×".join(map(str, value.shape)) or "1" for value in values],
            "formula": [value.formula for value in values],
            "numbers": [_first(value.values) for value in values],
            "smallest": [float(value.values.min()) for value in values],
            "largest": [float(value.values.max()) for value in values],
        }
    )
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        key=f"inside_stage_{stage}",
        column_config={
            "name": st.column_config.TextColumn(_("Value")),
            "symbol": st.column_config.TextColumn(_("Symbol"), width="small"),
            "shape": st.column_config.TextColumn(_("Shape"), width="small"),
            "formula": st.column_config.TextColumn(_("Formula"), width="medium"),
            "numbers": st.column_config.TextColumn(_("First numbers"), width="medium"),
            "smallest": number(_("Smallest"), format="%.4g"),
            "largest": number(_("Largest"), format="%.4g"),
        },
        alt=_(STAGES[stage]),
    )


def _first(values: np.ndarray) -> str:
    """Return the first numbers of an array, those that are not 0 where there are some."""
    flat = values.ravel()
    some = flat[flat != 0] if flat.any() else flat
    dots = " …" if len(some) > FIRST_NUMBERS else ""
    return "  ".join(f"{number:.4g}" for number in some[:FIRST_NUMBERS]) + dots


def _show_whole(values: tuple[StepValue, ...]) -> None:
    """Show one value as a picture, and offer all its numbers."""
    names = distinct([f"{value.name} {value.symbol}" for value in values])
    place = st.selectbox(
        _("Value"),
        range(len(values)),
        format_func=names.__getitem__,
        key="inside_value",
        width=340,
    )
    value = values[place]
    formula = f"{value.formula}. " if value.formula else ""
    text = _("{formula}{n:,} numbers, from {low:.4g} to {high:.4g}; red above zero, blue below.")
    numbers = np.asarray(value.values, np.float64)
    words = text.format(formula=formula, n=numbers.size, low=numbers.min(), high=numbers.max())
    st.write(plain(words))
    show_numbers(value, f"{value.name}: {words}")
    st.download_button(
        _("All its numbers (CSV)"),
        partial(as_csv, numbers),
        file_name="numbers.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def as_csv(values: np.ndarray) -> bytes:
    """Return an array as a table of text: a row for each place along its first axis.

    >>> as_csv(np.array([[1.5, 2.0], [0.0, -1.0]]))
    b'1.5,2\\n0,-1\\n'
    """
    rows = values.reshape(len(values), -1) if values.ndim > 1 else values.reshape(1, -1)
    buffer = io.BytesIO()
    np.savetxt(buffer, rows, "%.9g", ",")
    return buffer.getvalue()
