"""The report of a run: one HTML page with settings, curves, confusion matrix and the worst mistakes.

The Train page offers it. Everything is inside, Plotly's library too, so that it opens without the internet.
"""

from collections.abc import Iterator

from dashboard.runs.status import STATE_LABELS, RunStatus
from dashboard.train.doctor import outcome_of
from dashboard.ui.formats import duration, percent
from dashboard.ui.learning_curves import learning_curves
from dashboard.ui.messages import html_text, isolated
from dashboard.ui.pictures import Picture, grid_html
from dashboard.ui.report_page import chart_html, facts_html, report_page
from dashboard.ui.wording import (
    dataset_words,
    moment,
    run_words,
    training_images_words,
    value_words,
    versions_words,
)
from mlcore import Dataset, Evaluation, Model, NetworkConfig, TrainingConfig, evaluate, settings_of
from mlcore.language import _
from mlcore.quote import quoted
from mlcore.settings import why_idle

MOST_MISTAKES = 30


def run_report(status: RunStatus, model: Model, dev: Dataset) -> str:
    """Return the report of a run as the text of an HTML file.

    Parameters
    ----------
    status : RunStatus
    model : Model
        Its model, best or last, which is evaluated.
    dev : Dataset
        Its dev set.
    """
    title = _("Training run on {dataset}").format(dataset=html_text(dataset_words(status.data.name)))
    parts = [
        f"<h1>{title}</h1>",
        f"<p>{html_text(run_words(status))}</p>",
        facts_html(_facts(status, model)),
        f"<h2>{_('Learning curves')}</h2>",
        *(chart_html(figure) for figure in learning_curves(status)),
        *_evaluation(model, dev),
        f"<h2>{_('Settings')}</h2>",
        facts_html(_settings(status)),
    ]
    return report_page(title, parts)


def _facts(status: RunStatus, model: Model) -> Iterator[tuple[str, str]]:
    yield _("State"), _(STATE_LABELS[status.state])
    if status.best is not None:
        text = _("{accuracy} dev accuracy at {moment}")
        accuracy = percent(status.best.dev_accuracy)
        yield _("Best"), text.format(accuracy=accuracy, moment=moment(status, status.best))
    if status.test_accuracy is not None:
        yield _("Test accuracy"), percent(status.test_accuracy, 2)
    if not status.live and (found := outcome_of(status)) is not None:
        yield _("Note"), found.words
    yield _("Training time"), duration(status.seconds_trained)
    yield _("Training images"), training_images_words(status.data)
    yield _("Dev images"), f"{status.data.n_dev:,}"
    yield _("Parameters"), f"{model.parameter_count:,}"
    yield _("Made with"), versions_words(model.card)


def _settings(status: RunStatus) -> Iterator[tuple[str, str]]:
    for config in (status.network, status.training):
        yield from _settings_of(config)


def _settings_of(config: NetworkConfig | TrainingConfig) -> Iterator[tuple[str, str]]:
    """Yield the settings that have an effect, each with its value in words."""
    for name, about in settings_of(config).items():
        if not why_idle(config, name):
            label = f"{_(about.group)}: {_(about.label)}" if about.group else _(about.label)
            yield label, value_words(about, getattr(config, name))


def _evaluation(model: Model, dev: Dataset) -> Iterator[str]:
    """Yield what the model makes of the dev set, where there is one."""
    if not len(dev):
        return
    found = evaluate(model, dev)
    low, high = found.likely_accuracy
    text = _("{right:,} of {n:,} dev images are classified correctly: {accuracy}.")
    likely = _("On new images of the same kind, expect {low} to {high} (95 % interval).")
    yield f"<h2>{_('Confusion matrix')}</h2>"
    yield f"<p>{text.format(right=found.right, n=len(dev), accuracy=percent(found.accuracy, 2))}"
    yield f" {likely.format(low=percent(low), high=percent(high))}</p>"
    yield _matrix(found)
    if found.wrong:
        yield f"<h2>{_('Most confident mistakes')}</h2>"
        yield grid_html(_mistakes(found, dev))


def _matrix(found: Evaluation) -> str:
    """Return the confusion matrix as a table: a row for each true class, the darker the more of it."""
    names = [isolated(name) for name in found.class_names]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = []
    for name, counts in zip(names, found.matrix.tolist(), strict=True):
        of_class = max(1, sum(counts))
        cells = "".join(
            f'<td style="background: rgb(70 120 190 / {0.6 * (n / of_class) ** 0.35:.2f})">{n or ""}</td>'
            for n in counts
        )
        rows.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    corner = _("true ↓ guessed →")
    table = f"<tr><th>{corner}</th>{head}</tr>{''.join(rows)}"
    return f'<div class="scroll"><table class="matrix">{table}</table></div>'


def _mistakes(found: Evaluation, dev: Dataset) -> list[Picture]:
    worst = found.mistakes[:MOST_MISTAKES]
    alt, names = _("{true} that was classified as {guessed}"), found.class_names
    pictures = []
    for place, image in zip(worst.tolist(), dev.take(worst).images, strict=True):
        true, guessed = quoted(names[found.labels[place]]), quoted(names[found.guesses[place]])
        caption = f"{true} → {guessed}\n{percent(float(found.confidence[place]), 0)}"
        pictures.append(Picture(image, alt.format(true=true, guessed=guessed), caption))
    return pictures
