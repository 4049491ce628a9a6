"""The models that answer: the chosen one and, when the visitor wants it, a second one beside it.

The Draw page gives them all the same image; a number is read by the first alone.
"""

from dataclasses import dataclass

import streamlit as st

from dashboard.models.choice import chosen_key, chosen_model, model_labels, model_of
from dashboard.session import Session
from dashboard.ui.config_form import chosen_value, control_key
from mlcore import Model
from mlcore.language import _


@dataclass(frozen=True)
class Asked:
    """A model that is asked.

    Attributes
    ----------
    name : str
        As the list of models has it.
    model : Model
    """

    name: str
    model: Model


def asked_models(session: Session, *, alone: bool) -> list[Asked]:
    """Return the chosen model, and behind it the second one unless the first is asked alone."""
    labels = model_labels(session)
    asked = [Asked(labels[chosen_key(session)], chosen_model(session))]
    if not alone and session.second_key in _others(session):
        asked.append(Asked(labels[session.second_key], model_of(session, session.second_key)))
    return asked


def choose_second(session: Session) -> None:
    """Let the visitor choose a second model, or none; with one model alone there is nothing to choose."""
    others = _others(session)
    if not others:
        return
    st.selectbox(
        _("Second model"),
        list(others),
        format_func=others.__getitem__,
        index=None,
        key=control_key("second_model", session.second_key if session.second_key in others else None),
        placeholder=_("None"),
        on_change=lambda: setattr(session, "second_key", chosen_value("second_model") or ""),
        help=_("It reads the same drawing, next to the first."),
    )


def _others(session: Session) -> dict[str, str]:
    """Return key → label of the models that do not answer already."""
    first = chosen_key(session)
    return {key: label for key, label in model_labels(session).items() if key != first}
