"""Trains the models that the app ships and writes each with its card: `python models/make.py mnist`.

It stands at the end of the path as a user of `mlcore`: nothing here is special, a notebook could do the same.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: two threads are slower on small products
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mlcore import (
    EpochMetrics,
    NetworkConfig,
    TrainingConfig,
    TrainingRun,
    accuracy,
    load_dataset,
    save_model,
    split_dataset,
    train,
)

HERE = Path(__file__).resolve().parent

SHIPPED = {
    "mnist": (
        NetworkConfig(hidden_sizes=(512, 256), dropout=0.2),
        TrainingConfig(epochs=20, schedule="cosine", seed=1),
    ),
}


def make(name: str) -> None:
    """Train one model on MNIST, test it once on the 10,000 images, write model and card."""
    network, training = SHIPPED[name]
    split = split_dataset(load_dataset("mnist"), dev_size=1000, seed=0)
    run = TrainingRun(network, training)
    started = time.perf_counter()
    for record in train(run, split):
        if isinstance(record, EpochMetrics):
            print(f"epoch {record.epoch:5.1f}   dev accuracy {record.dev_accuracy:.4f}", flush=True)
    seconds = time.perf_counter() - started
    model = run.model()
    test = load_dataset("mnist-test")
    model.card |= {
        "title": "MNIST",
        "test_accuracy": accuracy(test.labels, model.predict(test.images)),
        "command": f"python models/make.py {name}",
    }
    save_model(model, HERE / f"{name}.npz")
    (HERE / f"{name}.md").write_text(card_text(name, model.card, seconds), encoding="utf-8")
    print(f"test accuracy {model.card['test_accuracy']:.4f} after {seconds:.0f} s")


def card_text(name: str, card: dict[str, object], seconds: float) -> str:
    """Return the card as a page to read, with every hyperparameter."""
    network, training = SHIPPED[name]
    settings = json.dumps({"network": vars(network), "training": vars(training)}, indent=2)
    rows = "\n".join(f"| {key.replace('_', ' ')} | {value} |" for key, value in card.items())
    return (
        f"# The model `{name}.npz`\n\nMade by `{card['command']}` in about {seconds:.0f} s on two cores.\n\n"
        f"| what | value |\n| --- | --- |\n{rows}\n\n```json\n{settings}\n```\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=SHIPPED)
    make(parser.parse_args().name)
