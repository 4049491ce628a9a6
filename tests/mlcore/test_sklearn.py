"""The classifier keeps scikit-learn's rules, and gives to scikit-learn all that the configs have."""

import pickle
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from mlcore import Dataset, NetworkConfig, SettingError, TrainingConfig, load_model, save_model
from mlcore.onnx import export_onnx
from mlcore.sklearn import DigitClassifier

X, Y = load_digits(return_X_y=True)
QUICK: dict[str, Any] = {"hidden_sizes": (16,), "learning_rate": 0.01, "epochs": 5}


def test_scikit_learns_own_checks_pass() -> None:
    results = check_estimator(
        DigitClassifier(hidden_sizes=(16,), epochs=30, learning_rate=0.01), on_fail=None, on_skip=None
    )
    assert len(results) > 40
    assert [result for result in results if result["status"] == "failed"] == []
    skipped = {result["check_name"] for result in results if result["status"] == "skipped"}
    assert skipped <= {"check_array_api_input"}  # only with arrays of another library


def test_every_hyperparameter_is_a_parameter() -> None:
    parameters = DigitClassifier().get_params()
    configs = {field.name for config in (NetworkConfig, TrainingConfig) for field in fields(config)}
    assert configs - {"seed", "class_weights"} <= parameters.keys()  # random_state and class_weight
    assert parameters["hidden_sizes"] == NetworkConfig().hidden_sizes
    assert parameters["batch_size"] == TrainingConfig().batch_size


def test_only_what_was_changed_is_shown() -> None:
    assert repr(DigitClassifier(epochs=3)) == "DigitClassifier(epochs=3)"


@pytest.mark.parametrize(
    ("changes", "rate", "schedule"),
    [
        ({}, 0.01, "one_cycle"),
        ({"schedule": "constant"}, 0.001, "constant"),
        ({"optimizer": "momentum"}, 0.05, "one_cycle"),
        ({"learning_rate": 0.003}, 0.003, "constant"),
        ({"learning_rate": 0.003, "schedule": "one_cycle"}, 0.003, "one_cycle"),
    ],
)
def test_a_rate_that_is_left_open_fits_optimizer_and_schedule(
    changes: dict[str, Any], rate: float, schedule: str
) -> None:
    digits = DigitClassifier(hidden_sizes=(4,), epochs=1, **changes).fit(X[:50], Y[:50])
    config = digits.model_.training_config
    assert (config.learning_rate, config.schedule) == (pytest.approx(rate), schedule)


def test_partial_fit_keeps_the_rate_constant_because_more_may_come() -> None:
    digits = DigitClassifier(hidden_sizes=(4,)).partial_fit(X[:50], Y[:50], classes=range(10))
    config = digits.model_.training_config
    assert (config.learning_rate, config.schedule) == (0.001, "constant")


def test_defaults_that_have_no_optimizer_of_that_name_are_refused_with_a_sentence() -> None:
    with pytest.raises(SettingError, match="Optimizer"):
        DigitClassifier(optimizer="nonsense").fit(X, Y)


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        DigitClassifier(nonsense=1)


def test_a_bad_value_is_refused_when_fitting_with_a_sentence() -> None:
    with pytest.raises(SettingError, match="Dropout"):
        DigitClassifier(dropout=2.0).fit(X, Y)


def test_it_learns_the_digits_with_labels_of_any_kind() -> None:
    names = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    digits = DigitClassifier(**QUICK).fit(X[:1200], names[Y[:1200]])
    assert set(digits.predict(X[1200:])) <= set(names)
    assert digits.score(X[1200:], names[Y[1200:]]) > 0.8
    np.testing.assert_allclose(digits.predict_proba(X[:9]).sum(axis=1), 1, rtol=1e-5)


def test_bytes_are_taken_as_they_are_and_other_tables_by_their_range() -> None:
    pixels = np.rint(X * 255 / 16)
    as_bytes = DigitClassifier(**QUICK).fit(pixels.astype(np.uint8), Y)
    as_levels = DigitClassifier(**QUICK).fit(X, Y)
    assert as_bytes.value_range_ == (0.0, 255.0)
    assert as_levels.value_range_ == (0.0, 16.0)
    np.testing.assert_array_equal(
        as_bytes.predict_proba(pixels[:50].astype(np.uint8)), as_levels.predict_proba(X[:50])
    )


def test_grids_of_numpy_numbers_and_lists_are_searched() -> None:
    grid = {"hidden_sizes": [[8], (16,)], "epochs": np.array([2, 3])}
    search = GridSearchCV(DigitClassifier(learning_rate=0.01), grid, cv=2).fit(X[:400], Y[:400])
    assert search.best_params_["epochs"] == 3


def test_it_works_in_a_pipeline_and_after_pickling() -> None:
    pipeline = make_pipeline(MinMaxScaler(), DigitClassifier(**QUICK)).fit(X, Y)
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.predict_proba(X), pipeline.predict_proba(X))


def test_a_square_number_of_columns_is_an_image_and_convolutions_see_it() -> None:
    digits = DigitClassifier(filters=(4,), kernel_size=3, **QUICK).fit(X, Y)
    assert digits.model_.image_shape == (8, 8)
    assert DigitClassifier(image_shape=(4, 16), **QUICK).fit(X, Y).model_.image_shape == (4, 16)


def test_rows_are_kept_back_only_to_stop_early() -> None:
    patient = DigitClassifier(**{**QUICK, "epochs": 200, "patience": 2, "learning_rate": 0.05}).fit(X, Y)
    assert patient.history_[-1].epoch < 200
    assert patient.model_.card["dev_size"] == 180
    assert DigitClassifier(**QUICK).fit(X, Y).model_.card["train_size"] == len(X)


def test_small_tables_get_four_hundred_steps_when_the_epochs_are_left_open() -> None:
    small = DigitClassifier(hidden_sizes=(4,)).fit(X[:100], Y[:100])
    assert small.history_[-1].step == 400
    assert DigitClassifier(hidden_sizes=(4,), batch_size=10).fit(X, Y).history_[-1].epoch == 10


def test_without_the_package_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "mlcore.sklearn")
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        import mlcore.sklearn  # noqa: F401


def test_the_same_values_get_the_same_answers_whatever_their_type() -> None:
    digits = DigitClassifier(**QUICK).fit(X[:600], Y[:600])  # floats from 0 to 16
    expected = digits.predict_proba(X[600:700])
    np.testing.assert_array_equal(digits.predict_proba(X[600:700].astype(np.uint8)), expected)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"image_shape": (3, 3)}, "3×3 does not fit 64 columns"),
        ({"patience": 2, "validation_fraction": 1.0}, "nothing to train on"),
    ],
    ids=str,
)
def test_what_does_not_fit_the_data_is_told(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        DigitClassifier(**QUICK, **parameters).fit(X[:100], Y[:100])


def test_floats_are_learned_from_as_floats() -> None:
    scaled = StandardScaler().fit_transform(X)
    digits = DigitClassifier(**QUICK).fit(scaled[:1200], Y[:1200])
    assert not digits.reads_bytes_
    assert digits.score(scaled[1200:], Y[1200:]) > 0.85
    other = scaled[1200:].copy()
    other += 1e-3  # less than one of 256 levels
    assert not np.array_equal(digits.predict_proba(other), digits.predict_proba(scaled[1200:]))


def test_one_outlier_does_not_flatten_all_other_numbers() -> None:
    wild = X.copy()
    wild[0, 0] = 5000.5
    digits = DigitClassifier(**QUICK).fit(wild[:1200], Y[:1200])
    assert digits.score(X[1200:], Y[1200:]) > 0.85


def test_the_model_of_a_table_is_saved_and_exported_with_floats(tmp_path: Path) -> None:
    scaled = StandardScaler().fit_transform(X).astype(np.float32)
    digits = DigitClassifier(pooling=2, standardize=True, **QUICK).fit(scaled, Y)
    save_model(digits.model_, tmp_path / "table.npz")
    again = load_model(tmp_path / "table.npz")
    images = scaled.reshape(-1, 8, 8)
    np.testing.assert_array_equal(again.predict_probabilities(images), digits.predict_proba(scaled))
    export_onnx(digits.model_, tmp_path / "table.onnx")
    (found,) = onnxruntime.InferenceSession(tmp_path / "table.onnx").run(None, {"images": images})
    np.testing.assert_allclose(found, digits.predict_proba(scaled), atol=1e-5)


def test_numbers_that_float32_cannot_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="too large for float32"):
        DigitClassifier(**QUICK).fit(X[:100] * 1e60, Y[:100])


@pytest.mark.parametrize("seed", range(8))
def test_a_row_that_is_alone_in_its_class_stays_in_training(seed: int) -> None:
    labels = Y[:60].copy()
    labels[7] = 99
    digits = DigitClassifier(patience=3, random_state=seed, validation_fraction=0.4, **QUICK)
    digits.fit(X[:60], labels)
    images, places = X[:60].reshape(-1, 8, 8).astype(np.uint8), np.searchsorted(digits.classes_, labels)
    split = digits._split(Dataset(images, places, [str(name) for name in digits.classes_], "table"), 24)
    assert set(split.train.labels) == set(range(11))
    assert 22 <= len(split.dev) == digits.model_.card["dev_size"] <= 24


def test_rows_are_kept_back_with_the_same_share_of_each_class() -> None:
    labels = np.where(np.arange(200) < 40, 1, 0)
    digits = DigitClassifier(patience=3, validation_fraction=0.1, **QUICK).fit(X[:200], labels)
    assert digits.model_.card["dev_size"] == 20
    # 4 of 20 are of class 1: who always says 0 is right for 16 of 20
    assert {round(20 * score) for score in digits.validation_scores_} <= set(range(16, 21)) | {4}


def test_where_every_class_has_one_row_none_can_be_kept_back() -> None:
    with pytest.raises(ValueError, match="every class has a single row"):
        DigitClassifier(patience=3, **QUICK).fit(X[:10], np.arange(10))


def test_the_curves_are_those_of_scikit_learns_own_networks() -> None:
    digits = DigitClassifier(**QUICK).fit(X, Y)
    assert digits.n_iter_ == len(digits.loss_curve_) == 5
    assert digits.loss_ == digits.loss_curve_[-1] < digits.loss_curve_[0]
    assert digits.validation_scores_ is digits.best_validation_score_ is None
    patient = DigitClassifier(patience=2, **QUICK).fit(X, Y)
    assert len(patient.validation_scores_) == patient.n_iter_
    assert patient.best_validation_score_ == max(patient.validation_scores_)
    assert DigitClassifier(batch_size=None, **QUICK).fit(X, Y).n_iter_ == 5


@pytest.mark.parametrize("scale", [1.0, 0.37], ids=["bytes", "floats"])
def test_partial_fits_learn_on_and_know_all_classes_from_the_first(scale: float) -> None:
    table = X * scale
    digits = DigitClassifier(hidden_sizes=(16,), learning_rate=0.01)
    with pytest.raises(ValueError, match="classes must be passed"):
        digits.partial_fit(table, Y)
    digits.partial_fit(table[:10], Y[:10], classes=range(10))
    for start in [*range(0, 1200, 200)] * 3:
        digits.partial_fit(table[start : start + 200], Y[start : start + 200])
    assert digits.score(table[1200:], Y[1200:]) > 0.8
    assert digits.n_iter_ == len(digits.loss_curve_) == 19
    with pytest.raises(ValueError, match="not those of the first call"):
        digits.partial_fit(table, Y, classes=range(9))
    with pytest.raises(ValueError, match="not seen"):
        digits.partial_fit(table[:5], [0, 1, 2, 3, 77])


def test_a_pickled_classifier_learns_on_where_it_was() -> None:
    digits = DigitClassifier(**QUICK).partial_fit(X[:500], Y[:500], classes=range(10))
    again = pickle.loads(pickle.dumps(digits))
    for one in (digits, again):
        one.partial_fit(X[500:900], Y[500:900])
    np.testing.assert_array_equal(again.predict_proba(X), digits.predict_proba(X))


def test_a_warm_start_begins_with_what_was_learned() -> None:
    digits = DigitClassifier(warm_start=True, **QUICK).fit(X, Y)
    first = digits.loss_curve_
    again = digits.fit(X, Y).loss_curve_
    assert again[0] < first[0] / 2
    cold = DigitClassifier(**QUICK).fit(X, Y)
    np.testing.assert_array_equal(cold.loss_curve_, first)
    digits.set_params(hidden_sizes=(9,))
    with pytest.raises(SettingError, match="same network"):
        digits.fit(X, Y)


def test_rows_without_weight_are_not_learned_from() -> None:
    wrong = np.where(np.arange(len(Y)) % 2, Y, (Y + 1) % 10)
    digits = DigitClassifier(**{**QUICK, "epochs": 20}).fit(X, wrong, sample_weight=np.arange(len(Y)) % 2)
    assert digits.score(X, Y) > 0.9
    with pytest.raises(ValueError, match="must not be negative"):
        digits.fit(X, Y, sample_weight=-np.ones(len(Y)))


def test_balanced_classes_count_the_same() -> None:
    rare = np.r_[np.flatnonzero(Y == 8), np.flatnonzero(Y == 3)[:6]]
    held = np.flatnonzero(Y == 3)[6:]
    quick = {**QUICK, "epochs": 3, "random_state": 1}
    plain = DigitClassifier(**quick).fit(X[rare], Y[rare]).score(X[held], Y[held])
    balanced = DigitClassifier(class_weight="balanced", **quick).fit(X[rare], Y[rare])
    assert balanced.score(X[held], Y[held]) > plain


def test_sparse_tables_are_taken_and_logarithms_given() -> None:
    digits = DigitClassifier(**QUICK).fit(csr_matrix(X), Y)
    expected = DigitClassifier(**QUICK).fit(X, Y).predict_proba(X)
    np.testing.assert_array_equal(digits.predict_proba(csr_matrix(X)), expected)
    np.testing.assert_allclose(digits.predict_log_proba(X), np.log(expected))
