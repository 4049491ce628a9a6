"""The network as a scikit-learn classifier, for pipelines, cross-validation and grid search.

`fit` makes a Dataset from a table of pixels and trains; `predict` asks the model. Only this module needs
scikit-learn.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.split import Split
from mlcore.language import _
from mlcore.settings import default_of
from mlcore.training.run import TrainingRun, train

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        _("DigitClassifier needs scikit-learn 1.7 or later. Install it: pip install scikit-learn")
    ) from error

NETWORK = {field.name: default_of(field) for field in fields(NetworkConfig)}
TRAINING = {field.name: default_of(field) for field in fields(TrainingConfig) if field.name != "seed"}
OWN = {"epochs": None, "random_state": 0, "image_shape": None, "validation_fraction": 0.1}
DEFAULTS: dict[str, Any] = NETWORK | TRAINING | OWN

FEWEST_STEPS = 500  # what a small table gets when the number of epochs is left open


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A neural network for small images given as rows of pixels.

    Every field of `NetworkConfig` and `TrainingConfig` is a parameter with the same meaning, default and
    bounds; `settings_of` lists them. What differs:

    Parameters
    ----------
    epochs : int, optional
        How often every row is seen. None means 10 times, or more often where that is under 500 steps.
    random_state : int, RandomState or None
        In place of `seed`; None draws another one at every fit.
    image_shape : (int, int), optional
        Height and width of the images. None takes a square where the number of columns is one, otherwise a
        single row. It matters for convolutions, pooling and augmentation.
    validation_fraction : float
        Part of the rows that is kept back to judge when to stop; only when `patience` is set.

    Attributes
    ----------
    classes_ : array (n_classes,)
        The labels seen in `fit`.
    model_ : Model
        The trained model, to be saved, exported or looked into.
    history_ : list of BatchMetrics and EpochMetrics
        What happened while training.
    value_range_ : (float, float)
        The smallest and the largest value seen in `fit`: images are bytes, so these become 0 and 255, and
        values between them the nearest of 256 levels. (0, 255) when `fit` was given bytes.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> digits = DigitClassifier(hidden_sizes=(32,), learning_rate=0.005).fit(X[:1000], y[:1000])
    >>> digits.score(X[1000:], y[1000:]) > 0.9
    True
    """

    def __init__(self, **parameters: Any) -> None:
        unknown = parameters.keys() - DEFAULTS
        if unknown:
            raise TypeError(f"unknown parameters: {', '.join(sorted(unknown))}")
        for name, default in DEFAULTS.items():
            setattr(self, name, parameters.get(name, default))

    # scikit-learn reads the parameters and their defaults from here.
    __init__.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD),
            *(
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
                for name, default in DEFAULTS.items()
            ),
        ]
    )

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on rows of pixels.

        Parameters
        ----------
        X : array (n, pixels)
        y : array (n,)
            Labels of any kind.

        Raises
        ------
        ValueError
            When data or parameters do not fit (a `SettingError` says which parameter and why).
        """
        rows, targets = validate_data(self, X, y)
        check_classification_targets(targets)
        self.classes_, labels = np.unique(targets, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(_("There is only one class: a classifier needs two or more."))
        is_bytes = rows.dtype == np.uint8
        self.value_range_ = (0.0, 255.0) if is_bytes else (float(rows.min()), float(rows.max()))
        names = [str(label) for label in self.classes_]
        split = self._split(Dataset(self._images(rows), labels, names, "table"))
        run = TrainingRun(self._network_config(), self._training_config(len(split.train)))
        self.history_ = list(train(run, split))
        self.model_ = run.model(best=len(split.dev) > 0)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return how likely each class is, (n, n_classes), in the order of `classes_`."""
        check_is_fitted(self)
        return self.model_.predict_probabilities(self._images(validate_data(self, X, reset=False)))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the likeliest label of each row."""
        check_is_fitted(self)
        predictions: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return predictions

    def _split(self, dataset: Dataset) -> Split:
        """Keep a part of the rows back when it decides when to stop; otherwise train on all."""
        order = check_random_state(self.random_state).permutation(len(dataset))
        n_dev = max(1, round(self.validation_fraction * len(dataset))) if self.patience is not None else 0
        if n_dev >= len(dataset):
            message = _("validation_fraction: {value!r} leaves nothing to train on. Choose less than 1.")
            raise ValueError(message.format(value=self.validation_fraction))
        return Split(train=dataset.take(order[n_dev:]), dev=dataset.take(order[:n_dev]))

    def _images(self, X: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the rows as images of bytes."""
        if self.image_shape is not None:
            height, width = self.image_shape
            if height * width != X.shape[1]:
                message = _("image_shape: {height}×{width} does not fit {columns} columns of pixels.")
                raise ValueError(message.format(height=height, width=width, columns=X.shape[1]))
        else:
            side = math.isqrt(X.shape[1])
            height, width = (side, side) if side**2 == X.shape[1] else (1, X.shape[1])
        if X.dtype != np.uint8 or self.value_range_ != (0.0, 255.0):
            low, high = self.value_range_
            X = np.clip(np.rint((X - low) * (255 / (high - low or 1.0))), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(X).reshape(len(X), height, width)

    def _network_config(self) -> NetworkConfig:
        return NetworkConfig(**{name: _plain(getattr(self, name)) for name in NETWORK})

    def _training_config(self, rows: int) -> TrainingConfig:
        settings = {name: _plain(getattr(self, name)) for name in TRAINING}
        if settings["epochs"] is None:
            steps = TrainingConfig(batch_size=settings["batch_size"]).steps_per_epoch(rows)
            settings["epochs"] = max(10, -(-FEWEST_STEPS // steps))
        seed = int(check_random_state(self.random_state).randint(2**31))
        return TrainingConfig(seed=seed, **settings)


def _plain(value: Any) -> Any:
    """Return a value of a parameter grid, where a tuple may be a list, as the configs want it."""
    return tuple(value) if isinstance(value, list) else value
