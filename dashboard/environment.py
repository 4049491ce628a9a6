"""The numbers that an operator sets in the environment of a server; docs/how-to/host.md lists them.

The memory budget, the runs and the keeper of what visitors had read theirs here. It knows no Streamlit.
"""

import os


def number_of_environment(variable: str) -> float | None:
    """Return the number that a variable of the environment holds, or None when it is not set or blank.

    Raises
    ------
    ValueError
        When it holds something else.
    """
    setting = os.environ.get(variable, "").strip()
    return float(setting) if setting else None
