"""The classifier keeps scikit-learn's rules, and gives to scikit-learn all that the configs have."""

import pickle
import sys
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator

from mlcore import NetworkConfig, SettingError, TrainingConfig
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
    assert configs - {"seed"} <= parameters.keys()
    assert parameters["hidden_sizes"] == NetworkConfig().hidden_sizes
    assert parameters["learning_rate"] == TrainingConfig().learning_rate


def test_only_what_was_changed_is_shown() -> None:
    assert repr(DigitClassifier(epochs=3)) == "DigitClassifier(epochs=3)"


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


def test_small_tables_get_five_hundred_steps_when_the_epochs_are_left_open() -> None:
    small = DigitClassifier(hidden_sizes=(4,)).fit(X[:100], Y[:100])
    assert small.history_[-1].step == 500
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
