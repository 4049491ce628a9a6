"""What a search varies: some settings, each with a range or with a list of values.

A search draws its candidates from these. Which values a setting may have at all is said at its field.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, TypeAlias

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.errors import SettingError
from mlcore.language import _
from mlcore.settings import Setting, settings_of, type_of_setting

Values = Mapping[str, Any]
"""Setting → value: what makes one candidate differ from another."""

Trim: TypeAlias = Callable[[Values], Values]
"""Makes candidates that are the same run equal, as `mlcore.search.same_run.plain_values` does."""

LENGTH_AND_MEASURING = frozenset({"epochs", "iterations", "evaluate_every", "train_sample"})
"""Settings that cannot be varied: a longer training is no better choice, and measuring changes no weight."""

LOG_FROM = 10
"""How many times the lower end of a range the upper one must be, for the logarithm to be drawn evenly."""

DIGITS = 3
"""Digits that count of a fraction that is tried: 0.00316 can be read and typed again."""


USUAL_RANGES: Mapping[str, tuple[float, float]] = {
    "dropout": (0.0, 0.5),
    "drop_rare_pixels": (0.0, 0.1),
    "batch_size": (16, 256),
    "weight_decay": (1e-6, 1e-2),
    "seed": (0, 999),
    "momentum": (0.5, 0.99),
    "warmup": (0.0, 0.3),
    "patience": (2, 20),
    "sample_size": (100, 10_000),
    "gradient_divisor": (1, 1_000),
    "augment_shift": (0.0, 3.0),
    "augment_rotation": (0.0, 20.0),
    "augment_scale": (0.0, 0.2),
    "augment_shear": (0.0, 0.3),
    "augment_elastic": (0.0, 3.0),
    "augment_pen_width": (0.0, 1.0),
    "augment_noise": (0.0, 0.3),
}
"""What is worth trying of a setting; of others, ten times less and ten times more than is in use."""

USUAL_VALUES: Mapping[str, tuple[Any, ...]] = {
    "hidden_sizes": ((64,), (128,), (256,), (256, 128)),
    "filters": ((), (8, 16), (16, 32)),
}


def searchable() -> dict[str, Setting]:
    """Return name → `Setting` of all that a search can vary, those of the network first."""
    both = {**settings_of(NetworkConfig), **settings_of(TrainingConfig)}
    return {name: about for name, about in both.items() if name not in LENGTH_AND_MEASURING}


def is_range(name: str) -> bool:
    """Return whether a setting is varied in a range; else a list of values is tried.

    >>> is_range("learning_rate"), is_range("hidden_sizes"), is_range("optimizer")
    (True, False, False)
    """
    return kind_of(name) in (int, float)


def kind_of(name: str) -> type:
    """Return what a setting holds: int, float, str or bool, or tuple for several numbers."""
    kind, is_tuple = _type_of(name)
    return tuple if is_tuple else kind


def _type_of(name: str) -> tuple[type, bool]:
    return type_of_setting(NetworkConfig if name in settings_of(NetworkConfig) else TrainingConfig, name)


@dataclass(frozen=True)
class Dimension:
    """A setting that is varied: between two numbers, or among some values.

    Attributes
    ----------
    name : str
        Of the setting.
    low, high : float or None
        The ends of its range, both included; None when there are ``values``.
    values : tuple
        What is tried instead of a range.

    Raises
    ------
    SettingError
        When a value is out of the setting's bounds, or there is nothing to choose from.
    """

    name: str
    low: float | None = None
    high: float | None = None
    values: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        """Check it."""
        label = _(searchable()[self.name].label)
        if self.low is not None and self.high is not None:
            if not self.low < self.high:
                message = _("{label}: the upper end of a range must lie above its lower end.")
                raise SettingError(message.format(label=label))
        elif len(self.values) < 2:
            raise SettingError(_("{label}: at least two values are needed.").format(label=label))
        for value in self.ends:
            settings_with(NetworkConfig(), TrainingConfig(), {self.name: value})

    @property
    def ends(self) -> tuple[Any, ...]:
        """Both ends of its range, or all its values."""
        return self.values or (self.low, self.high)

    @property
    def is_log(self) -> bool:
        """Whether the logarithm is drawn evenly, because the range spans several sizes of number."""
        return self.low is not None and self.high is not None and self.high >= LOG_FROM * self.low > 0

    def at(self, place: float) -> Any:
        """Return the value at a place between 0 and 1.

        >>> Dimension("learning_rate", 0.0001, 0.01).at(0.5), Dimension("batch_size", 20, 100).at(0.5)
        (0.001, 60)
        >>> Dimension("activation", values=("relu", "tanh")).at(0.6)
        'tanh'
        """
        if self.low is None or self.high is None:
            return self.values[min(int(place * len(self.values)), len(self.values) - 1)]
        if self.is_log:
            number = self.low * (self.high / self.low) ** place
        else:
            number = self.low + (self.high - self.low) * place
        return rounded(self.name, min(max(number, self.low), self.high))

    def levels(self, n: int) -> list[Any]:
        """Return the values of a grid: all of a list, or ``n`` evenly spread over a range.

        >>> Dimension("learning_rate", 0.0001, 0.01).levels(3), Dimension("kernel_size", 3, 5).levels(3)
        ([0.0001, 0.001, 0.01], [3, 5])
        """
        if self.low is None:
            return list(self.values)
        spread = (self.at(place / (n - 1) if n > 1 else 0.5) for place in range(n))
        return list(dict.fromkeys(spread))


def rounded(name: str, number: float) -> float:
    """Return the nearest number that a setting can have, written with few digits.

    >>> rounded("learning_rate", 0.00316227766), rounded("kernel_size", 3.4)
    (0.00316, 3)
    """
    if kind_of(name) is int:
        about = searchable()[name]
        least, step = int(about.minimum or 0), int(about.step or 1)
        return least + step * round((number - least) / step)
    return float(f"{number:.{DIGITS}g}")


def settings_with(
    network: NetworkConfig, training: TrainingConfig, values: Values
) -> tuple[NetworkConfig, TrainingConfig]:
    """Return both configs with these values.

    Raises
    ------
    SettingError
        When a value is out of bounds, or two do not go together.
    """
    parts: tuple[dict[str, Any], dict[str, Any]] = {}, {}
    for name, value in values.items():
        parts[place_of(name)][name] = value
    return replace(network, **parts[0]), replace(training, **parts[1])


def place_of(name: str) -> int:
    """Return which of both configs a setting belongs to: 0 is the network's."""
    return 0 if name in settings_of(NetworkConfig) else 1


def corners(space: Sequence["Dimension"]) -> list[Values]:
    """Return candidates among which each setting has each of its ends, or values, once.

    One other setting is enough to give a setting an effect, so it is enough to change one at a time.

    >>> corners([Dimension("momentum", 0.5, 0.9), Dimension("optimizer", values=("adam", "nesterov"))])[1::2]
    [{'momentum': 0.9, 'optimizer': 'adam'}, {'momentum': 0.5, 'optimizer': 'nesterov'}]
    """
    first = {one.name: one.ends[0] for one in space}
    return [{**first, one.name: end} for one in space for end in one.ends]


def idle_settings(
    space: Sequence["Dimension"], network: NetworkConfig, training: TrainingConfig
) -> dict[str, str]:
    """Return the settings of a space that have no effect in any of its candidates, with the reason.

    >>> momentum, adam = Dimension("momentum", 0.5, 0.99), TrainingConfig()
    >>> [*idle_settings([momentum], NetworkConfig(), adam)]
    ['momentum']
    >>> optimizer = Dimension("optimizer", values=("adam", "nesterov"))
    >>> [*idle_settings([momentum, optimizer], NetworkConfig(), adam)]
    []
    """
    tried = [SimpleNamespace(**{**vars(network), **vars(training), **values}) for values in corners(space)]
    reasons = {one.name: [searchable()[one.name].why_idle(config) for config in tried] for one in space}
    return {name: _(each[0]) for name, each in reasons.items() if all(each)}


def usual_dimension(name: str, network: NetworkConfig, training: TrainingConfig) -> Dimension:
    """Return what is worth trying of a setting, and around its value in these configs.

    >>> usual_dimension("learning_rate", NetworkConfig(), TrainingConfig())
    Dimension(name='learning_rate', low=0.0001, high=0.01, values=())
    >>> usual_dimension("hidden_sizes", NetworkConfig(), TrainingConfig()).values
    ((64,), (128,), (256,), (256, 128))
    """
    about = searchable()[name]
    value = getattr(network if name in settings_of(NetworkConfig) else training, name)
    if not is_range(name):
        choices = (False, True) if about.choices is None else tuple(about.choices())
        usual = USUAL_VALUES.get(name, choices)
        return Dimension(name, values=usual if value in usual else (value, *usual))
    low, high = USUAL_RANGES.get(name) or (value / 10, 10 * value)
    assert about.minimum is not None  # as every number of a config has them
    assert about.maximum is not None
    low, high = max(low, about.minimum), min(high, about.maximum)
    return Dimension(name, rounded(name, low), rounded(name, high))
