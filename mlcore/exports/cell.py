"""A cell of an exported notebook: a heading, a few sentences, and code.

The script has the same cells, with heading and sentences as comments.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A heading, sentences in Markdown, and the code below them."""

    heading: str
    text: str
    code: str


def lines(*parts: str) -> str:
    """Return lines as a text.

    >>> lines("a", "b")
    'a\\nb'
    """
    return "\n".join(parts)
