"""A report as one HTML file: the page around it, its tables of facts, and its figures.

Train makes one of a run, Evaluate one of an evaluation. Plotly's library is inside: the figures stay
interactive without the internet.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from dashboard.ui.messages import html_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; }
td, th { padding: .25rem .75rem; border-bottom: 1px solid #ddd; text-align: left; }
.scroll td, .scroll th { white-space: nowrap; }
.matrix td, .matrix th { text-align: center; padding: .25rem .5rem; border: 1px solid #eee; }
.scroll { overflow-x: auto; }
.chart { height: 24rem; }
ul.dl-grid { list-style: none; display: flex; flex-wrap: wrap; gap: .75rem; padding: 0; }
ul.dl-grid figure { margin: 0; text-align: center; font-size: .85rem; white-space: pre-line; }
ul.dl-grid img { image-rendering: pixelated; }
/* After a touch Plotly's buttons stay, over the figure's corner. */
@media (pointer: coarse) { .modebar { display: none; } }
"""


def report_page(title: str, parts: Sequence[str]) -> str:
    """Return the text of the file; title and parts are HTML."""
    from plotly.offline import get_plotlyjs

    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<script>{get_plotlyjs()}</script></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def facts_html(rows: Iterable[tuple[str, str]]) -> str:
    """Return a table of names and values; what has no value is left out."""
    items = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{html_text(text)}</td></tr>'
        for name, text in rows
        if text
    )
    return f"<table>{items}</table>"


def table_html(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with a head; the first cell of each row names it."""
    titles = "".join(f'<th scope="col">{html_text(title)}</th>' for title in head)
    lines = "".join(
        f'<tr><th scope="row">{html_text(first)}</th>'
        + "".join(f"<td>{html_text(cell)}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in rows
    )
    return f'<div class="scroll"><table><tr>{titles}</tr>{lines}</table></div>'


def chart_html(figure: "Figure", alt: str = "") -> str:
    """Return a figure with its heading, where it has one, and its text alternative or another one."""
    title = escape(figure.layout.title.text or "")
    figure.update_layout(title={"text": ""}, height=380, legend={"orientation": "h", "y": -0.2})
    html = figure.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False})
    heading = f"<h3>{title}</h3>" if title else ""
    return f'{heading}<div role="img" aria-label="{escape(alt or figure.layout.meta["alt"])}">{html}</div>'
