"""HTML with SVG in it, on a page.

The picture of a network and the moving picture on Home are shown by it: `st.html` would take all SVG out.
"""

import streamlit as st

_JS = """export default ({ data, parentElement }) => {
  parentElement.querySelector("div").innerHTML = data.html;
};"""


def show_svg(html: str, key: str) -> None:
    """Show HTML of our own making; what stands in it from files went through `html_text`."""
    svg = st.components.v2.component("digit_lab_svg", html="<div></div>", js=_JS, isolate_styles=False)
    svg(data={"html": html}, key=key)
