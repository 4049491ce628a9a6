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
from mlcore.datasets.split import Split, first_of_each, share_out
from mlcore.datasets.table import Table
from mlcore.formulas.optimizers import OPTIMIZERS, Adam
from mlcore.language import _
from mlcore.settings import default_of
from mlcore.training.records import EpochMetrics
from mlcore.training.run import TrainingRun, train

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.class_weight import compute_sample_weight
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        _("DigitClassifier needs scikit-learn 1.7 or later. Install it: pip install scikit-learn")
    ) from error

NETWORK = {field.name: default_of(field) for field in fields(NetworkConfig)}
RENAMED = {"seed": "random_state", "class_weights": "class_weight"}  # as scikit-learn calls them
TRAINING = {field.name: default_of(field) for field in fields(TrainingConfig) if field.name not in RENAMED}
OWN = {
    "epochs": None,
    "learning_rate": None,
    "schedule": None,
    "random_state": 0,
    "class_weight": None,
    "precision": None,
    "image_shape": None,
    "validation_fraction": 0.1,
    "warm_start": False,
}
DEFAULTS: dict[str, Any] = NETWORK | TRAINING | OWN

DARKEST = 32  # bytes that never exceed this are no pixels from 0 to 255, and are taken for plain numbers
FEWEST_STEPS = 400  # what a small table gets when the number of epochs is left open
PEAK = 10  # Adam's rate at the top of one cycle, in good constant rates (benchmarks/classifier.py)


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A neural network for small images given as rows of pixels.

    Every field of `NetworkConfig` and `TrainingConfig` is a parameter with the same meaning, default and
    bounds; `settings_of` lists them. What differs:

    Parameters
    ----------
    epochs : int, optional
        How often every row is seen. None means 10 times, or more often where that is under 400 steps.
    learning_rate : float, optional
        None takes a rate that mostly works with the optimizer, and ten times that for Adam and AdamW at the
        top of one cycle.
    schedule : str, optional
        None takes one cycle in `fit` when the learning rate is left open too: in few epochs it gets further
        than a constant rate. Otherwise, and in `partial_fit`, where nobody knows which call will be the
        last, the rate is constant.
    random_state : int, RandomState or None
        In place of `seed`; None draws another one at every fit.
    class_weight : dict, "balanced" or None
        In place of `class_weights`: how much a row of each class counts.
    precision : {"float32", "float64"}, optional
        None takes that of the floats in X, and float32 for bytes.
    image_shape : (int, int), optional
        Height and width of the images. None takes a square where the number of columns is one, otherwise a
        single row. It matters for convolutions, pooling and augmentation.
    validation_fraction : float
        Part of the rows that is kept back to judge when to stop, with the same share of each class; only when
        `patience` is set. Of a class with a single row it stays in training.
    warm_start : bool
        Whether `fit` begins with the network of the last `fit`, if classes and columns are the same.

    Attributes
    ----------
    classes_ : array (n_classes,)
        The labels seen in `fit`.
    model_ : Model
        The trained model, to be saved, exported or looked into.
    history_ : list of BatchMetrics and EpochMetrics
        What happened in the last training.
    n_iter_ : int
        Times that all rows were seen.
    loss_curve_ : list of float
        The training loss after each of these; `loss_` is the last one.
    validation_scores_ : list of float or None
        The accuracy on the rows kept back after each of them; `best_validation_score_` is the highest. None
        without `patience`.
    value_range_ : (float, float)
        The smallest and the largest value seen in `fit`; (0, 255) when it was given bytes.
    reads_bytes_ : bool
        Whether the network reads bytes. Bytes are taken as they are, other whole numbers from 0 to 255 as
        grey levels between the smallest and the largest. All else is read as floats, divided by about their
        root mean square; but augmentation, which is for images, takes the nearest of 256 levels.
    precision_ : str
        That of the network.

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

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on rows of pixels, or of other numbers.

        Parameters
        ----------
        X : array or sparse matrix (n, columns)
        y : array (n,)
            Labels of any kind.
        sample_weight : array (n,), optional
            How much each row counts.

        Raises
        ------
        ValueError
            When data or parameters do not fit (a `SettingError` says which parameter and why).
        """
        before = self._checkpoint if self.warm_start and hasattr(self, "_checkpoint") else None
        rows, targets = self._check(X, y, reset=before is None)
        classes = np.unique(targets)
        if len(classes) < 2:
            raise ValueError(_("There is only one class: a classifier needs two or more."))
        if before is None:
            self._look_at(rows, classes)
        self._forget_curves()
        n_dev = max(1, round(self.validation_fraction * len(rows))) if self.patience is not None else 0
        return self._train(rows, targets, sample_weight, n_dev, {}, before)

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Go once through these rows, with what was learned before.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        classes : array (n_classes,)
            All labels there will ever be; needed in the first call only.
        """
        is_first = not hasattr(self, "_checkpoint")
        if is_first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        rows, targets = self._check(X, y, reset=is_first)
        if is_first:
            self._look_at(rows, np.unique(np.asarray(classes)))
            self._forget_curves()
        elif classes is not None and not np.array_equal(self.classes_, np.unique(np.asarray(classes))):
            raise ValueError(f"classes={classes!r} are not those of the first call: {self.classes_!r}.")
        once = {"epochs": 1, "iterations": None, "patience": None, "schedule": self.schedule or "constant"}
        before = None if is_first else self._checkpoint
        return self._train(rows, targets, sample_weight, 0, once, before)

    def _check(self, X: ArrayLike, y: ArrayLike, *, reset: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return rows and labels as arrays that fit together."""
        rows, targets = validate_data(self, X, y, reset=reset, accept_sparse="csr")
        check_classification_targets(targets)
        return _dense(rows), targets

    def _look_at(self, rows: NDArray[Any], classes: NDArray[Any]) -> None:
        """Note the classes, and how the numbers are to be read."""
        self.classes_ = classes
        low, high = float(rows.min()), float(rows.max())
        is_bytes = rows.dtype == np.uint8 and not 0 < high <= DARKEST
        self.value_range_ = (0.0, 255.0) if is_bytes else (low, high)
        are_levels = 0 <= low <= high <= 255 and bool((rows == np.rint(rows)).all())
        augments = any(getattr(self, name) for name in TRAINING if name.startswith("augment_"))
        self.reads_bytes_ = bool(are_levels or augments or self.scaling == "levels")
        self.precision_ = self.precision or ("float32" if self.reads_bytes_ else _precision_of(rows))

    def _train(
        self,
        rows: NDArray[Any],
        targets: NDArray[Any],
        sample_weight: ArrayLike | None,
        n_dev: int,
        changes: dict[str, Any],
        before: bytes | None,
    ) -> Self:
        """Train on all rows but ``n_dev``, from where an earlier training ended if there was one."""
        labels = np.searchsorted(self.classes_, targets)
        if (labels >= len(self.classes_)).any() or (self.classes_[labels] != targets).any():
            raise ValueError(_("There are labels that the classifier has not seen before."))
        names = [str(label) for label in self.classes_]
        kind = Dataset if self.reads_bytes_ else Table
        split = self._split(kind(self._images(rows), labels, names, "table"), n_dev)
        run = TrainingRun(self._network_config(), self._training_config(len(split.train), changes))
        weights = self._weights(rows, targets, sample_weight)
        if weights is not None:
            run.image_weights = weights[split.train.rows]
        if before is not None:
            run.begin_from(TrainingRun.load_state(before), split)
        self.history_ = list(train(run, split))
        self.model_ = run.model(best=len(split.dev) > 0)
        self._checkpoint = run.save_state()
        return self._note_curves(run)

    def _forget_curves(self) -> None:
        self.n_iter_, self.loss_curve_ = 0, list[float]()

    def _note_curves(self, run: TrainingRun) -> Self:
        """Set the attributes that scikit-learn's own networks have."""
        measured = [r for r in self.history_ if isinstance(r, EpochMetrics) and r.step > 0]
        self.n_iter_ += math.ceil(run.epoch)
        self.loss_curve_ = [*self.loss_curve_, *(record.train_loss for record in measured)]
        self.loss_ = self.loss_curve_[-1]
        has_dev = not math.isnan(measured[-1].dev_accuracy)
        self.validation_scores_ = [record.dev_accuracy for record in measured] if has_dev else None
        self.best_validation_score_ = max(self.validation_scores_) if self.validation_scores_ else None
        return self

    def _weights(
        self, rows: NDArray[Any], targets: NDArray[Any], sample_weight: ArrayLike | None
    ) -> NDArray[np.float64] | None:
        """Return how much each row counts, 1 in the mean; None when all count the same."""
        if sample_weight is None and self.class_weight is None:
            return None
        weights = np.asarray(_check_sample_weight(sample_weight, rows, dtype=np.float64))
        if self.class_weight is not None:
            weights = weights * compute_sample_weight(self.class_weight, targets)
        if (weights < 0).any() or not weights.sum() > 0:
            raise ValueError(_("sample_weight: weights must not be negative, nor all be zero."))
        scaled: NDArray[np.float64] = weights / weights.mean()
        return scaled

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return the natural logarithm of `predict_proba`; of a probability of 0 it is -inf."""
        with np.errstate(divide="ignore"):
            logarithms: NDArray[np.floating] = np.log(self.predict_proba(X))
        return logarithms

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that sparse tables are taken too."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return how likely each class is, (n, n_classes), in the order of `classes_`."""
        check_is_fitted(self)
        rows = _dense(validate_data(self, X, reset=False, accept_sparse="csr"))
        return self.model_.probabilities_of(self._images(rows))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the likeliest label of each row."""
        check_is_fitted(self)
        predictions: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return predictions

    def _split(self, dataset: Dataset, n_dev: int) -> Split:
        """Keep rows of each class back to decide when to stop; all but one at most."""
        order = check_random_state(self.random_state).permutation(len(dataset))
        if n_dev >= len(dataset):
            message = _("validation_fraction: {value!r} leaves nothing to train on. Choose less than 1.")
            raise ValueError(message.format(value=self.validation_fraction))
        have = np.bincount(dataset.labels, minlength=len(self.classes_))
        want = np.minimum(share_out(have, n_dev), np.maximum(have - 1, 0))
        dev = first_of_each(dataset.labels[order], want)
        if n_dev and not dev.any():
            raise ValueError(_("patience: every class has a single row, so none can be kept back."))
        return Split(train=dataset.take(order[~dev]), dev=dataset.take(order[dev]))

    def _images(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return the rows as images, of bytes or of floats."""
        if self.image_shape is not None:
            height, width = self.image_shape
            if height * width != X.shape[1]:
                message = _("image_shape: {height}×{width} does not fit {columns} columns of pixels.")
                raise ValueError(message.format(height=height, width=width, columns=X.shape[1]))
        else:
            side = math.isqrt(X.shape[1])
            height, width = (side, side) if side**2 == X.shape[1] else (1, X.shape[1])
        if not self.reads_bytes_:
            with np.errstate(over="ignore"):
                X = X.astype(np.float32)
            if not np.isfinite(X).all():
                raise ValueError(_("X has numbers that are too large for float32. Scale it first."))
        elif X.dtype != np.uint8 or self.value_range_ != (0.0, 255.0):
            low, high = self.value_range_
            X = np.clip(np.rint((X - low) * (255 / (high - low or 1.0))), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(X).reshape(len(X), height, width)

    def _network_config(self) -> NetworkConfig:
        settings = {name: _plain(getattr(self, name)) for name in NETWORK}
        return NetworkConfig(**settings | {"precision": self.precision_})

    def _training_config(self, rows: int, changes: dict[str, Any]) -> TrainingConfig:
        settings = {name: _plain(getattr(self, name)) for name in TRAINING} | changes
        steps = TrainingConfig(batch_size=settings["batch_size"]).steps_per_epoch(rows)
        if settings["epochs"] is None:
            settings["epochs"] = max(10, -(-FEWEST_STEPS // steps))
        if settings["schedule"] is None:
            settings["schedule"] = "one_cycle" if settings["learning_rate"] is None else "constant"
        if settings["learning_rate"] is None:
            settings["learning_rate"] = _usual_rate(settings["optimizer"], settings["schedule"])
        if settings["evaluate_every"] is None:
            settings["evaluate_every"] = steps  # each epoch has its place in the curves
        seed = int(check_random_state(self.random_state).randint(2**31))
        return TrainingConfig(seed=(seed + self.n_iter_) % 2**31, **settings)


def _usual_rate(optimizer: str, schedule: str) -> float:
    """Return a learning rate that works with an optimizer; one that is no optimizer is refused later."""
    if optimizer not in OPTIMIZERS:
        return TrainingConfig().learning_rate
    rises = schedule == "one_cycle" and issubclass(OPTIMIZERS[optimizer].make, Adam)
    return OPTIMIZERS[optimizer].good_rate * (PEAK if rises else 1)


def _precision_of(rows: NDArray[Any]) -> str:
    return "float32" if rows.dtype.kind == "f" and rows.dtype.itemsize <= 4 else "float64"


def _dense(X: Any) -> NDArray[Any]:
    """Return a table as an array, be it sparse or not."""
    array: NDArray[Any] = X.toarray() if hasattr(X, "toarray") else X
    return array


def _plain(value: Any) -> Any:
    """Return a value of a parameter grid, where a tuple may be a list, as the configs want it."""
    return tuple(value) if isinstance(value, list) else value
