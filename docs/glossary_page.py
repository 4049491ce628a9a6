"""Writes reference/glossary.md from the terms that the pages explain.

`python -m docs.glossary_page` writes it; a test tells when that is due.
"""

from pathlib import Path

from dashboard.ui.glossary import GLOSSARY

PAGE = Path(__file__).resolve().parent / "reference" / "glossary.md"

INTRODUCTION = """# Glossary

The terms on the pages, in the same words as the help beside them. None of them is needed to start. What each
setting does stands under [Settings](settings.md). This page is written by `python -m docs.glossary_page`.
"""


def page() -> str:
    """Return the whole page."""
    rows = [f"| **{term.name}** | {term.meaning} |" for term in GLOSSARY.values()]
    return "\n".join([INTRODUCTION, "| term | what it means |", "| --- | --- |", *rows, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
