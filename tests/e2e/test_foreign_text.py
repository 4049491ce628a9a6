"""Text that a visitor's files or an address bring is text on every page: no picture, no link, no markup.

Text with every kind of markup is planted into each field of each kind of file, and the pages are examined
in the browser.
"""

import io
import re
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import FilePayload

from dashboard.ui.messages import SHORT_NAME
from mlcore import Model, NetworkConfig, Preparation, load_dataset, save_model
from mlcore.quote import quoted
from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor
from tests.mlcore.datasets.readers import data_files as make
from tests.pages.files import NAME, TRAP, with_foreign_text

IMAGES, LABELS = (
    part[:120] for part in (load_dataset("digits-8x8").images, load_dataset("digits-8x8").labels)
)
TRAPS = (
    "![x](//127.0.0.1:9/p.png) [l](//127.0.0.1:9/l) **b** `t` $x$ :red[r] :smile:",
    "www.example.org http://127.0.0.1:9/h me@example.org <http://127.0.0.1:9/j>",
    "<img src=//127.0.0.1:9/i onerror=alert(1)> <a href=//127.0.0.1:9/a>a</a> <b>b</b>",
)
"""Markdown, links that need no markup, and HTML."""

LEADS_ELSEWHERE = """() =>
  [...document.querySelectorAll("[href], [src], [srcset], object, iframe, embed")]
    .map((element) => element.outerHTML)
    .filter((html) => /(href|src|srcset|data)="[^"]*(127\\.0\\.0\\.1:9\\b|example\\.org)/.test(html))
"""

PAGES = ("Data", "Network", "Train", "Evaluate", "Inside", "Draw", "Runs", "Home")


def look(visitor: Visitor) -> None:
    """Assert that nothing on this page leads elsewhere or came from there, and that no markup was made."""
    foreign = visitor.page.evaluate(LEADS_ELSEWHERE)
    assert foreign == []
    made = visitor.main.locator("[onerror], .katex, del, [class*=stMarkdownColoredText]")
    assert made.count() == 0
    assert "b" not in visitor.main.locator("strong, b").all_inner_texts()


def choose_own(visitor: Visitor) -> None:
    visitor.open("/data", "The images that the network learns from.")
    visitor.main.get_by_text("Your own", exact=True).click()
    visitor.see("Drop files here")


def bring(visitor: Visitor, files: dict[str, bytes]) -> None:
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        for name, content in files.items()
    ]
    visitor.main.locator("input[type=file]").first.set_input_files(payloads)


def refused(visitor: Visitor, files: dict[str, bytes], words: str) -> None:
    """Bring files that cannot be used, and take them back; the sentence quotes these words, as they are."""
    bring(visitor, files)
    alert = visitor.main.get_by_role("alert")
    expect(alert.filter(has_text=words).first).to_be_visible()
    look(visitor)
    visitor.main.get_by_role("button", name=re.compile("^Remove")).click()
    expect(alert).to_have_count(0)


# Data sets


def test_the_names_of_classes_are_text_on_every_page(visitor: Visitor) -> None:
    names = np.array([f"{label} {TRAPS[label % 3]}" for label in LABELS])
    choose_own(visitor)
    bring(visitor, {f"{NAME}.npz": make.npz(images=IMAGES, labels=names)})
    for label in range(3):
        visitor.see(quoted(f"{label} {TRAPS[label]}", SHORT_NAME))
    expect(visitor.main.get_by_role("heading", name=NAME)).to_be_visible()
    look(visitor)
    for page in PAGES:
        visitor.go_to(page)
        look(visitor)


def test_folders_name_classes_as_text(visitor: Visitor) -> None:
    folders = [f"{label} {TRAPS[label % 3].replace('/', '∕')}" for label in range(6)]
    pictures = {f"{folder}/{NAME}.png": make.picture(IMAGES[k]) for k, folder in enumerate(folders)}
    more = {f"{folder}/b.png": make.picture(IMAGES[10 + k]) for k, folder in enumerate(folders)}
    choose_own(visitor)
    bring(visitor, {f"{NAME}.zip": make.archive(pictures | more)})
    for folder in folders[:3]:
        visitor.see(quoted(folder, SHORT_NAME))
    look(visitor)


def test_what_a_data_file_has_wrong_is_quoted_as_text(visitor: Visitor) -> None:
    choose_own(visitor)
    for files, words in with_foreign_text()[::3]:  # all of them in tests/pages/test_files.py
        refused(visitor, files, words)


# Models


def model_file() -> bytes:
    """A model of 8×8 images with a trap in every text of its header."""
    names = tuple(f"{k} {TRAPS[k % 3]}" for k in range(10))
    card = {"title": TRAP, "dataset": TRAP, TRAP: [TRAP], "test_accuracy": TRAP, "dev_fingerprint": TRAP}
    config = NetworkConfig(hidden_sizes=())
    model = Model(config, Preparation((8, 8)), names, np.zeros(650, np.float32), card=card)
    file = io.BytesIO()
    save_model(model, file)
    return file.getvalue()


def spoilt(old: str, new: str) -> bytes:
    """The same model file with another text in its header."""
    arrays = dict(np.load(io.BytesIO(model_file())))
    text = arrays.pop("header").tobytes().decode().replace(old, new)
    file = io.BytesIO()
    np.savez(file, header=np.frombuffer(text.encode(), np.uint8), **arrays)
    return file.getvalue()


def open_model_file(visitor: Visitor) -> None:
    visitor.open("/draw", "Draw a digit")
    visitor.main.get_by_text("Use a model file").click()


def test_a_models_file_and_its_header_are_text(visitor: Visitor) -> None:
    open_model_file(visitor)
    bring(visitor, {f"{NAME}.npz": model_file()})
    chosen = visitor.main.get_by_role("combobox", name=re.compile("Model"))
    expect(chosen).to_have_value(re.compile(re.escape(NAME[:40])))
    visitor.draw([(0.3, 0.2), (0.7, 0.2), (0.5, 0.8)], text="not sure")
    visitor.see(TRAPS[0])
    look(visitor)
    visitor.go_to("Evaluate")
    look(visitor)


def test_what_a_model_file_has_wrong_is_quoted_as_text(visitor: Visitor) -> None:
    open_model_file(visitor)
    for old, new in (('"relu"', f'"{TRAP}"'), ('"version": 1', f'"version": "{TRAP}"')):
        bring(visitor, {"a.npz": spoilt(old, new)})
        alert = visitor.main.get_by_role("alert").filter(has_text=TRAP)
        expect(alert).to_be_visible()
        look(visitor)
        open_model_file(visitor)


# Pictures to be read, and addresses


def test_the_name_of_a_picture_is_text(visitor: Visitor) -> None:
    visitor.open("/draw", "Draw a digit")
    visitor.main.get_by_text("File", exact=True).click()
    visitor.see("Choose a picture")
    bring(visitor, {f"{NAME[:60]}.png": b"no picture"})
    expect(visitor.main.get_by_role("alert").filter(has_text=NAME[:60])).to_be_visible()
    look(visitor)


def test_what_an_address_says_is_text_or_nothing(visitor: Visitor) -> None:
    text = quote(" ".join(TRAPS))
    for page, name in {"data": "data", "network": "recipe", "train": "run", "evaluate": "set"}.items():
        visitor.open(f"/{page}?{name}={text}&true={text}&guessed={text}&{text}={text}")
        expect(visitor.main.get_by_role("heading").first).to_be_visible()
        look(visitor)


def test_markup_that_misses_the_door_is_noticed(visitor: Visitor) -> None:
    visitor.open("/draw", "Draw a digit")
    for html in (
        '<a href="mailto:me@example.org">',
        '<a href="http://127.0.0.1:9/h">',
        "<b>b</b>",
        '<i onerror="x">',
    ):
        visitor.main.evaluate("(main, html) => { main.insertAdjacentHTML('beforeend', html); }", html)
        with pytest.raises(AssertionError):
            look(visitor)
        visitor.main.evaluate("(main) => { main.lastElementChild.remove(); }")
    look(visitor)
