"""The doctor speaks on each planted case with the figure it saw, and is silent on a healthy run."""

from dataclasses import replace
from typing import Any

import pytest

from mlcore import BatchMetrics, EpochMetrics, NetworkConfig, RunNotes, TrainingConfig, advise
from mlcore.study.doctor import NEED_ITS_END, RULES, outcome

STEPS_AN_EPOCH = 500


def course(*accuracies: tuple[float, float], **losses: list[float]) -> tuple[EpochMetrics, ...]:
    """Measurements an epoch apart, by their accuracies on training and dev set."""
    train_losses = losses.get("train", [1 - train for train, _dev in accuracies])
    dev_losses = losses.get("dev", [1 - dev for _train, dev in accuracies])
    return tuple(
        EpochMetrics(
            STEPS_AN_EPOCH * k, float(k), 0, train_losses[k - 1], train, dev_losses[k - 1], dev, 0.001
        )
        for k, (train, dev) in enumerate(accuracies, 1)
    )


GOOD = course((0.93, 0.93), (0.96, 0.955), (0.975, 0.965), (0.98, 0.97), (0.984, 0.972), (0.986, 0.973))
POOR = course((0.3, 0.3), (0.4, 0.4), (0.5, 0.5), (0.5, 0.5))
HEALTHY = RunNotes(NetworkConfig(), TrainingConfig(epochs=6), GOOD, 64_000, 5_000)


def sick(
    records: tuple[EpochMetrics, ...] = POOR,
    network: dict[str, Any] | None = None,
    training: dict[str, Any] | None = None,
    **notes: Any,
) -> RunNotes:
    return replace(
        HEALTHY,
        records=records,
        network=NetworkConfig(**(network or {})),
        training=TrainingConfig(**(training or {})),
        **notes,
    )


CASES: dict[str, tuple[RunNotes, str]] = {
    "zeros": (sick(network={"initialization": "zeros"}), "50.0 % accuracy on the training images"),
    "unscaled": (sick(network={"scaling": "none"}), "not scaled"),
    "summed_biases": (sick(training={"bias_gradient": "summed"}), "summed to one number"),
    "wrong_divisor": (sick(training={"gradient_divisor": 60_000}), "60,000 instead of the 128 images"),
    "high_rate": (sick(training={"learning_rate": 0.05}), "0.05 is 50 times what usually works with Adam"),
    "low_rate": (sick(training={"learning_rate": 1e-5}), "1e-05 is 100 times lower than what usually works"),
    "deep_sigmoids": (
        sick(network={"activation": "sigmoid", "hidden_sizes": (32,) * 5}),
        "through 5 sigmoid layers",
    ),
    "strong_decay": (sick(training={"weight_decay": 0.5}), "L2 with λ = 0.5"),
    "strong_dropout": (sick(network={"dropout": 0.8}), "Dropout switches 80 % of the hidden neurons off"),
    "linear": (sick(GOOD, network={"activation": "identity"}), "Without an activation function"),
    "one_class": (sick(course(*[(0.1, 0.1)] * 4)), "would reach 10.0 %, and it has 10.0 %"),
    "fell": (sick(course((0.9, 0.9), (0.95, 0.95), (0.6, 0.6))), "60.0 % at the end instead of 95.0 %"),
    "jumping": (
        sick(course((0.9, 0.9), *[(0.95, 0.95), (0.88, 0.88)] * 5, (0.95, 0.95))),
        "it fell by up to 7.0 %",
    ),
    "few_images": (sick(course((0.9, 0.5), (1.0, 0.8)), n_train=100), "only 100 training images, about 10"),
    "overfits": (sick(course((0.9, 0.9), (0.99, 0.92))), "99.0 % accuracy on the training images, 92.0 %"),
    "best_at_first": (
        sick(course((0.96, 0.96), (0.955, 0.955), (0.95, 0.95), (0.948, 0.948))),
        "best at its first evaluation (96.0 %)",
    ),
    "rising_loss": (
        sick(
            course((0.97, 0.965), (0.98, 0.97), (0.985, 0.97), train=[0.1, 0.08, 0.02], dev=[0.1, 0.12, 0.3])
        ),
        "risen from 0.1 to 0.3",
    ),
    "worse_on_test": (sick(GOOD, test_accuracy=0.91), "91.0 % instead of 97.3 %"),
    "uneven": (sick(GOOD, one_answer=0.7), "70.0 % of the images are of one class"),
    "stopped_early": (
        sick(GOOD[:3], training={"patience": 1, "epochs": 10}),
        "ended it after 1,500 of 5,000 steps",
    ),
    "few_steps": (
        sick(tuple(replace(record, step=record.step // 100) for record in POOR), n_train=500),
        "20 steps are few",
    ),
    "still_rising": (
        sick(course(*[(k / 10, k / 10) for k in range(1, 9)])),
        "60.0 % → 80.0 % in the last quarter",
    ),
    "too_small": (sick(network={"hidden_sizes": (4,)}), "A layer of 4 neurons is too narrow for 10 classes"),
    "strong_augmentation": (sick(training={"augment_noise": 0.8}), "50.0 % accuracy without the changes"),
    "little": (
        sick(course((0.2, 0.2), (0.25, 0.25), (0.28, 0.28), (0.275, 0.275))),
        "always giving the same answer would reach 10.0 %",
    ),
    "underfits": (sick(), "only 50.0 % accuracy even on the training images"),
    "small_dev": (sick(GOOD, n_dev=40), "only 40 images"),
}


def test_each_rule_has_a_planted_case_and_there_are_twenty_or_more() -> None:
    assert CASES.keys() == RULES.keys()
    assert len(RULES) >= 20


@pytest.mark.parametrize("name", RULES)
def test_the_rule_speaks_on_its_case_first_of_all_with_the_figure_it_saw(name: str) -> None:
    notes, figure = CASES[name]
    advice = advise(notes)
    assert advice is not None
    assert (advice.rule, figure in advice.words) == (name, True), advice.words
    assert "{" not in advice.words


@pytest.mark.parametrize("name", RULES)
def test_the_rule_is_silent_on_a_healthy_run(name: str) -> None:
    assert RULES[name](HEALTHY) is None


@pytest.mark.parametrize("name", RULES)
def test_what_it_changes_are_settings_within_their_bounds(name: str) -> None:
    notes, _figure = CASES[name]
    advice = RULES[name](notes)
    assert advice is not None
    changed = replace(notes.network, **advice.network), replace(notes.training, **advice.training)
    assert (changed != (notes.network, notes.training)) == bool(advice.network or advice.training)


def test_a_run_that_somebody_stopped_is_not_blamed_for_what_more_training_may_bring() -> None:
    stopped = [replace(CASES[name][0], stopped=True) for name in RULES]
    said = {advice.rule for notes in stopped if (advice := advise(notes)) is not None}
    assert said.isdisjoint(NEED_ITS_END)
    assert said >= {"zeros", "fell", "overfits", "one_class"}


def test_what_went_wrong_is_told_with_the_likely_cause_and_its_remedy() -> None:
    found = outcome(CASES["fell"][0])
    assert found is not None
    assert found.words.startswith("After epoch 2 it got worse: 60.0 % at the end instead of 95.0 %.")
    assert found.words.endswith("Try a lower learning rate, more epochs, or another initialisation.")
    assert found.training == {"learning_rate": 0.0001}
    blamed = outcome(sick(course(*[(0.1, 0.1)] * 4), network={"scaling": "none"}))
    assert blamed is not None
    assert (blamed.rule, blamed.network) == ("one_class", {"scaling": "255"})
    assert "not scaled" in blamed.words


def test_a_run_that_never_beat_its_untrained_self_learned_nothing() -> None:
    lucky = EpochMetrics(0, 0.0, 0, 2.3, 0.2, 2.3, 0.2, 0.001)
    found = outcome(sick((lucky, *course(*[(0.15, 0.15)] * 4))))
    assert found is not None
    assert "never beat its untrained self" in found.words


def test_a_run_that_could_only_do_better_has_no_bad_outcome() -> None:
    for name in ("still_rising", "small_dev", "linear"):
        assert outcome(CASES[name][0]) is None


def test_divergence_comes_first_and_needs_no_measurement() -> None:
    notes = sick((), training={"learning_rate": 5.0, "bias_gradient": "summed"}, diverged=True)
    advice = advise(notes)
    assert advice is not None
    assert advice.rule == "diverged"
    assert dict(advice.training) == {"learning_rate": 0.001}
    assert "learning rate of 5. Try 0.001" in advice.words


def test_before_the_first_measurement_nothing_is_said() -> None:
    untrained = EpochMetrics(0, 0.0, 0, 2.3, 0.1, 2.3, 0.1, 0.001)
    assert advise(sick((untrained, BatchMetrics(3, 0.1, 30, 2.0, 0.3, 0.001)))) is None  # type: ignore[arg-type]


def test_a_healthy_run_needs_no_advice() -> None:
    assert advise(HEALTHY) is None


def test_without_a_dev_set_the_training_images_are_the_judge() -> None:
    nan = float("nan")
    records = tuple(replace(record, dev_accuracy=nan, dev_loss=nan) for record in GOOD)
    assert advise(replace(HEALTHY, records=records, n_dev=0)) is None


def test_one_mistake_more_among_few_images_is_chance() -> None:
    few = replace(HEALTHY, n_dev=40, records=course(*[(1.0, 1.0), *[(0.975, 0.975)] * 5]))
    advice = advise(few)
    assert advice is not None
    assert advice.rule == "small_dev"


def test_a_slow_network_that_still_learns_a_little_does_not_underfit_yet() -> None:
    slow = sick(course(*[(0.80 + 0.01 * k, 0.80 + 0.01 * k) for k in range(8)]), n_dev=500)
    assert RULES["underfits"](slow) is None


def test_the_decay_of_adamw_which_is_no_part_of_the_cost_is_not_blamed() -> None:
    notes = sick(training={"optimizer": "adamw", "weight_decay": 0.01})
    assert RULES["strong_decay"](notes) is None


@pytest.mark.parametrize(("n_dev", "speaks"), [(5000, True), (30, False)])
def test_a_gap_that_few_images_make_by_chance_is_none(n_dev: int, speaks: bool) -> None:
    notes = replace(CASES["overfits"][0], n_dev=n_dev)
    assert (RULES["overfits"](notes) is not None) == speaks
