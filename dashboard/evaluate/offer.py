"""A button that gives a table to take home, made when it is pressed.

Every look of the Evaluate page that shows a table or a chart has one.
"""

from collections.abc import Callable

import streamlit as st


def offer_csv(label: str, make: Callable[[], str], file: str) -> None:
    """Offer a table as a CSV file; ``make`` returns its text."""
    st.download_button(
        label,
        make,
        file,
        "text/csv",
        on_click="ignore",
        icon=":material/table_view:",
        key=f"take_{file}",
    )
