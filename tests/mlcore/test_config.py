"""What follows from the settings alone: lengths in steps, the optimizer, what the preparation must see.

Training, the run service and the estimate of its time all ask here.
"""

from dataclasses import replace

import numpy as np
import pytest

from mlcore import (
    OPTIMIZERS,
    SCHEDULES,
    Dataset,
    EpochMetrics,
    NetworkConfig,
    Split,
    TrainingConfig,
    TrainingRun,
    fit_preparation,
    settings_of,
)
from mlcore.search.space import searchable, settings_with, usual_dimension
from mlcore.settings import why_idle
from tests.mlcore.small import finish, small_split, stripes

SPLIT = small_split()
IMAGES = stripes(20).images
PREPARATION = ("pooling", "scaling", "standardize", "drop_rare_pixels")


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": 16},
        {"batch_size": 7, "iterations": 11},
        {"batch_size": None, "epochs": 25},
        {"batch_size": 10_000, "evaluate_every": 2},
        {"batch_size": 16, "evaluate_every": 5},
    ],
    ids=str,
)
def test_a_run_takes_the_steps_and_measurements_that_its_settings_foretell(settings: dict) -> None:
    config, n = TrainingConfig(**{"epochs": 3} | settings), len(SPLIT.train)
    run = TrainingRun(NetworkConfig(hidden_sizes=()), config)
    records = finish(run, SPLIT)
    total, every = config.total_steps(n), config.evaluate_every_steps(n)
    measured = [record.step for record in records if isinstance(record, EpochMetrics)]
    assert run.step == total
    assert measured == sorted({*range(0, total, every), total})
    if config.iterations is None:
        assert run.epoch == config.epochs
        assert total == config.epochs * config.steps_per_epoch(n)


def test_an_epoch_of_a_full_batch_is_one_step_and_is_not_measured_each_time() -> None:
    config = TrainingConfig(batch_size=None)
    assert (config.images_per_step(250), config.steps_per_epoch(250)) == (250, 1)
    assert config.evaluate_every_steps(250) == 10


def test_weight_decay_is_part_of_the_cost_unless_the_optimizer_decays_weights_itself() -> None:
    assert TrainingConfig(weight_decay=0.1).cost_decay == 0.1
    assert TrainingConfig(optimizer="adamw", weight_decay=0.1).cost_decay == 0.0
    made = TrainingConfig(optimizer="adamw", weight_decay=0.1).make_optimizer(5, np.dtype("float32"))
    assert (made.weight_decay, made.moments.shape) == (0.1, (2, 5))


@pytest.mark.parametrize(
    "settings",
    [{}, {"pooling": 2}, {"scaling": "none"}, {"scaling": "levels"}, {"scaling": "maximum"},
     {"standardize": True}, {"drop_rare_pixels": 0.1}],
    ids=str,
)  # fmt: skip
def test_a_preparation_depends_on_the_pixels_only_where_the_settings_say_so(settings: dict) -> None:
    config = NetworkConfig(**settings)
    how = {name: getattr(config, name) for name in PREPARATION}
    darker = IMAGES // 3
    darker[:, :, 0] = 0
    first, other = fit_preparation(IMAGES, **how), fit_preparation(darker, **how)
    depends = first.features != other.features or bool((first(IMAGES) != other(IMAGES)).any())
    assert depends is config.needs_pixels


def test_what_changes_no_step_is_said_at_the_setting() -> None:
    settings = settings_of(TrainingConfig)
    assert not settings["learning_rate"].changes_step_time
    assert settings["batch_size"].changes_step_time
    assert settings["augment_rotation"].changes_step_time


IDLE_OR_NOT = [
    *(("momentum", 0.5, {}, {"optimizer": name, "learning_rate": 0.01}) for name in OPTIMIZERS),
    *(("warmup", 0.5, {}, {"schedule": name}) for name in SCHEDULES),
    *(("epochs", 2, {}, {"iterations": iterations}) for iterations in (None, 5)),
    *(("dropout", 0.5, {"hidden_sizes": sizes}, {}) for sizes in ((), (8,))),
    *(("activation", "tanh", {"hidden_sizes": sizes}, {}) for sizes in ((), (8,))),
    *(("kernel_size", 3, {"filters": filters}, {}) for filters in ((), (2,))),
]


@pytest.mark.parametrize(("name", "value", "network", "training"), IDLE_OR_NOT, ids=str)
def test_a_setting_is_said_to_have_no_effect_exactly_where_it_has_none(
    name: str, value: object, network: dict, training: dict
) -> None:
    split = small_split(shape=(8, 8))
    usual = NetworkConfig(hidden_sizes=(8,)), TrainingConfig(batch_size=16, epochs=3)
    configs = replace(usual[0], **network), replace(usual[1], **training)
    place = 0 if name in settings_of(NetworkConfig) else 1
    changed = [*configs]
    changed[place] = replace(configs[place], **{name: value})
    one, other = TrainingRun(*configs), TrainingRun(*changed)
    finish(one, split)
    finish(other, split)
    assert bool(why_idle(configs[place], name)) == np.array_equal(
        one.network.parameters, other.network.parameters
    )


def test_every_setting_that_can_be_idle_is_tried() -> None:
    told = {
        name for kind in (NetworkConfig, TrainingConfig) for name, s in settings_of(kind).items() if s.idle
    }
    assert told == {name for name, *_rest in IDLE_OR_NOT}


OTHER_VALUES: dict[str, dict[str, object]] = {
    "filters": {"filters": (4,)},
    "drop_rare_pixels": {"drop_rare_pixels": 0.1},
    "optimizer": {"optimizer": "gradient_descent"},  # AdamW without decay is Adam
    "patience": {"patience": 1, "learning_rate": 1e-6},
    "sample_size": {"sample_size": 20},
}
"""Of settings whose usual other value would change nothing in so small a training."""


@pytest.mark.parametrize("name", [name for name, about in searchable().items() if about.idle is None])
def test_every_setting_that_a_search_varies_has_an_effect_where_it_says_nothing_else(name: str) -> None:
    whole = small_split(37, shape=(8, 8))  # uneven classes
    images = whole.train.images.copy()
    images[3:, 0, 0] = 0  # a rare pixel
    split = Split(Dataset(images, whole.train.labels, whole.train.class_names, "stripes"), whole.dev)
    usual = NetworkConfig(hidden_sizes=(8,)), TrainingConfig(batch_size=16, epochs=3)
    values = OTHER_VALUES.get(name) or {name: usual_dimension(name, *usual).at(1.0)}
    same = {other: value for other, value in values.items() if other != name}
    runs = [TrainingRun(*settings_with(*usual, one)) for one in (same, values)]
    for run in runs:
        finish(run, split)
    assert not np.array_equal(*(run.network.parameters for run in runs))
