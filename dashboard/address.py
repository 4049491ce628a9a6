"""What the address of a page says: choices that a link should carry.

It stands beside the widgets on every step of the path. Streamlit's own ``bind="query-params"`` would put
translated labels into the address, and Back would fall to the default where the address says nothing.
"""

from collections.abc import Collection

import streamlit as st


def from_address(name: str, known: Collection[str]) -> str | None:
    """Return what the address says of ``name``, or None when that is nothing known."""
    value = st.query_params.get(name)
    return value if value in known else None


def to_address(**values: str | None) -> None:
    """Let the address say this, in one step for the browser's Back; None takes a name out of it."""
    kept = {name: value for name, value in st.query_params.to_dict().items() if name not in values}
    st.query_params.from_dict(kept | {name: value for name, value in values.items() if value is not None})
