"""A choice between a few named things, as one row of buttons, of which one is always taken.

The pages Evaluate, Inside, Runs and Train use it. `choose_one` lets the session keep the choice,
`choose_by_address` the address; `choose_view` is for more names than a phone has room for.
"""

from collections.abc import Mapping

import streamlit as st

from dashboard.address import from_address, to_address
from mlcore.language import _


def choose_one(label: str, choices: Mapping[str, str], *, key: str, help: str | None = None) -> str:
    """Show the choice, and return the key of what is taken: the first, until the visitor takes another.

    Parameters
    ----------
    label : str
    choices : mapping
        By their keys, their names as `N_` marks them.
    key : str
        Of the widget.
    help : str, optional
        Behind the question mark beside the label.
    """
    first = next(iter(choices))
    taken = st.segmented_control(
        label,
        list(choices),
        format_func=lambda name: _(choices[name]),
        default=first,
        key=key,
        required=True,
        persist_state="session",
        help=help,
    )
    return taken or first


def choose_by_address(
    label: str, choices: Mapping[str, str], *, key: str, parameter: str, help: str | None = None
) -> str:
    """Show the choice that the address makes by a parameter, and return its key; see `choose_one`."""
    first = next(iter(choices))
    st.session_state[key] = from_address(parameter, choices) or first
    taken = st.segmented_control(
        label,
        list(choices),
        format_func=lambda name: _(choices[name]),
        key=key,
        required=True,
        on_change=lambda: to_address(**{parameter: st.session_state[key]}),
        help=help,
    )
    return taken or first


def choose_view(label: str, choices: Mapping[str, str], *, key: str, parameter: str) -> str:
    """Show the choice of `choose_by_address` as buttons at a desk and as a list on a phone; return its key.

    The server does not know how wide the screen is: both are there, and the style sheet shows one of them.
    """
    with st.container(key=f"wide_{key}"):
        taken = choose_by_address(label, choices, key=key, parameter=parameter)
    with st.container(key=f"narrow_{key}"):
        st.session_state[f"{key}_list"] = taken
        st.selectbox(
            label,
            list(choices),
            format_func=lambda name: _(choices[name]),
            key=f"{key}_list",
            filter_mode=None,  # a phone would open its keyboard
            on_change=lambda: to_address(**{parameter: st.session_state[f"{key}_list"]}),
        )
    return taken
