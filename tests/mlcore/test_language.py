"""A sentence is shown in the language in use, and only where that language was asked for.

These are the tests of `mlcore.language`, which every sentence for a person goes through.
"""

import threading
from collections.abc import Iterator
from gettext import NullTranslations

import pytest

from mlcore import language
from mlcore.language import N_, _


class Loud(NullTranslations):
    """A language in which everything is said loudly."""

    def gettext(self, message: str) -> str:
        return message.upper() if message else "the catalogue's header"


@pytest.fixture
def loud() -> Iterator[None]:
    token = language._translations.set(Loud())
    yield
    language._translations.reset(token)


@pytest.mark.usefixtures("loud")
def test_a_sentence_is_looked_up_in_the_catalogue_in_use() -> None:
    assert _("Learning rate") == "LEARNING RATE"


@pytest.mark.usefixtures("loud")
def test_a_marked_sentence_is_translated_only_where_it_is_shown() -> None:
    assert N_("Learning rate") == "Learning rate"


@pytest.mark.usefixtures("loud")
def test_no_text_stays_no_text() -> None:
    assert _("") == ""


def test_a_language_is_of_one_thread_and_no_other() -> None:
    said: list[str] = []

    def visit() -> None:
        language.use(Loud())
        said.append(_("Loss"))

    thread = threading.Thread(target=visit)
    thread.start()
    thread.join()
    assert [*said, _("Loss")] == ["LOSS", "Loss"]
