"""What the documents tell a newcomer to type exists: the make commands, and the files to install from.

README, CONTRIBUTING and the pages of docs/ are read.
"""

import re

import pytest

from tests.house import ROOT

README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_command_in_a_document_is_there(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    commands = {
        word
        for code in re.findall(r"`make [a-z ]+`|^make \w+", text, re.MULTILINE)
        for word in code.strip("`").split()[1:]
    }
    assert commands
    assert [name for name in commands if not re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)] == []


def test_every_file_that_the_commands_install_from_is_there() -> None:
    assert all((ROOT / name).exists() for name in re.findall(r"requirements\S*\.txt", README + MAKEFILE))
