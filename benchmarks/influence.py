"""Whether the images that are said to have taught an answer did so: networks trained again without them.

``python -m benchmarks.influence`` trains on 1,000 images of MNIST and takes the surest mistakes on others.
For each it trains again without the 24 images that pushed most towards the answer, and without 24 others of
the same label, drawn at random. It prints how sure the networks are of the answer then.
"""

import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import numpy as np

from mlcore import (
    EpochMetrics,
    NetworkConfig,
    TrainingConfig,
    TrainingRun,
    completed,
    evaluate,
    influence,
    load_dataset,
    retrained,
    split_dataset,
    train,
)
from mlcore.study.influence import weighted

N_TRAIN, N_DEV, MISTAKES = 1_000, 2_000, 12
NETWORK, TRAINING = NetworkConfig(), TrainingConfig(epochs=10, batch_size=32)


def main() -> None:
    """Print a line for each mistake, and the means."""
    split = split_dataset(load_dataset("mnist"), N_DEV, train_size=N_TRAIN)
    run, snapshots = TrainingRun(NETWORK, TRAINING), []
    for record in train(run, split):
        if isinstance(record, EpochMetrics) and record.step:
            snapshots.append(run.model())
    evaluation = evaluate(snapshots[-1], split.dev)
    print("answer  with all  without 24 others  without the 24  seconds")
    rows = []
    for position in evaluation.mistakes[:MISTAKES].tolist():
        image, answer = split.dev.images[position], int(evaluation.guesses[position])
        begin = time.perf_counter()
        found = completed(influence(weighted(snapshots), split.train, image, answer))
        seconds = time.perf_counter() - begin
        same = np.setdiff1d(np.flatnonzero(split.train.labels == answer), found.supporters)
        others = np.random.default_rng(position).choice(same, len(found.supporters), replace=False)
        taught, chance = (
            completed(retrained(split.train, NETWORK, TRAINING, rows_out, image))
            for rows_out in (found.supporters, others)
        )
        row = (taught.with_all[answer], chance.without[answer], taught.without[answer])
        rows.append(row)
        print(f"{answer:6} {row[0]:9.3f} {row[1]:18.3f} {row[2]:15.3f} {seconds:8.1f}", flush=True)
    means = np.mean(rows, axis=0)
    print(f"mean {means[0]:11.3f} {means[1]:18.3f} {means[2]:15.3f}")


if __name__ == "__main__":
    main()
