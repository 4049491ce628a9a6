"""What computes on this machine: the kernel of NumPy's matrix products.

A model's card names it, because two kernels round differently: the same training ends with other last digits.
"""

import ctypes
import platform
from functools import cache
from pathlib import Path

import numpy as np

NAMES = ("scipy_openblas_get_corename64_", "scipy_openblas_get_corename", "openblas_get_corename")


@cache
def kernel_name() -> str:
    """Return the name of the kernel that OpenBLAS has chosen, such as "SkylakeX"; empty when it is not known.

    NumPy's wheels bring OpenBLAS in a folder of their own; another NumPy may compute with another library.
    """
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):
        for file in sorted(folder.glob("*openblas*")):
            name = _ask(file)
            if name:
                return name
    return ""


def _ask(file: Path) -> str:
    """Return what a library says of its kernel; it has long been loaded, and is not loaded twice."""
    try:
        library = ctypes.CDLL(str(file))
    except OSError:
        return ""
    for symbol in NAMES:
        if hasattr(library, symbol):
            ask = getattr(library, symbol)
            ask.restype = ctypes.c_char_p
            return str((ask() or b"").decode("ascii", "replace"))
    return ""


def machine_name() -> str:
    """Return system and processor in a word or two, such as "Linux x86_64"."""
    return f"{platform.system()} {platform.machine()}".strip()
