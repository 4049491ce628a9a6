"""Writes the tables and the figure of docs/explanation/speed.md from what the benchmarks found.

`python -m benchmarks.speed_page` does it once `training`, `race`, `recipes` and `pairs` have written their
files into benchmarks/results/ (`--json`); what was not measured stays. A test fails when the page says
anything else than these files.
"""

import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "speed.md"
FIGURE = ROOT / "docs" / "images" / "race.svg"
RESULTS = ROOT / "benchmarks" / "results"

CASES = {
    "a": "784-10-10, full batch, gradient descent",
    "b": "784-128-10, batch 128, Adam",
    "c": "784-512-256-10, batch 128, Adam",
    "d": "784-32-10, batch 32, Adam",
    "cnn": "8@5×5-pool-16@5×5-pool-10, batch 128, Adam",
}
NAMES = {
    "floor": "floor (products alone)",
    "ours": "**ours**",
    "ours, pruned": "**ours, pruned**",
    "numpy loop": "textbook NumPy loop",
    "torch eager": "PyTorch eager",
    "torch fused": "PyTorch, fused optimizer",
    "jax jit": "JAX, a call a step",
    "jax scan": "JAX, a call an epoch",
}

# The most that an epoch is to take, in times of JAX with a call a step; by case and cores.
WANTED = {
    ("a", 1): 0.95,
    ("b", 1): 1.03,
    ("c", 1): 1.03,
    ("d", 1): 0.95,
    ("b", 2): 1.0,
    ("c", 2): 1.0,
}

Found = dict[str, Any]


def epochs(*kernels: Found) -> str:
    """Return a table for each case: seconds an epoch of every contender, by kernel and cores."""
    kernels = tuple(found for found in kernels if found)
    columns = [(found, cores) for found in kernels for cores in (1, 2)]
    head = ["who", *(f"{_kernel(found)}, {_cores(cores)}" for found, cores in columns)]
    parts = []
    for case, title in CASES.items():
        measured = [found.get(f"{case}/{cores}", {}) for found, cores in columns]
        rows = []
        for who in dict.fromkeys(who for part in measured for who in part):
            done = [part[who] for part in measured if "seconds" in part.get(who, {})]
            if not done:
                continue
            rows.append(
                (
                    NAMES.get(who, who),
                    *(_seconds(part, who) for part in measured),
                    "–" if who == "floor" else f"{done[0]['accuracy']:.4f}",
                    f"{done[0]['peak_mb']:.0f}",
                )
            )
        if not rows:
            continue
        parts.append(f"**{case}: {title}**\n\n" + _table([*head, "test accuracy", "peak MB"], rows))
    return "\n".join(parts)


def _kernel(found: Found) -> str:
    """Return the name of the kernel that OpenBLAS took, which is the last word of what it says of itself."""
    return str(found["kernel"]).split()[-1]


def _cores(n: int) -> str:
    return "1 core" if n == 1 else f"{n} cores"


def _seconds(found: Found, who: str) -> str:
    return f"{found[who]['seconds']:.4f}" if "seconds" in found.get(who, {}) else "–"


def goals(*kernels: Found) -> str:
    """Return what ours takes in each case, in times of the others, with the first kernel measured."""
    found = next(found for found in kernels if found)
    head = ("case", "cores", "÷ JAX, a call a step", "wanted", "÷ JAX, a call an epoch", "÷ PyTorch")
    rows = [
        (
            case,
            str(cores),
            _ratio(found[f"{case}/{cores}"], "jax jit"),
            f"{WANTED[case, cores]:g}" if (case, cores) in WANTED else "–",
            _ratio(found[f"{case}/{cores}"], "jax scan"),
            _ratio(found[f"{case}/{cores}"], "torch eager", "torch fused"),
        )
        for case in CASES
        for cores in (1, 2)
        if f"{case}/{cores}" in found
    ]
    return f"Kernel {_kernel(found)}.\n\n" + _table(head, rows)


def _ratio(found: Found, *others: str) -> str:
    """Return ours in times of the fastest of these."""
    taken = [found[who]["seconds"] for who in others if "seconds" in found.get(who, {})]
    ours = found.get("ours", {}).get("seconds")
    return f"{ours / min(taken):.2f}" if taken and ours else "–"


def race(found: Found) -> str:
    """Return the boards: from the start of a process to an accuracy."""
    parts = [f"Kernel {_kernel(found)}.\n"]
    for key, rows in found.items():
        if "/" not in key:
            continue
        goal, cores = key.split("/")
        first = rows.get("ours", {}).get("seconds", math.nan)
        parts.append(f"**To {goal} % with {_cores(int(cores))}**\n")
        head = ("who", "seconds", "× ours", "processor seconds", "accuracy")
        parts.append(
            _table(
                head,
                (
                    (
                        "**ours**" if who == "ours" else who,
                        f"{row['seconds']:.2f}",
                        "–" if math.isnan(first) else f"{row['seconds'] / first:.1f}",
                        f"{row['processor']:.2f}",
                        f"{row['accuracy']:.4f}",
                    )
                    for who, row in rows.items()
                    if "error" not in row
                ),
            )
        )
    return "\n".join(parts)


def race_figure(found: Found) -> str:
    """Return the boards as an SVG, with a bar for each contender; those of a board share a scale."""
    lines, y = [], 0
    for key, rows in found.items():
        taken = {who: row["seconds"] for who, row in rows.items() if "seconds" in row} if "/" in key else {}
        if not taken:
            continue
        goal, cores = key.split("/")
        lines.append(f'<text x="0" y="{y + 18}" font-weight="bold">To {goal} %, {_cores(int(cores))}</text>')
        y += 28
        for who, seconds in taken.items():
            width = 420 * seconds / max(taken.values())
            colour = "#0f766e" if who == "ours" else "#9ca3af"
            lines += [
                f'<text x="90" y="{y + 14}" text-anchor="end">{who}</text>',
                f'<rect x="100" y="{y}" width="{width:.1f}" height="18" rx="3" fill="{colour}"/>',
                f'<text x="{106 + width:.1f}" y="{y + 14}">{seconds:.2f} s</text>',
            ]
            y += 24
        y += 12
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 {y}" font-family="sans-serif" '
    return "\n".join([head + 'font-size="14" fill="#6b7280">', *lines, "</svg>", ""])


def recipes(found: Found) -> str:
    """Return each recipe's promise beside what was measured: accuracy of all seeds, seconds by cores."""
    head = ("recipe", "cores", "promised", "mean accuracy", "lowest to highest", "seeds", "seconds")
    rows = []
    for key, row in found.items():
        if "/" not in key:
            continue
        name, cores = key.split("/")
        (least, within), runs = row["promise"], row["runs"]
        right = [run["accuracy"] for run in runs]
        rows.append(
            (
                f"`{name}`",
                cores,
                f"{100 * least:.1f} % in {within:g} s" if within else "–",
                _percent(sum(right) / len(right)),
                f"{_percent(min(right))} to {_percent(max(right))}",
                str(len(right)),
                f"{_median([run['seconds'] for run in runs]):.2f}",
            )
        )
    return f"Kernel {_kernel(found)}.\n\n" + _table(head, rows)


def tries(found: Found) -> str:
    """Return what changes of the recipes do to accuracy and time."""
    head = ("recipe", "change", "mean accuracy", "lowest to highest", "seeds", "time, × the recipe's")
    rows = (
        (
            f"`{row['recipe']}`",
            row["what"],
            _percent(sum(row["accuracy"]) / len(row["accuracy"])),
            f"{_percent(min(row['accuracy']))} to {_percent(max(row['accuracy']))}",
            str(len(row["accuracy"])),
            f"{row['time']:.2f}",
        )
        for row in found["tries"]
    )
    return f"Kernel {_kernel(found)}.\n\n" + _table(head, rows)


def pairs(found: Found) -> str:
    """Return what each choice in the core saves."""
    head = ("choice", "µs", "the other way, µs", "times as long")
    rows = (
        (
            pair["what"],
            f"{pair['ours']:,.1f}",
            f"{pair['other']:,.1f}",
            f"{pair['other'] / pair['ours']:.2f}",
        )
        for pair in found["pairs"]
    )
    return f"Kernel {_kernel(found)}.\n\n" + _table(head, rows)


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; a column whose first cell is a number, or missing, is aligned to the right."""
    lines = [list(row) for row in rows]
    first = lines[0] if lines else []
    sides = ["---:" if cell[:1].isdigit() or cell == "–" else "---" for cell in first]
    return "\n".join(f"| {' | '.join(line)} |" for line in (list(head), sides, *lines)) + "\n"


BLOCKS: dict[str, tuple[Callable[..., str], tuple[str, ...]]] = {
    "epochs": (epochs, ("training.json", "training-avx2.json")),
    "goals": (goals, ("training.json", "training-avx2.json")),
    "race": (race, ("race.json",)),
    "recipes": (recipes, ("recipes.json",)),
    "tries": (tries, ("tries.json",)),
    "pairs": (pairs, ("pairs.json",)),
}
"""The tables by name: what writes them, and the files that it reads."""


def with_tables(text: str, results: Path = RESULTS) -> str:
    """Return the text of the page with its tables as the files tell them.

    A table of which there is no file stays as it is.

    Raises
    ------
    ValueError
        When the page has no place for one of the tables.
    """
    for name, (write, files) in BLOCKS.items():
        place = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end of {name} -->)", re.DOTALL)
        if not place.search(text):
            raise ValueError(f"{PAGE.name} has no place for the table {name}")
        found = [_read(results / file) for file in files]
        if any(found):
            table = f"\n{write(*found)}\n"
            text = place.sub(lambda _old, table=table: table, text)
    return text


def _read(file: Path) -> Found:
    """Return what a benchmark found; nothing when it has not been run."""
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
    FIGURE.write_text(race_figure(_read(RESULTS / "race.json")), "utf-8")
