"""A flip book: pages of HTML that Python made, of which a slider shows one; turning a page asks no server.

Inside shows the moments of a run with it: 14 ms per position on MNIST (`python -m benchmarks.time_travel`); a
slider of Streamlit's waits 0.2 s before it tells the server.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from mlcore.language import _

_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_HTML = """
<div class="dl-flip">
  <div class="dl-flip-bar">
    <button type="button"></button><input type="range" min="0" step="1"><output></output>
  </div>
  <div class="dl-flip-panels"></div>
</div>
"""


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes
    ----------
    name : str
        Tells it from the other pages; a book that grows stays open at the page with this name.
    label : str
        What it shows, in a few words.
    panels : tuple of str
        The HTML below each title, safe to be shown: foreign text in it went through `html_text`.
    """

    name: str
    label: str
    panels: tuple[str, ...]


def show_flipbook(
    label: str, titles: Sequence[str], pages: Sequence[Page], *, key: str, subject: str
) -> None:
    """Show the last page with a slider to the others and a button that turns them one by one.

    Parameters
    ----------
    label : str
        Of the slider.
    titles : sequence of str
        One for each panel of a page.
    pages : sequence of Page
        At least one; call it again with more.
    key : str
        Of the component.
    subject : str
        What the book is about: with another one, it opens at its last page again.
    """
    component = st.components.v2.component("digit_lab_flipbook", html=_HTML, js=_JS, isolate_styles=False)
    component(
        data={
            "label": label,
            "titles": list(titles),
            "pages": [asdict(one) for one in pages],
            "subject": subject,
            "play": _("Play"),
            "pause": _("Pause"),
        },
        key=key,
    )
