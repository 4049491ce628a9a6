"""Runs that differ in their seed alone: how far apart chance brings them, in words.

The comparison on the page Runs says it below the scores.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from statistics import mean

from dashboard.runs.kept import KeptRun
from dashboard.ui.formats import percent
from dashboard.ui.messages import plain
from mlcore.language import _


def seed_words(runs: Sequence[tuple[str, KeptRun]]) -> list[str]:
    """Return a sentence, as Markdown, for each group of finished runs that differ in their seed alone."""
    groups = defaultdict[Hashable, list[tuple[str, float]]](list)
    for name, run in runs:
        if run.state == "finished" and run.is_plain and run.best is not None and run.data.n_dev:
            alike = (run.network, replace(run.training, seed=0), run.data, run.dev_files)
            groups[alike].append((plain(name), run.best.dev_accuracy))
    return [_sentence(group) for group in groups.values() if len(group) > 1]


def _sentence(group: Sequence[tuple[str, float]]) -> str:
    text = _(
        "{names} differ in their seed alone: {mean} dev accuracy on average, from {low} to {high}. A "
        "difference of this size between other runs may come from the seed, too."
    )
    accuracies = [accuracy for _name, accuracy in group]
    return text.format(
        names=", ".join(name for name, _accuracy in group),
        mean=percent(mean(accuracies), 2),
        low=percent(min(accuracies), 2),
        high=percent(max(accuracies), 2),
    )
