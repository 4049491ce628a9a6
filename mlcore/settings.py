"""What a hyperparameter is beside its value: label, help, bounds and choices, written once, at the field.

The dashboard makes its controls from these descriptions, and `check_settings` refuses a value out of bounds
with a sentence that a visitor can act on.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, NoReturn, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from mlcore.errors import SettingError
from mlcore.language import _
from mlcore.quote import quoted

ConfigT = TypeVar("ConfigT")


@dataclass(frozen=True)
class Setting:
    """The description of one field of `NetworkConfig` or `TrainingConfig`.

    Attributes
    ----------
    label, help : str
        The name on a form and one line of help (English; shown through `_`).
    minimum, maximum, step : float or None
        Bounds, both included, of the number (or of each number in a tuple); `step` is a good stride.
    choices : callable or None
        Returns the names that the field may take, read from the table that defines them.
    more : bool
        Whether it belongs under "More" rather than among the first few.
    none : str or None
        What the value None means, where None is allowed (for example "the full batch").
    unit : str
        Shown behind the number: "epochs", "images", "pixels".
    most : int or None
        How many numbers a tuple may have.
    group : str
        A heading that it shares with the settings beside it ("Augmentation"); empty for most.
    changes_step_time : bool
        Whether a step can take longer or shorter when it changes.
    idle : callable or None
        Is given a config and returns why the setting has no effect in it (English; shown through `_`); an
        empty text when it has one.
    """

    label: str
    help: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: Callable[[], Iterable[str]] | None = None
    more: bool = False
    none: str | None = None
    unit: str = ""
    group: str = ""
    most: int | None = None
    changes_step_time: bool = True
    idle: Callable[[Any], str] | None = None

    def why_idle(self, config: Any) -> str:
        """Return why it has no effect in a config, untranslated; an empty text when it has one."""
        return "" if self.idle is None else self.idle(config)


def setting(default: Any, label: str, help: str, **description: Any) -> Any:
    """Declare a dataclass field together with its `Setting`."""
    return field(default=default, metadata={"setting": Setting(label, help, **description)})


def settings_of(config: Any) -> dict[str, Setting]:
    """Return name → `Setting` for a config (class or instance), in the order of its fields."""
    return dict(_settings_of_class(config if isinstance(config, type) else type(config)))


@cache
def _settings_of_class(config_class: Any) -> dict[str, Setting]:
    """Return what `settings_of` gives copies of: a list of runs asks for it thousands of times."""
    return {f.name: f.metadata["setting"] for f in fields(config_class) if "setting" in f.metadata}


def why_idle(config: Any, name: str) -> str:
    """Return why a setting has no effect in this config, as a sentence; an empty text when it has one."""
    reason = settings_of(config)[name].why_idle(config)
    return _(reason) if reason else ""


def default_of(config_field: "Field[Any]") -> Any:
    """Return the default of a dataclass field."""
    return None if config_field.default is MISSING else config_field.default


def check_kind(config: Any, kind: type[ConfigT]) -> ConfigT:
    """Return a config once it is known to be of its kind; None gives the default one.

    Raises
    ------
    SettingError
        When it is something else, such as the other config.
    """
    if config is None:
        return kind()
    if not isinstance(config, kind):
        message = _("A {wanted} is needed here, not {found}. Are two arguments swapped?")
        raise SettingError(message.format(wanted=kind.__name__, found=quoted(type(config).__name__)))
    return config


def check_settings(config: Any) -> None:
    """Raise `SettingError` for the first field whose value is out of bounds or no known choice.

    A number of NumPy's, as a loop over ``np.arange`` gives, is replaced by Python's own.
    """
    config_class: type = type(config)
    types = _types_of(config_class)
    for name, about in settings_of(config).items():
        value = _plain(getattr(config, name))
        object.__setattr__(config, name, value)  # a frozen dataclass, still being made
        if value is None:
            if about.none is None:
                raise SettingError(_("{label}: a value is needed.").format(label=_(about.label)))
            continue
        plain_type, is_tuple = plain_type_of(types[name])
        if is_tuple and not isinstance(value, tuple):
            message = _("{label}: write the numbers as a tuple, such as (128,) or (64, 32), not {value}.")
            raise SettingError(message.format(label=_(about.label), value=quoted(repr(value))))
        if is_tuple and about.most is not None and len(value) > about.most:
            message = _("{label}: {n} are too many; at most {most} are possible.")
            raise SettingError(message.format(label=_(about.label), n=len(value), most=about.most))
        for item in value if is_tuple else (value,):
            _check_item(about, item, plain_type)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return value.item() if isinstance(value, np.generic) else value


@cache
def _types_of(config_class: type) -> dict[str, Any]:
    return get_type_hints(config_class)


def type_of_setting(config_class: type, name: str) -> tuple[type, bool]:
    """Return the type of a setting's value, or of the items of its tuple, and whether it is a tuple."""
    return plain_type_of(_types_of(config_class)[name])


@cache
def plain_type_of(hint: Any) -> tuple[type, bool]:
    """Return the type of a value or of the items of a tuple, and whether it is a tuple.

    >>> plain_type_of(int | None), plain_type_of(tuple[int, ...])
    ((<class 'int'>, False), (<class 'int'>, True))
    """
    if isinstance(hint, UnionType):
        hint = next(part for part in get_args(hint) if part is not NoneType)
    return (get_args(hint)[0], True) if get_origin(hint) is tuple else (hint, False)


def _check_item(about: Setting, item: Any, plain_type: type) -> None:
    def refuse(message: str, **more: Any) -> NoReturn:
        raise SettingError(message.format(label=_(about.label), value=quoted(repr(item)), **more))

    if plain_type is bool and not isinstance(item, bool):
        refuse(_("{label}: {value} is neither True nor False."))
    if about.choices is not None:
        names = list(about.choices())
        if item not in names:
            refuse(_("{label}: {value} is not known. Choose one of: {names}."), names=", ".join(names))
    elif about.minimum is not None or about.maximum is not None:
        if isinstance(item, bool) or not isinstance(item, int | float):
            refuse(_("{label}: {value} is not a number."))
        if plain_type is int and not isinstance(item, int):
            refuse(_("{label}: {value} is not a whole number."))
        low = -math.inf if about.minimum is None else about.minimum
        high = math.inf if about.maximum is None else about.maximum
        if not low <= item <= high:
            message = _("{label}: {value} is out of bounds. Choose a value from {low:g} to {high:g}.")
            refuse(message, low=low, high=high)
