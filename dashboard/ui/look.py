"""The icon, the style sheet and the scripts that every page has, each read once.

`app.py` puts them on the page. A rerun that opens no file is answered even when the process has no descriptor
left.
"""

from pathlib import Path

_HERE = Path(__file__).resolve().parent

ICON = (_HERE / "icon.svg").read_text(encoding="utf-8")
STYLE = f"<style>{(_HERE / 'style.css').read_text(encoding='utf-8')}</style>"
SCRIPTS = "".join(
    f"<script>{(_HERE / name).read_text(encoding='utf-8')}</script>"
    for name in ("access.js", "history.js", "press.js")
)
