"""Things shown a page at a time: the control that turns pages, and which things are on the one that is open.

The pages Data, Evaluate and Inside use it for images, rows and neurons.
"""

import streamlit as st


def choose_page(n: int, size: int, key: str) -> slice:
    """Let the visitor turn pages where there are more things than fit on one, and return those to be shown.

    Where the number of pages changes, Streamlit begins again at the first.

    Parameters
    ----------
    n : int
        How many things there are.
    size : int
        How many of them fit on a page.
    key : str
        Of the control.
    """
    n_pages = -(-n // size)
    number = st.pagination(n_pages, key=key) if n_pages > 1 else 1
    return slice((number - 1) * size, min(number * size, n))
