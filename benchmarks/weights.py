"""Whether a change of the code left the weights of every recipe as they were, to the last bit.

Record the hashes before you rearrange the core (`python -m benchmarks.weights --record FILE`) and compare
them after (`--compare FILE`). They hold for one machine and one version of NumPy only: another
processor rounds otherwise.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

from mlcore import RECIPES, TrainingRun, load_dataset, load_model, save_model, start_recipe, train

STEPS = 40
"""Steps of each recipe: some epochs of the smallest, batches of the largest."""

OPTIMIZERS_TRIED = ("momentum", "nesterov", "rmsprop", "adamw")
"""Beside those that the recipes use."""


def hashes(steps: int) -> Iterator[tuple[str, str]]:
    """Yield name and hash of each training: every recipe, alone and in halves, and other optimizers."""
    for name in RECIPES:
        run, split = start_recipe(name)
        yield name, _hash_of(run, split, steps)
        if run.gradient_hook is None:
            halves = TrainingRun(run.network_config, run.training_config, in_halves=True)
            yield f"{name}, in halves", _hash_of(halves, split, steps)
    digits = load_dataset("digits-8x8")
    for optimizer in OPTIMIZERS_TRIED:
        run, split = start_recipe("deep", digits)
        training = replace(run.training_config, optimizer=optimizer, train_sample=100)
        yield (
            f"deep on 8×8 with {optimizer}",
            _hash_of(TrainingRun(run.network_config, training), split, steps),
        )


def _hash_of(run: TrainingRun, split: object, steps: int) -> str:
    """Return the hash of the weights after some steps, and of all that was measured on the way."""
    history = [repr(record) for record in train(run, split, steps)]  # type: ignore[arg-type]
    digest = hashlib.sha256(run.network.parameters.tobytes())
    digest.update("\n".join(history).encode())
    return digest.hexdigest()


def keep_paused_run(folder: Path) -> None:
    """Save a run in the middle of training, and the hash that it must have some steps later."""
    run, split = start_recipe("deep", load_dataset("digits-8x8"))
    for _record in train(run, split, STEPS):
        pass
    save_model(run.model(resumable=True), folder / "paused-run.npz")
    (folder / "paused-run.txt").write_text(_hash_of(run, split, STEPS), encoding="utf-8")


def paused_run_continues(folder: Path) -> bool:
    """Return whether the run that was saved comes to the same weights now."""
    run = TrainingRun.from_model(load_model(folder / "paused-run.npz"))
    _run, split = start_recipe("deep", load_dataset("digits-8x8"))
    return _hash_of(run, split, STEPS) == (folder / "paused-run.txt").read_text(encoding="utf-8")


def main() -> None:
    """Record, or compare and tell what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--record", type=Path, metavar="FILE")
    action.add_argument("--compare", type=Path, metavar="FILE")
    options = parser.parse_args()
    found = dict(hashes(STEPS))
    if options.record:
        options.record.parent.mkdir(parents=True, exist_ok=True)
        options.record.write_text(json.dumps(found, indent=1), encoding="utf-8")
        keep_paused_run(options.record.parent)
        print(f"{len(found)} hashes and a paused run are in {options.record.parent}.")
        return
    before = json.loads(options.compare.read_text(encoding="utf-8"))
    changed = sorted(name for name in before.keys() | found.keys() if before.get(name) != found.get(name))
    continues = paused_run_continues(options.compare.parent)
    print(f"{len(found) - len(changed)} of {len(before)} trainings have the same weights and measurements.")
    print("A run that was saved before " + ("continues to the same weights." if continues else "DIFFERS."))
    if changed or not continues:
        sys.exit("Changed: " + ", ".join(changed))


if __name__ == "__main__":
    main()
