"""How fast networks are trained here and elsewhere: every contender on the same work, each in a process.

`python -m benchmarks.training` prints tables; `--json FILE` writes the numbers for a program, and
`benchmarks.speed_page` writes them into the documents. With `--kernel Haswell` OpenBLAS computes as on a
processor without AVX-512. PyTorch and JAX take part when they are installed (`make frameworks`).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from contenders import CASES, CONTENDERS, DENSE_ONLY, ON_NUMPY

from benchmarks.machine import use_kernel
from benchmarks.report import write_beside


def measure(contender: str, case: str, threads: int) -> dict[str, Any]:
    """Return what one process printed, or why it could not."""
    command = [sys.executable, str(Path(__file__).with_name("contenders.py")), contender, case, str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(case: str, threads: int, repeats: int, contenders: list[str]) -> dict[str, dict[str, Any]]:
    """Run all contenders in turn, `repeats` times over, and return the medians of each."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name in contenders:
            if not any("error" in row for row in rows[name]):
                rows[name].append(measure(name, case, threads))
    return {name: _median(results) for name, results in rows.items()}


def _median(results: list[dict[str, Any]]) -> dict[str, Any]:
    if any("error" in row for row in results):
        return results[-1]
    summary = {key: statistics.median(row[key] for row in results) for key in results[0]}
    return summary | {"all_seconds": [row["seconds"] for row in results]}


def print_table(case: str, threads: int, rows: dict[str, dict[str, Any]]) -> None:
    """Print one case: seconds an epoch, how many times as fast as PyTorch eager, accuracy, memory."""
    eager = rows.get("torch eager", {}).get("seconds")
    print(f"\n{case}: {CASES[case].title}; {threads} thread{'s' if threads > 1 else ''}")
    print("| who | seconds an epoch | × torch eager | test accuracy | peak memory, MB |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, row in rows.items():
        if "error" in row:
            print(f"| {name} | – | – | {row['error']} | |")
            continue
        ratio = f"{eager / row['seconds']:.2f}" if eager else "–"
        right = "–" if name == "floor" else f"{row['accuracy']:.4f}"
        print(f"| {name} | {row['seconds']:.4f} | {ratio} | {right} | {row['peak_mb']:.0f} |", flush=True)


def main() -> None:
    """Compare what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS)
    parser.add_argument("--kernel", help="of OpenBLAS: Haswell has AVX2; then only those on NumPy compare")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each; the median counts")
    parser.add_argument("--json", type=Path, help="where to write the numbers; those of other cases stay")
    chosen = parser.parse_args()
    contenders = chosen.contenders or (ON_NUMPY if chosen.kernel else CONTENDERS)
    kernel = use_kernel(chosen.kernel)
    print(kernel)
    all_cores = sorted(os.sched_getaffinity(0))
    for case in chosen.cases:
        names = [
            name
            for name in contenders
            if not (CASES[case].filters and name in DENSE_ONLY)
            and not (name == "ours, pruned" and CASES[case].batch_size is None)
        ]
        for threads in chosen.threads:
            # Whatever it is told, JAX starts a thread for each core that it may use.
            os.sched_setaffinity(0, all_cores[-threads:])
            rows = compare(case, threads, chosen.repeats, names)
            print_table(case, threads, rows)
            write_beside({"kernel": kernel, f"{case}/{threads}": rows}, chosen.json)


if __name__ == "__main__":
    main()
