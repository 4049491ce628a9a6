"""The downloads of a run: the trained model as one file, the history as a table.

The Train page offers them. The model file can be loaded on Draw, here or on any other server.
"""

import csv
import dataclasses
import io
from collections.abc import Iterable

import streamlit as st

from dashboard.models.take_home import model_file
from dashboard.navigation import page
from dashboard.run_service import get_run_service
from dashboard.runs.status import RunStatus
from dashboard.train.exports import show_more_files
from dashboard.ui.choices import choose_one
from dashboard.ui.wording import file_stem
from mlcore import BatchMetrics, Record
from mlcore.language import N_, _

HISTORY_COLUMNS = {
    "step": N_("training steps so far"),
    "epoch": N_("passes over the training set, fractions included"),
    "images_seen": N_("training images seen so far, repeats included"),
    "learning_rate": N_("learning rate of the last step; in the row of an evaluation, of the next step"),
    "batch_loss": N_(
        "mean loss of the batches since the previous row, each before its own step, plus the L2 penalty"
    ),
    "batch_accuracy": N_("fraction of their images that were classified correctly"),
    "train_loss": N_("mean loss on a fixed sample of the training set, plus the L2 penalty"),
    "train_accuracy": N_("fraction of that sample that was classified correctly"),
    "dev_loss": N_("mean loss on the dev set, plus the L2 penalty"),
    "dev_accuracy": N_("fraction of the dev set that was classified correctly"),
}
"""The columns of the history file, and what they are; a record leaves those empty that are not its own."""

WEIGHTS = {"best": N_("Best on the dev set"), "last": N_("Last")}


def history_csv(history: Iterable[Record]) -> str:
    """Return the history of a run as CSV, a record a row, with the columns `HISTORY_COLUMNS`.

    >>> print(history_csv([BatchMetrics(16, 0.5, 2048, 0.25, 0.875, 0.001)]).splitlines()[1])
    16,0.5,2048,0.001,0.25,0.875,,,,
    """
    file = io.StringIO()
    writer = csv.DictWriter(file, HISTORY_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for record in history:
        values = dataclasses.asdict(record)
        if isinstance(record, BatchMetrics):
            values["batch_loss"], values["batch_accuracy"] = values.pop("loss"), values.pop("accuracy")
        writer.writerow(values)
    return file.getvalue()


def choose_weights() -> str:
    """Show the choice of the weights, and return its key; only of a run with a best moment."""
    return choose_one(_("Weights"), WEIGHTS, key="weights")


def show_downloads(status: RunStatus, may_change: bool) -> None:
    """Offer the model, as it was best or last, the history, and more files."""
    service = get_run_service()  # here: the files are made in other threads, when they are asked for
    st.header(_("Download"))
    with st.container(key="run_downloads", horizontal=True, vertical_alignment="bottom"):
        which = choose_weights() if status.best is not None else "last"
        st.download_button(
            _("Trained model (.npz)"),
            lambda: model_file(service.model(status.run_id, best=which == "best")),
            f"{file_stem(status)}-{which}.npz",
            "application/octet-stream",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            _("History (.csv)"),
            lambda: history_csv(status.history),
            f"{file_stem(status)}-history.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/table_view:",
        )
    show_more_files(status, may_change, best=which == "best")
    st.page_link(page("draw"), label=_("Load a model file on Draw"), icon=":material/upload_file:")
    with st.expander(_("Columns of the history")):
        rows = "\n".join(f"| `{name}` | {_(text)} |" for name, text in HISTORY_COLUMNS.items())
        st.markdown(f"| {_('Column')} | {_('Meaning')} |\n| --- | --- |\n{rows}")
