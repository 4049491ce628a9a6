"""The QR code of a link can be read, and is a picture with words.

These are the tests of `dashboard.ui.qr_code`.
"""

import re
from urllib.parse import unquote

import segno

from dashboard.ui.qr_code import qr_html

LINK = "https://lab.example/train?run=0123456789abcdef0123456789abcdef&x=<b>"


def test_the_picture_has_the_modules_of_the_code_and_a_quiet_border() -> None:
    svg = unquote(re.search(r'src="data:image/svg\+xml;charset=utf-8,([^"]*)"', qr_html(LINK))[1])  # type: ignore[index]
    code = segno.make(LINK, error="m", micro=False)
    side = code.symbol_size(border=4)[0]
    assert f"viewBox='0 0 {side} {side}'" in svg
    drawn = re.search(r"stroke='#000'|stroke=\"#000\"", svg)
    assert drawn is not None
    # Runs of dark modules are lines of their length: as many modules as the code has.
    path = re.findall(r"h(\d+)", svg.split("stroke")[-1])
    assert sum(map(int, path)) == sum(sum(row) for row in code.matrix)


def test_its_words_name_the_address_as_text() -> None:
    assert (
        'alt="QR code of https://lab.example/train?run=0123456789abcdef0123456789abcdef&amp;x=&lt;b&gt;"'
        in (qr_html(LINK))
    )
