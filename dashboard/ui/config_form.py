"""A form for any config, made from what its fields say about themselves: label, help, bounds, choices.

The Network page uses it for `NetworkConfig` and `TrainingConfig`: a new hyperparameter in mlcore appears by
itself. A control shows the config's value and writes a changed config back.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Generic, TypeVar, get_args, get_type_hints

import streamlit as st

from dashboard.ui.messages import keeping_problem, show_problem
from dashboard.ui.number_field import Bounds, number_field
from mlcore import Setting, settings_of
from mlcore.language import _
from mlcore.settings import why_idle

ConfigT = TypeVar("ConfigT", bound=Any)

MOST_LAYERS = 8
FIRST_SIZE = 8  # of a layer, where there is no other to go by
NO_EFFECTS: Mapping[str, Callable[[], None]] = MappingProxyType({})
SIZE_WIDTH = 128  # CSS pixels of a field for one size: four stand side by side


@dataclass(frozen=True)
class Form(Generic[ConfigT]):
    """A form that shows a config and changes it.

    Attributes
    ----------
    read : callable
        Returns the config as it is now. Two changes may arrive at once: each starts from the other's result.
    write : callable
        Is given the name of a field and the config with its new value, before the page runs again.
    key : str
        Begins the keys of all controls.
    """

    read: Callable[[], ConfigT]
    write: Callable[[str, ConfigT], None]
    key: str

    @property
    def config(self) -> ConfigT:
        """The config as it is now."""
        return self.read()

    def show(self, more: str, effects: Mapping[str, Callable[[], None]] = NO_EFFECTS) -> None:
        """Show all settings: the simple ones, and the rest below, each group of them behind its name.

        Parameters
        ----------
        more : str
            What those are called that belong to no group.
        effects : mapping of str to callable
            By group, "" for those that belong to none: shows what the settings do, below their controls.
        """
        settings = settings_of(self.config)
        self._show([name for name, about in settings.items() if not about.more])
        groups = dict.fromkeys(about.group for about in settings.values() if about.more)
        for group in sorted(groups, key=bool):  # those without a group first
            with st.expander(_(group) if group else more, key=f"{self.key}_more_{group}"):
                self._show([name for name, about in settings.items() if about.more and about.group == group])
                if group in effects:
                    effects[group]()

    def _show(self, names: list[str]) -> None:
        """Show some settings, two in a row."""
        for row in _rows(names, lambda name: self._kind(name) is tuple):
            columns = [st.container()] if self._kind(row[0]) is tuple else st.columns(2)
            for name, column in zip(row, columns, strict=False):
                with column, st.container(gap="xsmall"):
                    self.show_setting(name)

    def show_setting(self, name: str) -> None:
        """Show the control of one field, with its line of help and, if the last change failed, why."""
        about = settings_of(self.config)[name]
        if about.choices is not None:
            self._choice(name, about, about.choices())
        elif self._kind(name) is bool:
            self._switch(name, about)
        elif self._kind(name) is tuple:
            self._sizes(name, about)
        else:
            self._number(name, about)
        show_problem(f"{self.key}_{name}")

    # ---- the controls ------------------------------------------------------------------------------------

    def _choice(self, name: str, about: Setting, table: Iterable[str]) -> None:
        options = [*([None] if about.none is not None else []), *table]
        st.selectbox(
            _(about.label),
            options,
            format_func=lambda option: _(about.none or "") if option is None else choice_label(table, option),
            help=_(about.help),
            filter_mode=None,
            disabled=bool(why_idle(self.config, name)),
            **self._control(name, getattr(self.config, name), self._change, name),
        )
        chosen = getattr(self.config, name)
        st.caption(f"{_help(table, chosen) or _(about.help)} {why_idle(self.config, name)}".strip())

    def _switch(self, name: str, about: Setting) -> None:
        st.toggle(
            _(about.label),
            disabled=bool(why_idle(self.config, name)),
            **self._control(name, getattr(self.config, name), self._change, name),
        )
        st.caption(f"{_(about.help)} {why_idle(self.config, name)}".strip())

    def _number(self, name: str, about: Setting) -> None:
        none = None if about.none is None else _(about.none)
        number_field(
            _with_unit(about),
            getattr(self.config, name),
            lambda value: self._set(value, name),
            key=f"{self.key}_{name}_number",
            bounds=_bounds(about, self._kind(name)),
            none=none,
            disabled=bool(why_idle(self.config, name)),
        )
        empty = "" if none is None else _("Leave empty: {meaning}.").format(meaning=none)
        parts = [_(about.help), empty, why_idle(self.config, name)]
        st.caption(" ".join(part for part in parts if part))

    def _sizes(self, name: str, about: Setting) -> None:
        """Show a tuple of numbers: how many, and each of them."""
        sizes: tuple[int, ...] = getattr(self.config, name)
        with st.container(horizontal=True, gap="small"):
            number_field(
                _(about.label),
                len(sizes),
                lambda count: self._set_count(count, name),
                key=f"{self.key}_{name}_count",
                bounds=Bounds(0, max(MOST_LAYERS, len(sizes)), 1),
                width=SIZE_WIDTH,
            )
            for place, size in enumerate(sizes):
                number_field(
                    _("Layer {number} ({unit})").format(number=place + 1, unit=_(about.unit)),
                    size,
                    partial(self._set_size, name, place),
                    key=f"{self.key}_{name}_{place}",
                    bounds=_bounds(about, int),
                    width=SIZE_WIDTH,
                )
        st.caption(_(about.help))

    # ---- taking what was chosen --------------------------------------------------------------------------

    def _control(self, part: str, value: Any, change: Callable[..., None], *args: Any) -> dict[str, Any]:
        """Return what makes a control show a value and hand on what is chosen."""
        name = f"{self.key}_{part}"
        return {
            "key": control_key(name, value),
            "on_change": lambda: change(chosen_value(name), *args),
        }

    def _set_count(self, count: int, name: str) -> None:
        sizes = getattr(self.config, name)
        new = next(iter(sizes[-1:] or _default(self.config, name)[-1:] or (FIRST_SIZE,)))
        self._set((*sizes[:count], *[new] * (count - len(sizes))), name)

    def _set_size(self, name: str, place: int, size: int) -> None:
        sizes = list(getattr(self.config, name))
        if place < len(sizes):  # the layer may be gone by a change that came just before
            sizes[place] = size
            self._set(tuple(sizes), name)

    def _change(self, value: Any, name: str) -> None:
        with keeping_problem(f"{self.key}_{name}"):
            self._set(value, name)

    def _set(self, value: Any, name: str) -> None:
        self.write(name, dataclasses.replace(self.config, **{name: value}))

    def _kind(self, name: str) -> type:
        config_class: type = type(self.config)
        return _kind_of(config_class, name)


@cache
def _kind_of(config_class: type, name: str) -> type:
    """Return bool, int, float, tuple or str: what a field holds when it is not None.

    Kept: reading the annotations again for each control took a third of the Network page's time.
    """
    hint = get_type_hints(config_class)[name]
    kinds = [kind for kind in get_args(hint) or (hint,) if kind is not type(None)]
    return tuple if isinstance(_default(config_class, name), tuple) else kinds[0]


def control_key(name: str, value: Any) -> str:
    """Return the key of the control called ``name``, which shows ``value``.

    A value that changed elsewhere (a recipe, say) gets a new control. If the old one were given it, the
    browser could send its old value once more with the next click, and that would count as a choice.
    """
    version, shown = _shown().get(name, (0, value))
    version += shown != value
    _shown()[name] = version, value
    key = f"{name} {version}"
    if key not in st.session_state:
        st.session_state[key] = value
    return key


def chosen_value(name: str) -> Any:
    """Return what was chosen in the control called ``name``; for the callback of its change."""
    version, _value = _shown()[name]
    value = st.session_state[f"{name} {version}"]
    _shown()[name] = version, value
    return value


def _shown() -> dict[str, tuple[int, Any]]:
    """Return, by control, how many there were before it, and what it shows."""
    shown: dict[str, tuple[int, Any]] = st.session_state.setdefault("controls", {})
    return shown


def _rows(names: list[str], alone: Callable[[str], bool]) -> Iterable[list[str]]:
    """Yield the names in rows of two; one that needs the width stands alone.

    >>> list(_rows(["sizes", "a", "b", "c"], lambda name: name == "sizes"))
    [['sizes'], ['a', 'b'], ['c']]
    """
    row: list[str] = []
    for name in names:
        if row and (alone(name) or len(row) == 2):
            yield row
            row = []
        row.append(name)
        if alone(name):
            yield row
            row = []
    if row:
        yield row


def _default(config: Any, name: str) -> Any:
    return next(field.default for field in dataclasses.fields(config) if field.name == name)


def _bounds(about: Setting, kind: type) -> Bounds:
    assert about.minimum is not None  # as every number of a config has them
    assert about.maximum is not None
    return Bounds(about.minimum, about.maximum, about.step or 1, whole=kind is int)


def _with_unit(about: Setting) -> str:
    unit = _(about.unit) if about.unit else ""
    return f"{_(about.label)} ({unit})" if unit and unit.lower() != _(about.label).lower() else _(about.label)


def choice_label(table: Iterable[str], name: str) -> str:
    """Return what a table calls one of its entries."""
    entry = table[name] if isinstance(table, Mapping) else name
    return _(getattr(entry, "label", entry))


def _help(table: Iterable[str], name: str | None) -> str:
    """Return an entry's line of help, where it has one."""
    entry = table[name] if isinstance(table, Mapping) and name is not None else None
    return _(getattr(entry, "help", ""))
