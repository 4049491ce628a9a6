"""Takes the pictures of the README: `make screenshots` visits the real app and writes PNG files.

A run on MNIST is trained, evaluated, and asked about a drawn seven. Each page is taken at a desktop and on
a phone, in light and in dark colours, into `docs/images/`.
"""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.e2e.browser import launch, new_context
from tests.e2e.server import AppServer
from tests.e2e.steps import CANVAS, SEVEN, Visitor

IMAGES = Path(__file__).resolve().parent / "images"
COLOURS = 128  # a palette is enough for flat colours, and makes a file a third as large


def main() -> None:
    """Take every picture again."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright, AppServer() as server:
        browser = launch(playwright)
        for device in ("desktop", "phone"):
            context = new_context(browser, phone=device == "phone")
            visit(Visitor(context, server.address, phone=device == "phone"), device)
            context.close()
        browser.close()


def visit(visitor: Visitor, device: str) -> None:
    """Go the whole way once and take a picture of each page."""
    visitor.open("/")
    take(visitor, f"home-{device}")
    visitor.go_to("Data")
    take(visitor, f"data-{device}")
    visitor.go_to("Network")
    take(visitor, f"network-{device}")
    visitor.go_to("Train")
    visitor.press("Start")
    visitor.see("Train again", seconds=120)
    take(visitor, f"train-{device}")
    visitor.go_to("Evaluate")
    take(visitor, f"evaluate-{device}")
    visitor.go_to("Draw")
    visitor.page.locator(CANVAS).wait_for()
    visitor.draw(SEVEN)
    take(visitor, f"draw-{device}")
    if visitor.problems:
        raise SystemExit(f"The browser told of errors: {visitor.problems}")


def take(visitor: Visitor, name: str) -> None:
    """Save what the visitor sees, in light and in dark colours."""
    visitor.page.mouse.move(0, 0)
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=scheme)
        visitor.page.evaluate("window.scrollTo(0, 0)")
        visitor.wait_until_idle()
        visitor.page.wait_for_timeout(1500)  # pictures, fonts and charts come in after the text
        picture = Image.open(io.BytesIO(visitor.page.screenshot())).convert("RGB")
        path = IMAGES / f"{name}-{scheme}.png"
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
        print(f"{path.name}: {picture.width}×{picture.height}, {path.stat().st_size / 1000:.0f} kB")
    visitor.page.emulate_media(color_scheme="light")


if __name__ == "__main__":
    main()
