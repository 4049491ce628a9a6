"""The settings of split, network and training as a short text for an address, and that text read back.

`dashboard.link` puts the text into a page's address and takes the settings of a link; a search gives each of
its runs one. Nothing here needs a browser.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import Field, dataclass, field, fields, replace
from types import NoneType
from typing import Any, TypeAlias, get_args, get_type_hints

from mlcore import RECIPES, NetworkConfig, SplitSettings, TrainingConfig
from mlcore.errors import DigitLabError
from mlcore.settings import plain_type_of

VERSION = "1"
"""Begins the text. A change of what is written here below needs another one; a new setting does not."""

STANDARD = next(iter(RECIPES))
"""The recipe with which a session begins."""

LONGEST = 2000
"""Characters of a text that is read; all settings together need half of them."""

LARGEST_COUNT = 10**15
"""Of images; a float holds whole numbers up to here exactly."""

BETWEEN, IS, NONE, SWITCH = "~", "-", "none", {"no": False, "yes": True}  # what no address writes as %7E
_WHOLE, _NUMBER = re.compile(r"\d{1,20}"), re.compile(r"\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,3})?")


@dataclass(frozen=True)
class Settings:
    """What the pages Data, Network and Train set, apart from the data set."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    split: SplitSettings = field(default_factory=SplitSettings)


Parameters: TypeAlias = Mapping[str, str | None]
"""What an address says of settings, by the names of its parameters."""


@dataclass(frozen=True)
class SettingsLink:
    """The link to other settings of network and training, where all else is as it was.

    Attributes
    ----------
    parameters : mapping
        What an address said of the settings then.
    usual : Settings
        What holds where the text says nothing.
    split : SplitSettings
    """

    parameters: Parameters
    usual: Settings
    split: SplitSettings

    def to(self, network: NetworkConfig, training: TrainingConfig) -> Parameters:
        """Return the parameters of an address with these settings."""
        text = write_settings(Settings(network, training, self.split), self.usual)
        return never_nothing({**self.parameters, "settings": text or None})


def never_nothing(parameters: Parameters) -> Parameters:
    """Return parameters that say something: an address without any changes nothing."""
    return parameters if any(parameters.values()) else {**parameters, "recipe": STANDARD}


_PARTS: dict[str, Any] = {"network": NetworkConfig, "training": TrainingConfig, "split": SplitSettings}

SettingField: TypeAlias = tuple[str, "Field[Any]"]


def setting_names() -> dict[str, SettingField]:
    """Return the part and the field of each setting, by its name in the text; those of the split say so."""
    return {
        f"split_{about.name}" if part == "split" else about.name: (part, about)
        for part, kind in _PARTS.items()
        for about in fields(kind)
    }


def write_settings(settings: Settings, usual: Settings) -> str:
    """Return what differs from the usual settings as a text; nothing when nothing does.

    >>> ours = Settings(NetworkConfig(hidden_sizes=(128, 64)), TrainingConfig(learning_rate=0.003))
    >>> write_settings(ours, Settings()), write_settings(Settings(), Settings())
    ('1~hidden_sizes-128-64~learning_rate-0.003', '')
    """
    entries = []
    for name, (part, about) in setting_names().items():
        value = getattr(getattr(settings, part), about.name)
        if value != getattr(getattr(usual, part), about.name):
            entries.append(f"{name}{IS}{_written(value)}")
    return BETWEEN.join([VERSION, *entries]) if entries else ""


def read_settings(
    text: str, usual: Settings, can_split: Callable[[SplitSettings], bool]
) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings that a text means, and what in it means none or is out of bounds.

    Parameters
    ----------
    text : str
        From an address, so anything.
    usual : Settings
        What holds where the text says nothing.
    can_split : callable
        Whether the data in use can be split by these settings.

    Examples
    --------
    >>> settings, ignored = read_settings("1~epochs-3~dropout-7~wings-2", Settings(), lambda split: True)
    >>> settings.training.epochs, settings.network.dropout, ignored
    (3, 0.0, ('dropout-7', 'wings-2'))
    """
    if not text:
        return usual, ()
    version, *entries = text.split(BETWEEN)
    if version != VERSION or len(text) > LONGEST:
        return usual, (text,)
    settings, waiting, ignored = usual, _known(entries), [*entries]
    # A setting may be possible only after another: filters, once rare pixels are no longer dropped.
    moves = True
    while moves:
        moves = False
        for entry, (part, changes) in [*waiting.items()]:
            with suppress(DigitLabError):
                new = replace(getattr(settings, part), **changes)
                if part != "split" or can_split(new):
                    settings, moves = replace(settings, **{part: new}), True
                    ignored.remove(entry)
                    del waiting[entry]
    return settings, tuple(ignored)


def _known(entries: list[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return part and changed field of each entry that can be read, of two for one field the first."""
    names, known = setting_names(), dict[str, tuple[str, dict[str, Any]]]()
    for entry in entries:
        name, _is, value = entry.partition(IS)
        if name in names:
            part, about = names.pop(name)
            try:
                known[entry] = part, {about.name: _read(value, part, about)}
            except ValueError:
                continue
    return known


def _written(value: Any) -> str:
    """Return a value with none of the signs that an address has to encode.

    >>> [_written(value) for value in (None, True, (16, 32), (), 0.5, 2.0, 1e-05, "he")]
    ['none', 'yes', '16-32', 'none', '0.5', '2', '1e-05', 'he']
    """
    if value is None or value == ():
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return IS.join(map(_written, value))
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _read(text: str, part: str, about: "Field[Any]") -> Any:
    hint = get_type_hints(_PARTS[part])[about.name]
    kind, is_tuple = plain_type_of(hint)
    if is_tuple:
        return () if text == NONE else tuple(_read_one(item, kind) for item in text.split(IS))
    if text == NONE and NoneType in get_args(hint):
        return None
    value = _read_one(text, kind)
    if not (isinstance(value, float) and value.is_integer() and type(about.default) is int):
        return value
    if abs(value) > LARGEST_COUNT:
        raise ValueError(text)
    return int(value)  # a whole number of images is a count and no fraction


def _read_one(text: str, kind: type) -> Any:
    if kind is str:
        return text
    if kind is bool and text in SWITCH:
        return SWITCH[text]
    if kind is int and _WHOLE.fullmatch(text):
        return int(text)
    if kind is float and _NUMBER.fullmatch(text):
        return float(text)
    raise ValueError(text)
