"""What a search varies and how long it may take, as the visitor chooses it.

The page Search shows it above the board. The choice is kept with the visitor's other settings.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from dashboard.estimate import show_time
from dashboard.search.words import setting_words
from dashboard.session import Session
from dashboard.ui.config_form import choice_label, chosen_value, control_key
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import keeping_problem, plain, show_problem
from dashboard.ui.number_field import Bounds, number_field
from dashboard.ui.wording import dataset_words
from mlcore.errors import SettingError
from mlcore.language import _
from mlcore.quote import quoted
from mlcore.search.halving import fractions, share_of_work
from mlcore.search.proposals import KINDS
from mlcore.search.same_run import doubles
from mlcore.search.search import MOST_RUNS, SearchPlan
from mlcore.search.space import Dimension, idle_settings, is_range, kind_of, searchable, usual_dimension

USUAL = ("learning_rate", "hidden_sizes", "batch_size")
"""The settings that a first search varies."""

LONGEST = 24 * 60  # minutes of a search
LONGEST_LIST = 400  # characters
FIELD_WIDTH = 160  # CSS pixels


def plan_of(session: Session) -> SearchPlan:
    """Return the search as it is set up, around the settings in use."""
    plan = session.search_plan
    network, training = session.network_config, session.training_config
    if plan is None:
        space = tuple(usual_dimension(name, network, training) for name in USUAL)
        plan = SearchPlan(space)
    return replace(plan, network=network, training=training)


def change_plan(session: Session, **parts: Any) -> None:
    """Change parts of the search that is set up."""
    session.search_plan = replace(plan_of(session), **parts)


def say_data(session: Session) -> None:
    """Say what is learned from, and what holds for all that is not varied."""
    split = session.split
    text = _(
        "Try many settings and see which do best on the dev set. Data: {name}, {train:,} training images, "
        "{dev:,} in the dev set. All other settings are those on the page Network."
    )
    name = plain(dataset_words(session.dataset.name))
    st.write(text.format(name=name, train=len(split.train), dev=len(split.dev)))


def show_form(session: Session) -> None:
    """Show the controls of a search."""
    plan = plan_of(session)
    with st.container(key="search_form"):
        choose_settings(session, plan)
        with st.container(horizontal=True, gap="medium", key="search_space"):
            for dimension in plan.space:
                show_dimension(session, dimension)
        say_idle(plan)
        say_doubles(plan, len(session.split.train))
        choose_kind(session, plan)
        choose_budget(session, plan)
        say_work(session, plan)


def take(session: Session, part: str) -> None:
    """Take over what was chosen for a part of the search."""
    with keeping_problem(f"search_{part}"):
        change_plan(session, **{part: chosen_value(f"search_{part}")})


def choose_settings(session: Session, plan: SearchPlan) -> None:
    """Let the visitor choose which settings are varied."""
    settings = searchable()
    st.multiselect(
        _("Settings to vary"),
        list(settings),
        format_func=lambda name: _(settings[name].label),
        key=control_key("search_settings", [dimension.name for dimension in plan.space]),
        on_change=lambda: take_settings(session, chosen_value("search_settings")),
    )
    show_problem("search_settings")


def take_settings(session: Session, names: list[str]) -> None:
    """Vary these settings; those that were varied before keep their ranges."""
    with keeping_problem("search_settings"):
        plan = plan_of(session)
        before = {dimension.name: dimension for dimension in plan.space}
        space = [before.get(name) or usual_dimension(name, plan.network, plan.training) for name in names]
        change_plan(session, space=tuple(space))


def change_dimension(session: Session, name: str, **parts: Any) -> None:
    """Change the range or the values of one setting."""
    space = plan_of(session).space
    change_plan(
        session,
        space=tuple(replace(one, **parts) if one.name == name else one for one in space),
    )


def show_dimension(session: Session, dimension: Dimension) -> None:
    """Show the controls of one setting that is varied."""
    change = partial(change_dimension, session, dimension.name)
    with st.container(width="content", gap="xsmall"):
        if is_range(dimension.name):
            _show_range(dimension, change)
        elif kind_of(dimension.name) is tuple:
            _show_lists(dimension, change)
        else:
            _show_choices(dimension, change)


def say_idle(plan: SearchPlan) -> None:
    """Name the settings that are left out because nothing would come of varying them."""
    for name, reason in idle_settings(plan.space, plan.network, plan.training).items():
        text = _("{setting} is not varied. {reason}")
        st.caption(text.format(setting=_(searchable()[name].label), reason=reason))


def say_doubles(plan: SearchPlan, n_train: int) -> None:
    """Name the values that are not tried on their own, because another one trains the same run."""
    for one in doubles(plan.varied, plan.network, plan.training, n_train):
        text = _("{setting}: here {value} trains the same run as {plain}, so only one of the two is tried.")
        value, plain = (setting_words(one.name, each) for each in (one.value, one.plain))
        st.caption(text.format(setting=_(searchable()[one.name].label), value=value, plain=plain))


def _show_range(dimension: Dimension, change: Callable[..., None]) -> None:
    about, label = searchable()[dimension.name], _(searchable()[dimension.name].label)
    assert about.minimum is not None  # as every number of a config has them
    assert about.maximum is not None
    bounds = Bounds(about.minimum, about.maximum, about.step or 1, whole=kind_of(dimension.name) is int)
    with st.container(horizontal=True, gap="small", width="content"):
        for end, words in (("low", _("{setting}: from")), ("high", _("{setting}: to"))):
            number_field(
                words.format(setting=label),
                getattr(dimension, end),
                partial(_take_end, change, end),
                key=f"search_{dimension.name}_{end}",
                bounds=bounds,
                width=FIELD_WIDTH,
            )


def _take_end(change: Callable[..., None], end: str, value: float) -> None:
    change(**{end: value})


def _show_choices(dimension: Dimension, change: Callable[..., None]) -> None:
    about, key = searchable()[dimension.name], f"search_{dimension.name}"
    table: Any = (False, True) if about.choices is None else about.choices()
    words = {False: _("no"), True: _("yes")}

    def take() -> None:
        with keeping_problem(key):
            change(values=tuple(chosen_value(key)))

    st.pills(
        _(about.label),
        list(table),
        selection_mode="multi",
        format_func=lambda value: words.get(value) or choice_label(table, value),
        key=control_key(key, list(dimension.values)),
        on_change=take,
    )
    show_problem(key)


def _show_lists(dimension: Dimension, change: Callable[..., None]) -> None:
    about, key = searchable()[dimension.name], f"search_{dimension.name}"

    def take() -> None:
        with keeping_problem(key):
            change(values=read_lists(chosen_value(key)))

    st.text_input(
        _(about.label),
        max_chars=LONGEST_LIST,
        help=_(
            "Alternatives separated by semicolons, such as 64; 128; 256, 128. A dash means no hidden layer."
        ),
        key=control_key(key, lists_words(dimension.values)),
        on_change=take,
        width=2 * FIELD_WIDTH + 8,
    )
    show_problem(key)


def lists_words(values: tuple[tuple[int, ...], ...]) -> str:
    """Return lists of numbers as a field shows them.

    >>> lists_words(((), (64,), (256, 128)))
    '–; 64; 256, 128'
    """
    return "; ".join(", ".join(map(str, value)) or "–" for value in values)


def read_lists(text: str) -> tuple[tuple[int, ...], ...]:
    """Read what `lists_words` writes.

    >>> read_lists("-; 64; 256,128;")
    ((), (64,), (256, 128))
    """
    found = []
    for part in text.split(";"):
        words = [] if part.strip() in ("–", "-") else re.split(r"[,\s]+", part.strip())
        if not all(word.isascii() and word.isdigit() for word in words) and words != [""]:
            message = _("{text} is not a list of whole numbers. Write, for example: 64; 128; 256, 128.")
            raise SettingError(message.format(text=quoted(part.strip())))
        if words != [""]:
            found.append(tuple(int(word) for word in words))
    return tuple(dict.fromkeys(found))


def choose_kind(session: Session, plan: SearchPlan) -> None:
    """Let the visitor choose how candidates are proposed."""
    there = [name for name, kind in KINDS.items() if kind.is_there()]
    st.segmented_control(
        _("Kind"),
        there,
        required=True,
        format_func=lambda name: _(KINDS[name].label),
        key=control_key("search_kind", plan.kind),
        on_change=lambda: take(session, "kind"),
        help=meaning("random_search"),
    )
    st.caption(_(KINDS[plan.kind].help))
    show_problem("search_kind")


def choose_budget(session: Session, plan: SearchPlan) -> None:
    """Let the visitor choose how many runs and how much time a search may take."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        number_field(
            _("Runs"),
            plan.runs,
            lambda value: change_plan(session, runs=value),
            key="search_runs",
            bounds=Bounds(1, MOST_RUNS, 8),
            width=FIELD_WIDTH,
        )
        number_field(
            _("Minutes at most"),
            None if plan.seconds is None else plan.seconds / 60,
            lambda value: change_plan(session, seconds=None if value is None else 60 * value),
            key="search_minutes",
            bounds=Bounds(0.1, LONGEST, 1, whole=False),
            none=_("no limit"),
            width=FIELD_WIDTH,
        )
        number_field(
            _("Seed of the search"),
            plan.seed,
            lambda value: change_plan(session, seed=value),
            key="search_seed",
            bounds=Bounds(0, 2**32 - 1, 1),
            width=FIELD_WIDTH,
        )
    st.caption(_("When the time is up, the search finishes the current round."))
    st.toggle(
        _("Stop hopeless runs early"),
        key=control_key("search_halving", plan.halving),
        on_change=lambda: take(session, "halving"),
        help=meaning("successive_halving"),
    )


def say_work(session: Session, plan: SearchPlan) -> None:
    """Say how much there is to train."""
    n_train = len(session.split.train)
    parts = fractions(plan.training, n_train) if plan.halving else (1.0,)
    n = plan.n_different(n_train)
    whole = share_of_work(parts) * n
    text = _("{n} runs are about as much work as {whole:.2g} full trainings. One takes {time}.")
    if n < plan.runs:
        text = _("There are only {n} different runs to try.") + " " + text

    def show(place: Any, time: str) -> None:
        place.caption(text.format(n=n, whole=max(1.0, whole), time=time))

    show_time(session, show)
