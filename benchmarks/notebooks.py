"""Whether the five notebooks' recipes reach what the notebooks printed: every recipe with several seeds.

It stands beside the path. `python benchmarks/notebooks.py` prints the tables in docs/explanation;
`--json FILE` writes them for machines.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported: one process, one core
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mlcore import EpochMetrics, run_recipe
from mlcore.notebooks import NOTEBOOKS

# What notebook 2 printed: accuracy on its training images at iterations 0, 200, …, 1800.
PRINTED = (0.171, 0.735, 0.820, 0.854, 0.869, 0.878, 0.885, 0.889, 0.893, 0.896)

Curve = list[tuple[int, float, float]]


def curve(name: str, seed: int) -> Curve:
    """Run a recipe; return step, training accuracy and dev accuracy at each measurement."""
    records = run_recipe(name, seed=seed)
    return [
        (record.step, record.train_accuracy, record.dev_accuracy)
        for record in records
        if isinstance(record, EpochMetrics)
    ]


def band(curves: list[Curve]) -> list[dict[str, float]]:
    """Return, for each line that notebook 2 printed, the smallest, middle and largest of all seeds."""
    rows = []
    for place, printed in enumerate(PRINTED):
        seen = sorted(curve[place][1] for curve in curves)
        rows.append(
            {
                "iteration": curves[0][place][0],
                "printed": printed,
                "lowest": seen[0],
                "median": seen[len(seen) // 2],
                "highest": seen[-1],
            }
        )
    return rows


def print_band(rows: list[dict[str, float]], seeds: int) -> None:
    """Print the band of notebook 2 beside what it printed."""
    print(f"\nnotebook-2: accuracy on the training images, {seeds} seeds")
    print("| iteration | the notebook printed | lowest | median | highest | inside |")
    print("| ---: | ---: | ---: | ---: | ---: | --- |")
    for row in rows:
        inside = "yes" if row["lowest"] <= row["printed"] <= row["highest"] else "no"
        numbers = " | ".join(f"{row[key]:.3f}" for key in ("printed", "lowest", "median", "highest"))
        print(f"| {row['iteration']:.0f} | {numbers} | {inside} |", flush=True)


def main() -> None:
    """Run the recipes that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", choices=NOTEBOOKS, default=list(NOTEBOOKS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    chosen = parser.parse_args()
    everything: dict[str, Any] = {}
    print("| recipe | seeds | training accuracy at the end | on the images kept back |")
    print("| --- | ---: | --- | --- |")
    for name in chosen.recipes:
        curves = [curve(name, seed) for seed in range(chosen.seeds)]
        ends = [
            f"{min(ends):.3f} to {max(ends):.3f}" for ends in zip(*(c[-1][1:] for c in curves), strict=True)
        ]
        print(f"| {name} | {chosen.seeds} | {ends[0]} | {ends[1]} |", flush=True)
        everything[name] = {"curves": curves}
        if name == "notebook-2":
            everything[name]["band"] = band(curves)
    if "notebook-2" in everything:
        print_band(everything["notebook-2"]["band"], chosen.seeds)
    if chosen.json:
        chosen.json.write_text(json.dumps(everything, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
