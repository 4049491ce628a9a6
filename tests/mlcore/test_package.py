"""What a program that uses mlcore finds: its version, its types, and each name when it is asked for."""

import ast
import inspect
import re
import subprocess
import sys
from importlib import resources

import pytest

import mlcore


def test_the_package_tells_its_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", mlcore.__version__)


def test_type_checkers_may_read_its_types() -> None:
    assert resources.files(mlcore).joinpath("py.typed").is_file()


def test_editors_and_python_are_told_of_the_same_names_in_the_same_modules() -> None:
    blocks = [part for part in ast.parse(inspect.getsource(mlcore)).body if isinstance(part, ast.If)]
    imports = [part for block in blocks for part in block.body if isinstance(part, ast.ImportFrom)]
    told = {part.module: tuple(name.name for name in part.names) for part in imports}
    assert told == mlcore._PLACES
    assert sorted(mlcore._MODULE_OF) == sorted(mlcore.__all__)


def test_a_name_is_loaded_when_it_is_first_asked_for() -> None:
    script = (
        "import sys, mlcore\n"
        "loaded = lambda: {name for name in sys.modules if name.startswith(('mlcore.', 'numpy'))}\n"
        "assert 'load_dataset' in dir(mlcore) and not loaded()\n"
        "from mlcore import DatasetError\n"
        "assert loaded() and not {'mlcore.training', 'mlcore.study', 'mlcore.exports', 'numpy'} & loaded()\n"
        "assert mlcore.DatasetError is DatasetError and 'DatasetError' in vars(mlcore)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_name_that_is_not_there_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'mlcore' has no attribute 'perceptron'"):
        _ = mlcore.perceptron  # type: ignore[attr-defined]
