"""Every file of `tests/pages/files.py` on the page Data: shown, or refused with its sentence.

That a browser sends them is tested in `tests/e2e/test_uploads.py`.
"""

import re
from itertools import pairwise

from streamlit.testing.v1 import AppTest

from dashboard.session import UPLOADED
from tests.pages.files import BAD, FORMATS, TABLE, Files, with_foreign_text
from tests.pages.visits import figures, grids, opened, session_of


def own_files() -> AppTest:
    """Open the page where a visitor brings files."""
    return opened("data").segmented_control(key="data_source").set_value(UPLOADED).run()


def bring(app: AppTest, files: Files) -> None:
    for name, content in files.items():
        app.file_uploader[0].upload(name, content, "application/octet-stream")
    app.run()
    assert not app.exception


def refused(app: AppTest, files: Files) -> str:
    """Bring files that cannot be used, take them back, and return the sentence about them."""
    bring(app, files)
    [error] = app.error
    assert len(app.file_uploader[0].value) == len(files)
    app.file_uploader[0].clear()
    assert not app.run().error
    return error.value


def test_every_format_is_read_and_shown() -> None:
    names = [name for name, _files, _count in FORMATS.values()]
    assert all(name != following for name, following in pairwise(names))  # so that each is seen to be read
    app = own_files()
    for name, files, count in FORMATS.values():
        bring(app, files)
        assert not app.error
        assert app.header[0].value == f"`{name}`"
        assert figures(app)["Images"] == count
        assert "<img" in grids(app)[0]
        assert app.file_uploader[0].value == []


def test_every_bad_file_gets_its_sentence_and_the_data_set_before_stays() -> None:
    assert len(BAD) >= 20
    app = own_files()
    bring(app, {"good.csv": TABLE.encode()})
    good = session_of(app).dataset
    for files, sentence in BAD.values():
        assert re.search(sentence, refused(app, files))
        assert session_of(app).dataset is good
        assert (app.header[0].value, figures(app)["Images"]) == ("`good`", "200")


def test_what_a_sentence_quotes_of_a_file_is_code_that_no_markup_ends() -> None:
    app = own_files()
    for files, words in with_foreign_text():
        sentence = refused(app, files)
        assert words in sentence
        assert re.fullmatch(r"(`+)(?!`).*[^`]\1", sentence, re.DOTALL)
        assert "`" not in sentence.strip("`")
