"""A visitor reads the language of the browser where there is a catalogue for it, and else English.

These are the tests of `dashboard.language`.
"""

import io
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from dashboard import language
from mlcore.language import _


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    german = Catalog(locale="de")
    german.add("Train", "Trainieren")
    file = io.BytesIO()
    write_mo(file, german)
    path = tmp_path / "de" / "LC_MESSAGES" / "digitlab.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(file.getvalue())
    return tmp_path


@pytest.mark.parametrize(
    ("locale", "said"), [("de", "Trainieren"), ("de-AT", "Trainieren"), ("fr-FR", "Train")]
)
def test_a_catalogue_is_found_for_a_language_and_its_regions(folder: Path, locale: str, said: str) -> None:
    assert language.catalogue(locale, folder).gettext("Train") == said


def test_outside_of_a_visit_the_source_speaks() -> None:
    assert language.visitors_catalogue() is None
    assert _("Train") == "Train"


def test_a_visitor_is_answered_in_the_browsers_language(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    german = language.catalogue("de", folder)
    monkeypatch.setattr("mlcore.language._chooser", [lambda: german])
    assert _("Train") == "Trainieren"
