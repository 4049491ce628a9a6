"""What a program that uses mlcore finds: its version, and that its types may be checked."""

import re
from importlib import resources

import mlcore


def test_the_package_tells_its_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", mlcore.__version__)


def test_type_checkers_may_read_its_types() -> None:
    assert resources.files(mlcore).joinpath("py.typed").is_file()
