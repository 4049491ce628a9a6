"""What a search has found, in words: the settings of a candidate, and which setting mattered.

The board of the page Search shows them.
"""

from collections.abc import Sequence
from typing import Any

from dashboard.ui.formats import percent
from dashboard.ui.number_field import as_text
from dashboard.ui.wording import value_words
from mlcore.language import _
from mlcore.search.importance import FEWEST, Effect, Group
from mlcore.search.space import Dimension, searchable


def setting_words(name: str, value: Any) -> str:
    """Return a value of a setting in words.

    >>> setting_words("hidden_sizes", (64, 32)), setting_words("learning_rate", 0.003)
    ('64, 32 neurons', '0.003')
    """
    return value_words(searchable()[name], value)


def group_words(name: str, group: Group) -> str:
    """Return the values of a group of candidates: one, or from the lowest to the highest.

    >>> group_words("batch_size", Group((16, 20, 32), 0.9, 3))
    '16 to 32 images'
    """
    first, last = group.values[0], group.values[-1]
    if first == last:
        return setting_words(name, first)
    return _("{low} to {high}").format(low=as_text(first), high=setting_words(name, last))


def effects_words(space: Sequence[Dimension], effects: Sequence[Effect]) -> list[str]:
    """Return which settings mattered, a sentence for each that is varied, the strongest first."""
    if not effects:
        return [_too_few_words(one.name) for one in space]
    return [_effect_words(place, effect, len(effects)) for place, effect in enumerate(effects)]


def _label(name: str) -> str:
    return _(searchable()[name].label)


def _too_few_words(name: str) -> str:
    text = _("{setting}: its effect can be judged after {n} runs in which it has one.")
    return text.format(setting=_label(name), n=FEWEST)


def _effect_words(place: int, effect: Effect, n_settings: int) -> str:
    if not effect.groups:
        return _too_few_words(effect.name)
    best, worst = effect.groups[0], effect.groups[-1]
    text = _("{setting} mattered too: {high} with {best}, {low} with {worst}.")
    if place == 0:
        text = _(
            "{setting} mattered most: at the first comparison, half of the runs with {best} had reached "
            "{high}, with {worst} {low}."
        )
    if not effect.matters(n_settings):
        text = _("{setting}: no clear effect, in this range and with so few runs.")
    return text.format(
        setting=_label(effect.name),
        best=group_words(effect.name, best),
        worst=group_words(effect.name, worst),
        high=percent(best.accuracy),
        low=percent(worst.accuracy),
    )
