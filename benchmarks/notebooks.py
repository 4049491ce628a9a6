"""Whether the five notebooks' recipes reach what the notebooks printed: every recipe with several seeds.

`python benchmarks/notebooks.py` prints the tables in docs/explanation; `--json FILE` writes them for
machines.
"""

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported: one process, one core
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mlcore import RECIPES, EpochMetrics, TrainingRun, load_dataset, train
from mlcore.recipes.notebooks import NOTEBOOKS

# What notebook 2 printed: accuracy on its training images at iterations 0, 200, …, 1800.
PRINTED = (0.171, 0.735, 0.820, 0.854, 0.869, 0.878, 0.885, 0.889, 0.893, 0.896)

Curve = list[tuple[int, float, float]]


def curve(seed: int, name: str, shuffle: bool, **training: Any) -> Curve:
    """Run a recipe; return step, training accuracy and dev accuracy at each measurement."""
    recipe = RECIPES[name]
    assert recipe.split
    split = replace(recipe.split, seed=seed, shuffle=shuffle).split(load_dataset(recipe.dataset or "mnist"))
    records = train(TrainingRun(recipe.network, replace(recipe.training, seed=seed, **training)), split)
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


def print_starts(curves: list[Curve]) -> None:
    """Print how many untrained networks, and how many after one step, begin as well as notebook 2 did."""
    for place, when in enumerate(("before the first step", "after it")):
        seen = [curve[place][1] for curve in curves]
        lucky = sum(value >= PRINTED[0] for value in seen)
        print(f"{when}: {min(seen):.3f} to {max(seen):.3f}, {lucky} of {len(seen)} at {PRINTED[0]} or more")


def main() -> None:
    """Run the recipes that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", choices=NOTEBOOKS, default=list(NOTEBOOKS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--starts", type=int, default=100, help="seeds for the first step of notebook 2")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="how many seeds at once")
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    chosen = parser.parse_args()
    everything: dict[str, Any] = {}
    print("| recipe | seeds | training accuracy at the end | on the images kept back |")
    print("| --- | ---: | --- | --- |")
    # Once more with its images shuffled: how much of its result is their order.
    in_order = "pure-python-lowered"
    shuffled = [(f"{in_order}, shuffled", in_order, True)] if in_order in chosen.recipes else []
    asked = [(name, name, NOTEBOOKS[name].split.shuffle) for name in chosen.recipes] + shuffled
    for title, name, shuffle in asked:
        with ProcessPoolExecutor(chosen.processes) as pool:
            curves = list(pool.map(partial(curve, name=name, shuffle=shuffle), range(chosen.seeds)))
        ends = [
            f"{min(ends):.3f} to {max(ends):.3f}" for ends in zip(*(c[-1][1:] for c in curves), strict=True)
        ]
        print(f"| {title} | {chosen.seeds} | {ends[0]} | {ends[1]} |", flush=True)
        everything[title] = {"curves": curves}
        if title == "notebook-2":
            everything[title]["band"] = band(curves)
    if "notebook-2" in everything:
        print_band(everything["notebook-2"]["band"], chosen.seeds)
        with ProcessPoolExecutor(chosen.processes) as pool:
            first_step = partial(curve, name="notebook-2", shuffle=True, iterations=1, evaluate_every=1)
            print_starts(list(pool.map(first_step, range(chosen.starts))))
    if chosen.json:
        chosen.json.write_text(json.dumps(everything, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
