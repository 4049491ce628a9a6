"""The measurements of a run as a list of numbers: what the learning curves show, to be read and copied.

The Train page shows it below the curves on request.
"""

import pandas as pd
import streamlit as st

from dashboard.runs.status import RunStatus
from mlcore import EpochMetrics
from mlcore.language import _

FORMATS = {"step": "%d", "epoch": "%.4g"}


def show_numbers(status: RunStatus) -> None:
    """Offer the measurements as a table; it is made only while it is open."""
    more = st.expander(_("As numbers"), key=f"numbers of {status.run_id}", on_change="rerun")
    if not more.open:
        return
    labels = {
        "step": _("Step"),
        "epoch": _("Epoch"),
        "train_accuracy": _("Training accuracy"),
        "dev_accuracy": _("Dev accuracy"),
        "train_loss": _("Training loss"),
        "data": _("from the images"),
        "penalty": _("from L2"),
        "dev_loss": _("Dev loss"),
    }
    with more:
        st.dataframe(
            numbers_table(status),
            hide_index=True,
            column_config={
                name: st.column_config.NumberColumn(label, format=FORMATS.get(name, "%.4f"))
                for name, label in labels.items()
            },
            alt=_("The measurements of this run, one per row"),
        )


def numbers_table(status: RunStatus) -> pd.DataFrame:
    """Return one row per measurement, in order; the loss in two parts where L2 is part of it.

    The parts are known where the layers were measured too, which is rarer late in a long run.
    """
    records = [record for record in status.history if isinstance(record, EpochMetrics)]
    columns = ("step", "epoch", "train_accuracy", "dev_accuracy", "train_loss", "dev_loss")
    table = pd.DataFrame({name: [getattr(record, name) for record in records] for name in columns})
    if status.training.cost_decay:
        parts = {health.step: health.penalty for health in status.health}
        penalty = table["step"].map(parts)
        table.insert(5, "data", table["train_loss"] - penalty)
        table.insert(6, "penalty", penalty)
    return table
