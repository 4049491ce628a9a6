"""How often the doctor is right: 60 short trainings on MNIST, 20 of them sick in known ways and 40 well.

``python -m benchmarks.doctor`` prints what it says of each, and how many it got right: of the sick ones the
rule that is expected, of the others nothing. The networks are small, and see images of 14×14 pixels.
The thresholds were chosen with these cases in view; with them it is right in 20 of 20 and silent in 39 of 40.
"""

import os
from dataclasses import dataclass, field
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

from mlcore import (
    Dataset,
    NetworkConfig,
    RunNotes,
    Split,
    TrainingConfig,
    TrainingDiverged,
    TrainingRun,
    advise,
    commonest_share,
    load_dataset,
    train,
)

N_DEV = 2_000


@dataclass(frozen=True)
class Case:
    """One training, and which rules may speak of it; none when it is well."""

    name: str
    expected: tuple[str, ...] = ()
    network: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    n_train: int = 20_000
    n_dev: int = N_DEV


def sick_cases() -> list[Case]:
    """Return twenty trainings with one thing wrong each."""
    wrong_rate = ("high_rate", "one_class", "fell", "diverged", "jumping", "best_at_first")
    deep = {"activation": "sigmoid", "hidden_sizes": (32,) * 8}
    return [
        Case("zeros", ("zeros",), {"initialization": "zeros"}),
        Case("zeros, two layers", ("zeros",), {"initialization": "zeros", "hidden_sizes": (64, 32)}),
        Case("pixels unscaled", ("unscaled", *wrong_rate), {"scaling": "none"}, {"learning_rate": 0.01}),
        Case("Adam, rate 1", wrong_rate, training={"learning_rate": 1.0}),
        Case("Adam, rate 0.1", wrong_rate, training={"learning_rate": 0.1}),
        Case(
            "gradient descent, rate 50",
            wrong_rate,
            training={"optimizer": "gradient_descent", "learning_rate": 50.0},
        ),
        Case(
            "gradient descent, Adam's rate",
            ("low_rate",),
            training={"optimizer": "gradient_descent", "learning_rate": 0.001, "epochs": 2},
        ),
        Case("Adam, rate 1e-6", ("low_rate",), training={"learning_rate": 1e-6}),
        Case("eight sigmoid layers", ("deep_sigmoids",), deep),
        Case("six sigmoid layers", ("deep_sigmoids",), deep | {"hidden_sizes": (32,) * 6}),
        Case("L2 of 1", ("strong_decay",), training={"weight_decay": 1.0}),
        Case("L2 of 0.1", ("strong_decay",), training={"weight_decay": 0.1}),
        Case("dropout 0.9", ("strong_dropout",), {"dropout": 0.9, "hidden_sizes": (32, 32)}),
        Case("no activation", ("linear",), {"activation": "identity"}),
        Case("100 images", ("few_images",), training={"epochs": 40}, n_train=100),
        Case(
            "1,000 images, long",
            ("overfits", "rising_loss"),
            {"pooling": 1, "hidden_sizes": (256,)},
            {"epochs": 60},
            n_train=1_000,
        ),
        Case(
            "divided by 60,000",
            ("wrong_divisor",),
            training={"gradient_divisor": 60_000, "optimizer": "gradient_descent", "learning_rate": 0.1},
        ),
        Case("three neurons", ("too_small", "still_rising"), {"hidden_sizes": (3,)}),
        Case("full batch, 20 steps", ("few_steps",), training={"batch_size": None, "iterations": 20}),
        Case("40 dev images", ("small_dev",), n_dev=40),
    ]


def well_cases() -> list[Case]:
    """Return forty trainings that are well: usual settings, and other seeds of them."""
    networks: dict[str, dict[str, Any]] = {
        "standard": {},
        "100": {"hidden_sizes": (100,)},
        "64, 32": {"hidden_sizes": (64, 32)},
        "tanh": {"activation": "tanh"},
        "leaky ReLU": {"activation": "leaky_relu"},
        "dropout 0.2": {"dropout": 0.2},
        "softplus": {"activation": "softplus"},
        "standardised": {"standardize": True, "dropout": 0.2},
    }
    trainings: dict[str, dict[str, Any]] = {
        "Adam": {},
        "momentum": {"optimizer": "momentum", "learning_rate": 0.05},
        "RMSProp": {"optimizer": "rmsprop"},
        "AdamW, cosine": {"optimizer": "adamw", "weight_decay": 0.01, "schedule": "cosine"},
        "batch 64, L2": {"batch_size": 64, "weight_decay": 0.0001},
    }
    return [
        Case(f"{a}; {b}", (), network, training | {"seed": seed})
        for seed, (a, network) in enumerate(networks.items())
        for b, training in trainings.items()
    ]


def notes_of(case: Case, data: Dataset) -> RunNotes:
    """Train as the case says, and return what the doctor is told of it."""
    split = Split(data.take(slice(0, case.n_train)), data.take(slice(len(data) - case.n_dev, len(data))))
    network = NetworkConfig(**{"pooling": 2, "hidden_sizes": (64,)} | case.network)
    training = TrainingConfig(**{"epochs": 6, "train_sample": 2_000} | case.training)
    run, records, diverged = TrainingRun(network, training), [], False
    try:
        records.extend(train(run, split))
    except TrainingDiverged:
        records, diverged = list(run.history), True
    one = commonest_share(split.dev.labels)
    return RunNotes(network, training, tuple(records), case.n_train, case.n_dev, 10, one, diverged)


def main() -> None:
    """Print what the doctor says of every case."""
    data, right = load_dataset("mnist"), {"sick": 0, "well": 0}
    cases = {"sick": sick_cases(), "well": well_cases()}
    for kind, some in cases.items():
        for case in some:
            notes = notes_of(case, data)
            advice = advise(notes)
            is_right = (
                advice is None if kind == "well" else advice is not None and advice.rule in case.expected
            )
            right[kind] += is_right
            said = "" if advice is None else f"{advice.rule}: {advice.words}"
            print(f"{'right' if is_right else 'WRONG'}  {kind}  {case.name:32} {said}", flush=True)
    for kind, some in cases.items():
        print(f"{kind}: right in {right[kind]} of {len(some)}")


if __name__ == "__main__":
    main()
