"""Long studies: run to their end, as parts of longer ones, and with a network trained inside."""

import numpy as np

from mlcore import completed, train
from mlcore.study.progress import Study, between, trained, unwatched
from tests.mlcore.small import small_run, small_split


def counting(steps: int) -> Study[int]:
    for step in range(steps):
        yield (step + 1) / steps
    return steps


def test_a_part_of_a_longer_study_has_its_stretch_of_the_progress_and_its_own_answer() -> None:
    def whole() -> Study[list[int]]:
        first = yield from between(0.0, 0.5, counting(2))
        second = yield from between(0.5, 1.0, counting(4))
        return [first, second]

    assert list(whole()) == [0.25, 0.5, 0.625, 0.75, 0.875, 1.0]
    assert completed(whole()) == [2, 4]


def test_a_training_inside_a_study_gives_the_weights_of_any_training() -> None:
    split, run = small_split(), small_run()
    fractions = list(trained(split.train, run.network_config, run.training_config))
    model = completed(trained(split.train, run.network_config, run.training_config))
    for _record in train(run, split):
        pass
    np.testing.assert_array_equal(model.parameters, run.model().parameters)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_nothing_stops_such_a_training_early() -> None:
    config = unwatched(small_run(patience=1).training_config)
    assert config.patience is None
