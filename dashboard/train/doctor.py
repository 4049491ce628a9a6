"""What the doctor says of a run that has ended, with its remedy by one click.

The Train page shows it with the summary, and gives the run's badge its colour; the rules are in
`mlcore.study.doctor`.
"""

from dataclasses import replace

import streamlit as st

from dashboard.navigation import page
from dashboard.runs.status import RunStatus
from dashboard.session import Session
from dashboard.ui.messages import show_message
from dashboard.ui.wording import value_words
from mlcore import Advice, NetworkConfig, RunNotes, TrainingConfig, advise, settings_of
from mlcore.language import _
from mlcore.study.doctor import outcome


def notes_of(status: RunStatus, n_classes: int | None = None) -> RunNotes:
    """Return what the doctor is told of a run; its classes are taken for equally common when not counted."""
    return RunNotes(
        network=status.network,
        training=status.training,
        records=tuple(status.history),
        n_train=status.data.n_train,
        n_dev=status.data.n_dev,
        n_classes=n_classes or round(1 / status.data.one_answer),
        one_answer=status.data.one_answer,
        stopped=status.state == "stopped",
        test_accuracy=status.test_accuracy,
    )


def outcome_of(status: RunStatus) -> Advice | None:
    """Return what went wrong in a run up to now; None when nothing did, or nothing was measured yet."""
    return outcome(notes_of(status))


def is_success(status: RunStatus) -> bool:
    """Whether a run learned something, kept it, and does not overfit."""
    return status.best is not None and outcome_of(status) is None


def show_advice(session: Session, status: RunStatus) -> None:
    """Say what could be better about a run that ended well, if anything, and offer to change it."""
    is_same_data = session.whole.fingerprint == status.data.fingerprint
    advice = advise(notes_of(status, len(session.whole.class_names) if is_same_data else None))
    if advice is not None:
        show_message("info", advice.words, icon=":material/stethoscope:")
        offer_remedy(session, status, advice)


def offer_remedy(session: Session, status: RunStatus, advice: Advice) -> None:
    """Offer the settings that would help, by one click that leads to them; nothing where none does."""
    if not (advice.network or advice.training):
        return
    label = _("Set {changes}").format(changes=changes_in_words(advice))
    if st.button(label, icon=":material/tune:", key=f"remedy {status.run_id}"):
        session.network_config = replace(session.network_config, **advice.network)
        session.training_config = replace(session.training_config, **advice.training)
        session.rate_is_chosen |= "learning_rate" in advice.training
        st.switch_page(page("network"))


def changes_in_words(advice: Advice) -> str:
    """Return which settings would change, and to what.

    >>> changes_in_words(Advice("", "", {"dropout": 0.2}, {"batch_size": None}))
    'Dropout to 0.2 and Batch size to the full batch'
    """
    parts = [
        _("{setting} to {value}").format(setting=_(about.label), value=value_words(about, changes[name]))
        for config, changes in ((NetworkConfig, advice.network), (TrainingConfig, advice.training))
        for name, about in settings_of(config).items()
        if name in changes
    ]
    return _(" and ").join(parts)
