"""The report of an evaluation: one HTML page with sentences, figures, tables, slices and the worst mistakes.

The Evaluate page offers it. Everything is inside, so that it opens without the internet.
"""

from collections.abc import Iterator, Sequence

from dashboard.evaluate.calibration_chart import calibration_figure
from dashboard.evaluate.several import Answerer
from dashboard.evaluate.slices import slices_table
from dashboard.evaluate.sure import coverage_figure, threshold_in_words
from dashboard.evaluate.tables import accuracy_in_words, calibration_in_words, classes_rows, disputed_in_words
from dashboard.models.answers import answer_pictures
from dashboard.models.confusion_chart import confusion_figure, in_words
from dashboard.ui.formats import percent
from dashboard.ui.messages import html_text
from dashboard.ui.pictures import grid_html
from dashboard.ui.report_page import chart_html, report_page, table_html
from dashboard.ui.wording import dataset_words
from mlcore import Dataset, Slice
from mlcore.evaluation import UNSURE
from mlcore.language import _

MOST_MISTAKES = 60
MOST_CONFUSIONS = 3


def evaluation_report(words: str, images: Dataset, model: Answerer, slices: Sequence[Slice]) -> str:
    """Return the report as the text of an HTML file.

    Parameters
    ----------
    words : str
        Which model was evaluated on which images.
    images : Dataset
    model : Answerer
        Its name and its answers to them.
    slices : sequence of Slice
        Of these images.
    """
    found = model.evaluation
    title = _("Evaluation on {dataset}").format(dataset=html_text(dataset_words(images.name)))
    first = next(iter(found.confusions()), (0, 0))
    sentences = [f"<p>{html_text(one)}</p>" for one in _sentences(words, images, model) if one]
    parts = [f"<h1>{title}</h1>", *sentences]
    parts += [
        f"<h2>{_('Confusion matrix')}</h2>",
        chart_html(confusion_figure(found, first), _confusions(model)),
    ]
    parts += [f"<h2>{_('Scores by class')}</h2>", table_html(*classes_rows(found))]
    parts += [f"<h2>{_('Calibration')}</h2>", f"<p>{html_text(calibration_in_words(found))}</p>"]
    parts += [chart_html(calibration_figure(found.calibration))]
    parts += [f"<h2>{_('Answer only when sure')}</h2>", chart_html(coverage_figure(found, UNSURE))]
    if slices:
        table = slices_table(slices, [model])
        head = [_("Slice"), model.label, _("Number"), _("Images")]
        table["n"] = table["n"].map("{:,}".format)
        rows = ([str(cell) for cell in row] for row in table.itertuples(index=False))
        parts += [f"<h2>{_('Slices')}</h2>", table_html(head, rows)]
    if found.wrong:
        worst = answer_pictures(found, images, found.mistakes[:MOST_MISTAKES])
        parts += [f"<h2>{_('Most confident mistakes')}</h2>", grid_html(worst)]
    return report_page(title, parts)


def _sentences(words: str, images: Dataset, model: Answerer) -> Iterator[str]:
    """Yield what was found, in plain words; a sentence may be empty."""
    found = model.evaluation
    yield words
    yield accuracy_in_words(found)
    if found.wrong:
        yield _("Confused most often: {cells}").format(cells=_confusions(model))
    text = _("Asked to answer only when it is at least {least} sure: {words}")
    yield text.format(least=percent(UNSURE, 0), words=threshold_in_words(found, UNSURE))
    yield disputed_in_words(found, images)


def _confusions(model: Answerer) -> str:
    """Return the fullest cells off the diagonal in words."""
    found = model.evaluation
    return " ".join(in_words(found, cell) for cell in found.confusions()[:MOST_CONFUSIONS])
