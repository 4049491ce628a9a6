"""The parameters behind the ? of a page's address: the choices that a link carries.

All pages read and write them here. Streamlit's own ``bind="query-params"`` would put translated labels into
the address, and Back would fall to the default where the address has no such parameter.
"""

from collections.abc import Collection

import streamlit as st


def from_address(name: str, known: Collection[str] | None = None) -> str | None:
    """Return a parameter of the address, or None where it is missing or not one of the ``known`` values."""
    value = st.query_params.get(name)
    return value if known is None or value in known else None


def to_address(**values: str | None) -> None:
    """Set parameters of the address, in one step for the browser's Back; None removes one."""
    before = whole_address()
    after = {name: value for name, value in (before | values).items() if value is not None}
    if after != before:
        st.query_params.from_dict(after)


def whole_address() -> dict[str, str]:
    """Return all parameters of the address."""
    return st.query_params.to_dict()
