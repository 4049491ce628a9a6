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
from mlcore.search.space import searchable


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


def effects_words(effects: Sequence[Effect]) -> list[str]:
    """Return which settings mattered, a sentence each, and at last those that did not."""
    if not effects:
        return [_("Which setting matters can be said after {n} runs.").format(n=FEWEST)]
    clear = [effect for effect in effects if effect.matters(len(effects))]
    vague = [effect for effect in effects if not effect.matters(len(effects))]
    lines = [_effect_words(effect, is_first=effect is clear[0]) for effect in clear]
    if vague:
        names = ", ".join(_(searchable()[effect.name].label) for effect in vague)
        text = _("No clear effect, in these ranges and with so few runs: {settings}.")
        lines.append(text.format(settings=names))
    return lines


def _effect_words(effect: Effect, is_first: bool) -> str:
    best, worst = effect.groups[0], effect.groups[-1]
    text = _(
        "{setting} mattered most: at the first comparison, half of the runs with {best} had reached {high}, "
        "with {worst} {low}."
    )
    if not is_first:
        text = _("{setting} mattered too: {high} with {best}, {low} with {worst}.")
    return text.format(
        setting=_(searchable()[effect.name].label),
        best=group_words(effect.name, best),
        worst=group_words(effect.name, worst),
        high=percent(best.accuracy),
        low=percent(worst.accuracy),
    )
