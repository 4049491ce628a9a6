"""The settings in the address of a page: written as they change, and taken from a link that somebody sent.

The pages Data, Network, Train and Search call `follow_address` first. What stands in the address wins.
"""

from dataclasses import dataclass, field

import streamlit as st

from dashboard.address import from_address, to_address
from dashboard.recipe import usual_settings
from dashboard.session import SHIPPED, UPLOADED, Session, can_split
from dashboard.settings_link import (
    STANDARD,
    Parameters,
    Settings,
    SettingsLink,
    never_nothing,
    read_settings,
    write_settings,
)
from dashboard.ui.copy_link import copy_link
from dashboard.ui.messages import show_message
from mlcore import RECIPES, SHIPPED_DATASETS
from mlcore.language import _
from mlcore.quote import quoted

FORMER_RECIPES = dict.fromkeys(("half-second", "tenth-of-a-second"), "tenths-of-a-second")
"""The recipe that an address means which was written before its name changed."""
USUAL_DATASET = "mnist"
MOST_NAMED = 3
"""Parts of a link that a sentence quotes; a link may be long and all wrong."""

_FOLLOWED = "followed_address"


@dataclass
class _Followed:
    """What the address said when it was last looked at, what the session said then, and what to tell.

    News are told once, notes until the next change. Until the browser has shown what was written last, it may
    send an earlier address with what the visitor does.
    """

    seen: Parameters = field(default_factory=dict)
    said: Parameters = field(default_factory=dict)
    earlier: tuple[Parameters, ...] = ()
    notes: tuple[str, ...] = ()
    news: tuple[str, ...] = ()


def _followed() -> _Followed:
    followed: _Followed = st.session_state.setdefault(_FOLLOWED, _Followed())
    return followed


def follow_address(session: Session) -> None:
    """Take the settings of an address that the visitor opened or went back to; else let it say those in use.

    An address without settings, as the menu has it, says nothing. What could not be used is removed from the
    address, and told.
    """
    followed, seen = _followed(), parameters_in_address()
    if seen == followed.seen:
        followed.earlier = ()
    # With a new choice of the visitor's, an address from before it is late; alone, they went back to it.
    is_late = seen in followed.earlier and parameters_of(session) != followed.said
    if seen != followed.seen and any(seen.values()) and not is_late:
        followed.notes = take_parameters(session, seen)
        said = parameters_of(session)
        if followed.notes:
            to_address(**said)
            seen = said
    else:
        said = parameters_of(session)
        if said != followed.said:
            followed.notes = ()
        if seen != followed.seen or said != followed.said:
            to_address(**said)
            followed.earlier += (followed.seen, seen)
            seen = said
    followed.seen, followed.said = seen, said
    followed.notes += followed.news
    _tell(followed)


def tell_address(session: Session) -> None:
    """Let the address say the settings in use, in a fragment that changes some: no page follows it there."""
    followed, said = _followed(), parameters_of(session)
    if said != followed.said:
        to_address(**said)
        followed.earlier += (followed.seen,)
        followed.seen = followed.said = said


def leave_address() -> None:
    """Take the settings out of the address, which is about something else."""
    to_address(recipe=None, data=None, file=None, settings=None)
    followed = _followed()
    followed.seen, followed.said, followed.earlier, followed.notes = {}, {}, (), followed.news
    _tell(followed)


def _tell(followed: _Followed) -> None:
    with st.container():  # there without notes, too: what follows keeps its place when they go
        for note in followed.notes:
            show_message("info", note)
    followed.news = ()


def parameters_in_address() -> Parameters:
    """Return what the address says of settings."""
    return {
        "recipe": from_address("recipe"),
        "data": from_address("data"),
        "file": from_address("file"),
        "settings": from_address("settings"),
    }


def settings_of(session: Session) -> Settings:
    """Return the settings in use."""
    return Settings(session.network_config, session.training_config, session.split_settings)


def parameters_of(session: Session) -> Parameters:
    """Return what an address says of the settings in use: what differs from the recipe's."""
    is_own = session.dataset_key == UPLOADED
    is_usual = session.dataset_key == usual_dataset(session.recipe)
    text = write_settings(settings_of(session), usual_settings(session, session.recipe))
    return {
        "recipe": None if session.recipe == STANDARD else session.recipe,
        "data": None if is_own or is_usual else session.dataset_key,
        "file": quoted(session.whole.name) if is_own else None,
        "settings": text or None,
    }


def link_of(session: Session) -> Parameters:
    """Return what a link to the settings in use says: never nothing, which would change nothing."""
    return never_nothing(parameters_of(session))


def link_with(session: Session) -> SettingsLink:
    """Return the link to other settings of network and training; all else is as in use now."""
    usual = usual_settings(session, session.recipe)
    return SettingsLink(parameters_of(session), usual, session.split_settings)


def use_link(session: Session, link: Parameters) -> None:
    """Use the settings that a link names, as a button does; what is to be said of it is said by the page."""
    followed = _followed()
    followed.news = (
        *take_parameters(session, link),
        _("The settings of this run are now yours, on the pages Data and Network."),
    )


def offer_link(session: Session) -> None:
    """Offer the link to this page with the settings in use, and say what it does not carry."""
    copy_link(link_of(session), "settings_link")
    if session.dataset_key == UPLOADED:
        st.caption(_("The link carries the settings, not your data set: send the file as well."))
    elif not session.is_as_given:
        st.caption(_("The link carries the settings, but not which images you left out or relabelled."))


def usual_dataset(recipe: str) -> str:
    """Return the data set that a recipe is for."""
    return RECIPES[recipe].dataset or USUAL_DATASET


def take_parameters(session: Session, parameters: Parameters) -> tuple[str, ...]:
    """Use the settings that an address names, and return the sentences that are to be said about it."""
    notes, ignored = [], []
    recipe, data, file = (parameters.get(name) for name in ("recipe", "data", "file"))
    recipe = FORMER_RECIPES.get(recipe or "", recipe)
    if recipe is not None and recipe not in RECIPES:
        ignored.append(recipe)
        recipe = None
    if data is not None and data not in SHIPPED:
        ignored.append(data)
        data = None
    session.recipe, session.before_recipe, session.with_recipe = recipe or STANDARD, None, None
    data = data or usual_dataset(session.recipe)
    if file is not None:
        notes += _use_file(session, file, data)
    else:
        notes += _use_shipped(session, data)
    usual = usual_settings(session, session.recipe)
    text = parameters.get("settings") or ""
    settings, unread = read_settings(text, usual, lambda split: can_split(session.dataset, split))
    session.network_config, session.training_config = settings.network, settings.training
    session.split_settings = settings.split
    session.rate_is_chosen = settings.training.learning_rate != usual.training.learning_rate
    if ignored := [*ignored, *unread]:
        some = ", ".join(quoted(part, 40) for part in ignored[:MOST_NAMED])
        text = _("This part of the link is unknown or out of bounds and was left out: {parts}.")
        notes.append(text.format(parts=f"{some} …" if len(ignored) > MOST_NAMED else some))
    return tuple(notes)


def _use_shipped(session: Session, data: str) -> list[str]:
    """Use a shipped data set; one's own that was in use is not lost."""
    was_own = session.dataset_key == UPLOADED
    session.use_dataset(data)
    if not was_own:
        return []
    text = _("This link uses {data}. Your own data set is kept: choose “Your own” on the Data page.")
    return [text.format(data=_(SHIPPED_DATASETS[data].title))]


def _use_file(session: Session, file: str, instead: str) -> list[str]:
    """Use one's own data set if it is the one that the link was made with."""
    uploaded = session.uploaded
    if uploaded is not None and quoted(uploaded.name) == quoted(file):
        if session.dataset_key != UPLOADED:
            session.use_upload(uploaded, session.uploaded_test, session.uploaded_dev)
        return []
    session.use_dataset(instead)
    text = _(
        "This link was made with the data set {file}, which a link cannot carry. Upload that "
        "file on the Data page; until then, {data} is used."
    )
    return [text.format(file=quoted(file), data=_(SHIPPED_DATASETS[instead].title))]
