"""How Sphinx builds the site from the Markdown pages; `make docs` calls it.

The source folder is the project's root, so that a link from one page to another means the same here as in
the repository. Diagrams and formulas are drawn while the site is built: a reader's browser loads nothing from
elsewhere.
"""

import re
import shutil
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

project = "Digit Lab"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinxcontrib.mermaid"]
root_doc = "docs/README"
include_patterns = ["*.md", "docs/**.md", "data/**.md", "models/*.md"]
exclude_patterns = ["docs/_build"]

html_theme = "furo"
html_title = project
html_copy_source = False
html_additional_pages = {"index": "to_contents.html"}
templates_path = [str(ROOT / "docs/_templates")]
html_math_renderer = "mathml"
pygments_dark_style = "github-dark"

myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 4

# `mermaidx` takes the arguments of mermaid's own `mmdc`, and needs no Node.js and no browser.
mermaid_cmd = str(Path(sys.executable).with_name("mermaidx"))
mermaid_params = ["--theme", "neutral", "--background", "white"]
mermaid_output_format = "svg"

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
# Sphinx takes the name of an attribute in a docstring for a reference, and warns where two classes have one
# of that name: `labels` of `Dataset` and of `Answers`.
suppress_warnings = ["ref.python"]

CONTENTS = {
    "Tutorial": ["tutorial/first-network", "tutorial/first-lesson"],
    "How-to": ["how-to/*", "/CONTRIBUTING"],
    "Reference": ["reference/*", "/data/*/README", "/models/*"],
    "Explanation": ["explanation/*", "decisions/README"],
    "Project": ["/README", "/CHANGELOG"],
}
"""The menu at the side, by heading; names begin in docs/, or with a slash in the project's root."""


def setup(app: Sphinx) -> None:
    """Tell Sphinx of the functions below."""
    app.connect("source-read", add_contents)
    app.connect("build-finished", copy_pictures)
    app.connect("build-finished", warn_of_foreign_servers)
    app.add_html_math_renderer("mathml", (show_math, None), (show_math, None))


def add_contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Add the menu to the pages that hold others; in the repository their tables of links are enough."""
    if page == root_doc:
        source[0] += "".join(_toctree(caption, names) for caption, names in CONTENTS.items())
    elif page == "docs/decisions/README":
        source[0] += _toctree("Decisions", ["0*"])


def _toctree(caption: str, names: list[str]) -> str:
    return "\n".join(
        ["", "```{toctree}", ":hidden:", ":glob:", f":caption: {caption}", "", *names, "```", ""]
    )


def show_math(translator: Any, node: nodes.math | nodes.math_block) -> None:
    """Write a formula as MathML, which browsers show by themselves."""
    translator.body.append(tex2mathml(node.astext(), as_block=isinstance(node, nodes.math_block)))
    raise nodes.SkipNode


def copy_pictures(app: Sphinx, error: Exception | None) -> None:
    """Bring along the pictures that a page shows by an HTML tag of its own, which Sphinx does not read."""
    if error is None:
        shutil.copytree(ROOT / "docs/images", Path(app.outdir) / "docs/images", dirs_exist_ok=True)


def warn_of_foreign_servers(app: Sphinx, error: Exception | None) -> None:
    """Warn, which ends the build, when a page would load something from another server."""
    loads = re.compile(
        r"""<(?:script|img|link|iframe|object|source)\b[^>]*?(?:src|href|data)=["'](?:https?:)?//"""
    )
    for page in Path(app.outdir).rglob("*.html"):
        for found in loads.finditer(page.read_text("utf-8")):
            logging.getLogger(__name__).warning("%s loads from elsewhere: %s", page.name, found.group())
