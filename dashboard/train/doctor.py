"""What the doctor says of a run that has ended well or overfits, with its remedy by one click.

The Train page shows it below the summary; the rules are in `mlcore.study.doctor`.
"""

from dataclasses import replace

import streamlit as st

from dashboard.navigation import page
from dashboard.runs.status import RunStatus
from dashboard.session import Session
from dashboard.ui.messages import plain, show_message
from dashboard.ui.wording import value_words
from mlcore import Advice, NetworkConfig, RunNotes, TrainingConfig, advise, settings_of
from mlcore.language import _


def advice_of(session: Session, status: RunStatus) -> Advice | None:
    """Return what matters most about a run; None while nothing does."""
    is_same_data = session.whole.fingerprint == status.data.fingerprint
    return advise(
        RunNotes(
            network=status.network,
            training=status.training,
            records=tuple(status.history),
            n_train=status.data.n_train,
            n_dev=status.data.n_dev,
            n_classes=len(session.whole.class_names) if is_same_data else round(1 / status.data.one_answer),
            one_answer=status.data.one_answer,
            test_accuracy=status.test_accuracy,
        )
    )


def show_advice(session: Session, status: RunStatus) -> None:
    """Say what could be better about a run that ended well, if anything, and offer to change it."""
    advice = advice_of(session, status)
    if advice is not None:
        show_message("info", advice.words, icon=":material/stethoscope:")
        offer_remedy(session, status, advice)


def offer_remedy(session: Session, status: RunStatus, advice: Advice | None = None) -> None:
    """Offer the settings that would help, by one click that leads to them; nothing where none does."""
    advice = advice or advice_of(session, status)
    if advice is None or not (advice.network or advice.training):
        return
    label = _("Set {changes}").format(changes=changes_in_words(advice))
    if st.button(plain(label), icon=":material/tune:", key=f"remedy {status.run_id}"):
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
