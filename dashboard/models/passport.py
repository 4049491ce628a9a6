"""How a model was trained, as its file says: settings, curves, versions; and a way to train it once more.

Evaluate shows it below the model that is judged.
"""

import streamlit as st

from dashboard.models.choice import chosen_key
from dashboard.navigation import page
from dashboard.run_service import get_run_service
from dashboard.runs.status import RunError
from dashboard.session import UPLOADED_MODEL, Session
from dashboard.starting import start_run
from dashboard.ui.learning_curves import Course, accuracy_figure, loss_figure
from dashboard.ui.messages import plain, show_message
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.wording import dataset_words, network_words, training_words, versions_words
from mlcore import BatchMetrics, Model, ModelFileError, Passport, ReplayResult
from mlcore.exports.replay import compare, matches
from mlcore.language import _
from mlcore.training.records import standing


def show_passport(session: Session, model: Model) -> None:
    """Show how a model was trained, where its file says so; a file can be proved by training it again."""
    try:
        passport = Passport.of(model)
    except ModelFileError:
        return
    about = st.expander(_("How this model was trained"), key="passport", on_change="rerun")
    if not about.open:
        return
    with about:
        st.markdown(_words(passport))
        if passport.evaluations:
            course = course_of(passport)
            figures = accuracy_figure(course), loss_figure(course)
            show_chart(*figures, key="passport_curves", subject=model.fingerprint)
        if versions := versions_words(passport.versions):
            st.caption(plain(_("Trained with {versions}.").format(versions=versions)))
        if chosen_key(session) == UPLOADED_MODEL:
            _offer_proof(session, model, passport)


def course_of(passport: Passport) -> Course:
    """Return what the figures show of a run that a file tells of."""
    measured, in_steps = passport.evaluations, passport.training.steps_per_epoch(passport.n_train) == 1
    best = max(measured, key=standing)
    last = passport.history[-1]
    return Course(
        [record for record in passport.history if isinstance(record, BatchMetrics)],
        measured,
        best if best.step else None,
        last.step if in_steps else last.epoch,
        in_steps,
    )


def _words(passport: Passport) -> str:
    text = _("{network} · {training} · {dataset}, {n:,} training images, {dev:,} in the dev set")
    words = text.format(
        network=network_words(passport.network),
        training=training_words(passport.training),
        dataset=dataset_words(passport.dataset),
        n=passport.n_train,
        dev=passport.n_dev,
    )
    if passport.steps < passport.total_steps:
        words += _(" · ended after {n:,} of {all:,} steps").format(n=passport.steps, all=passport.total_steps)
    return plain(words)


def _offer_proof(session: Session, model: Model, passport: Passport) -> None:
    """Say whether the visitor's own run with these settings gave the same model, or lead to such a run."""
    try:
        passport.checked()
    except ModelFileError as error:
        show_message("info", str(error))
        return
    if not matches(passport, session.split):
        text = _(
            "To train it again, choose the same images on the Data page: {n:,} of {name} to learn from and "
            "{dev:,} in the dev set, split as they were."
        )
        name = dataset_words(passport.dataset)
        show_message("info", text.format(n=passport.n_train, name=name, dev=passport.n_dev))
        st.page_link(page("data"))
        return
    result = own_result(session, model, passport)
    if result is not None:
        text = _("Compared with your own run of the same settings: {result}").format(result=result)
        show_message("success" if result.is_same else "info", text)
        return
    if st.button(_("Train it again and compare"), icon=":material/replay:"):
        train_again(session, passport)
    st.caption(_("The run is shown on Train. When it has ended, the comparison is here."))


def train_again(session: Session, passport: Passport) -> None:
    """Start a run with the settings of a model, and show it; the model stays the one that is judged."""
    chosen = session.model_key
    session.network_config, session.training_config = passport.network, passport.training
    session.rate_is_chosen = True
    start_run(session)
    session.model_key = chosen
    st.switch_page(page("train"))


def own_result(session: Session, model: Model, passport: Passport) -> ReplayResult | None:
    """Compare a model with that of the visitor's run; None when there is no run of the same settings yet."""
    if session.run_id is None:
        return None
    try:
        status = get_run_service().status(session.run_id)
        if status.live or (status.network, status.training) != (passport.network, passport.training):
            return None
        for best in (True, False):
            again = get_run_service().model(session.run_id, best=best)
            own = Passport.of(again)
            if own.weights_at == passport.weights_at and matches(own, session.split):
                return compare(model, again, session.split)
    except (RunError, ModelFileError):
        pass  # the run is gone, or has no model
    return None
