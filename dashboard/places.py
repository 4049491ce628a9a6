"""Whether a place for files is on a disk or in memory, as /tmp is in some containers.

What is kept for visitors counts as memory where it is.
"""

from pathlib import Path


def lies_in_memory(path: Path, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Tell whether files in this place are kept in memory; False where the system does not tell."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return False
    above = [line for line in lines if path.is_relative_to(line[1])]
    return bool(above) and max(above, key=lambda line: len(line[1]))[2] in ("tmpfs", "ramfs")
