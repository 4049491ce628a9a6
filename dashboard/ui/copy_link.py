"""A button that copies a link to the page it stands on.

The pages Network and Train show it. Where the browser lets no page write to the clipboard, as without https,
the link stands in a field, selected, to be copied by hand.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from mlcore.language import _

_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_HTML = (
    '<div class="dl-copy"><button type="button"></button><span role="status"></span>'
    '<input type="text" readonly hidden></div>'
)


def copy_link(parameters: Mapping[str, str | None], key: str) -> None:
    """Show the button; the link is that of this page with these parameters."""
    component = st.components.v2.component("digit_lab_copy_link", html=_HTML, js=_JS, isolate_styles=False)
    component(
        data={
            "query": urlencode({name: value for name, value in parameters.items() if value is not None}),
            "label": _("Copy link"),
            "copied": _("Link copied."),
            "by_hand": _("Your browser does not let this page copy. Copy the link from here:"),
        },
        key=key,
    )
