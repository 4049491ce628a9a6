"""The machine as users have it, for benchmarks: NumPy's own choice of a kernel, and which one that is.

Each benchmark that starts a server calls `use_own_kernel` first. OpenBLAS chooses by the processor, unless
variables of the environment say otherwise, as they may on a machine for development.
"""

import os
import subprocess
import sys

VARIABLES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")

_ASK = """
import numpy
from threadpoolctl import threadpool_info
for part in threadpool_info():
    print(part["internal_api"], part["version"], part.get("architecture"))
"""


def use_own_kernel() -> str:
    """Take the variables out of the environment of this process's children; return the kernel they choose."""
    return use_kernel(None)


def use_kernel(name: str | None) -> str:
    """Let this process's children take a kernel of OpenBLAS, or None for its own choice; return which it is.

    An older processor is tried that way: "Haswell" is what one without AVX-512 gets.
    """
    for variable in VARIABLES:
        os.environ.pop(variable, None)
    if name is not None:
        os.environ["OPENBLAS_CORETYPE"] = name
    done = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=True)
    return done.stdout.strip()
