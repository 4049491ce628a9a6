"""What the visitor's tab remembers by itself, for a server that has forgotten: it was started again.

The strokes of a drawing are kept there, and the settings. What comes back may be anything: it is a browser's.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

_CODE = (Path(__file__).parent / "tab_memory.js").read_text(encoding="utf-8")


def remember_in_tab(name: str, value: str | None, take: Callable[[str], None]) -> None:
    """Let the tab remember a text; when there is none, have what it remembers handed to ``take``.

    Parameters
    ----------
    name : str
        Tells what is remembered apart.
    value : str or None
        None asks the tab. Whatever it hands back, the next value should be a text. An empty one is never
        handed back.
    take : callable
        Is given the text that the tab had, before the page (or fragment) runs again.
    """
    key = f"tab_memory_{name}"
    component = st.components.v2.component("digit_lab_tab_memory", js=_CODE)
    component(
        data={"name": name, "value": value}, key=key, on_found_change=lambda: _hand_over(key, value, take)
    )


def _hand_over(key: str, value: str | None, take: Callable[[str], None]) -> None:
    found = st.session_state[key].found
    if value is None and isinstance(found, str):
        take(found)
