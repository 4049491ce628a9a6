"""Forks of a run: the form that makes one, and the race of a fork with its parent.

The Train page shows both below a run: how would it have ended with another setting?
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from dashboard.address import to_address
from dashboard.run_service import get_run_service, run_owner, visitors_place
from dashboard.runs.snapshots import Snapshot
from dashboard.runs.status import RunStatus
from dashboard.session import Session
from dashboard.ui.config_form import Form, chosen_value, control_key
from dashboard.ui.formats import percent
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import keeping_problem, show_problem
from dashboard.ui.wording import moment
from mlcore import OPTIMIZERS, EpochMetrics, NetworkConfig, TrainingConfig, settings_of
from mlcore.language import N_, _
from mlcore.training.fork import FORK_SETTINGS

USUAL = "learning_rate"
"""The setting with which the form begins."""

SAME_IMAGES = N_(
    "From there on the fork sees the same images in the same order, with one setting changed. This run stays "
    "as it is."
)
NOTHING_CHANGED = N_("Nothing is changed yet: such a fork ends with the same weights, to the last bit.")


@dataclass
class Plan:
    """What a visitor is about to fork.

    Attributes
    ----------
    step : int
        Of the moment from which the fork continues.
    setting : str
        The one that is changed, of `FORK_SETTINGS`.
    network_before, training_before : NetworkConfig and TrainingConfig
        As they were at that moment.
    network, training : NetworkConfig and TrainingConfig
        As they will be.
    """

    step: int
    setting: str
    network_before: NetworkConfig
    training_before: TrainingConfig
    network: NetworkConfig
    training: TrainingConfig

    @property
    def changed(self) -> bool:
        """Whether anything is other than before."""
        return (self.network, self.training) != (self.network_before, self.training_before)

    def choose(self, setting: str) -> None:
        """Change this setting, and no other one."""
        self.setting, self.network, self.training = setting, self.network_before, self.training_before

    def take_training(self, name: str, training: TrainingConfig) -> None:
        """Take over a change; another optimizer brings its own rate where it needs another one."""
        if name == "optimizer":
            before, after = OPTIMIZERS[self.training_before.optimizer], OPTIMIZERS[training.optimizer]
            rate = self.training_before.learning_rate
            rate = rate if before.good_rate == after.good_rate else after.good_rate
            training = replace(training, learning_rate=rate)
        self.training = training


def offer_fork(session: Session, status: RunStatus) -> None:
    """Let the owner of a run fork it from one of the moments that are kept."""
    place = st.expander(
        _("Fork this run"), icon=":material/call_split:", key=f"fork {status.run_id}", on_change="rerun"
    )
    if not place.open:
        return
    with place:
        st.markdown(_(SAME_IMAGES), help=meaning("fork", "snapshot"))
        moments = moments_to_fork(status)
        if not moments:
            st.caption(_("There is no snapshot of this run from before its end."))
            return
        plan = _plan(status, moments)
        left, middle, right = st.columns(3)
        with left:
            _choose_moment(status, plan, moments)
        with middle:
            _choose_setting(status, plan)
        with right:
            _show_values(status, plan)
        st.button(
            _("Fork"),
            key=f"fork_button {status.run_id}",
            icon=":material/call_split:",
            on_click=_fork,
            args=(session, status, plan),
        )
        if not plan.changed:
            st.caption(_(NOTHING_CHANGED))
        show_problem(f"fork {status.run_id}")


def moments_to_fork(status: RunStatus) -> list[Snapshot]:
    """Return the moments of a run after which there is still something to train."""
    moments = get_run_service().snapshots(status.run_id)
    return [snapshot for snapshot in moments if snapshot.step < status.total_steps]


def _plan(status: RunStatus, moments: Sequence[Snapshot]) -> Plan:
    """Return what the visitor has planned so far; at first, a fork from the middle."""
    key = f"fork_plan {status.run_id}"
    plan: Plan | None = st.session_state.get(key)
    if plan is None or plan.step not in [snapshot.step for snapshot in moments]:
        middle = min(moments, key=lambda snapshot: abs(2 * snapshot.step - status.progress.step))
        plan = _plan_from(status, middle.step, USUAL if plan is None else plan.setting)
        st.session_state[key] = plan
    return plan


def _plan_from(status: RunStatus, step: int, setting: str) -> Plan:
    model = get_run_service().snapshot_model(status.run_id, step)
    network, training = model.network_config, model.training_config
    return Plan(step, setting, network, training, network, training)


def _choose_moment(status: RunStatus, plan: Plan, moments: Sequence[Snapshot]) -> None:
    words = {snapshot.step: moment_words(status, snapshot) for snapshot in moments}
    name = f"fork_step {status.run_id}"

    def change() -> None:
        with keeping_problem(f"fork {status.run_id}"):
            new = _plan_from(status, chosen_value(name), plan.setting)
            st.session_state[f"fork_plan {status.run_id}"] = new

    st.selectbox(
        _("From"),
        list(words),
        format_func=words.__getitem__,
        key=control_key(name, plan.step),
        on_change=change,
        filter_mode=None,
    )


def moment_words(status: RunStatus, snapshot: Snapshot) -> str:
    """Return a moment in words, with the dev accuracy that the run had then where it was measured."""
    measured = (record for record in status.history if isinstance(record, EpochMetrics))
    record = next((record for record in measured if record.step == snapshot.step), None)
    if record is None:
        return _("epoch {n:.4g}").format(n=snapshot.epoch)
    text = _("{moment}: {accuracy} dev accuracy") if status.data.n_dev else "{moment}"
    return text.format(moment=moment(status, record), accuracy=percent(record.dev_accuracy))


def _choose_setting(status: RunStatus, plan: Plan) -> None:
    name = f"fork_setting {status.run_id}"
    st.selectbox(
        _("Change"),
        FORK_SETTINGS,
        format_func=setting_words,
        key=control_key(name, plan.setting),
        on_change=lambda: plan.choose(chosen_value(name)),
        filter_mode=None,
    )


def setting_words(name: str) -> str:
    """Return what a setting is called, with its group.

    >>> setting_words("learning_rate"), setting_words("augment_shift")
    ('Learning rate', 'Augmentation: Shift')
    """
    about = (settings_of(NetworkConfig) | settings_of(TrainingConfig))[name]
    return f"{_(about.group)}: {_(about.label)}" if about.group else _(about.label)


def _show_values(status: RunStatus, plan: Plan) -> None:
    """Show the control of the setting; that of the optimizer with the rate that it brings."""
    key = f"fork_{status.run_id}"
    if plan.setting in settings_of(plan.network):
        Form(lambda: plan.network, lambda _name, config: setattr(plan, "network", config), key).show_setting(
            plan.setting
        )
        return
    form = Form(lambda: plan.training, plan.take_training, key)
    form.show_setting(plan.setting)
    if plan.setting == "optimizer":
        form.show_setting("learning_rate")


def _fork(session: Session, status: RunStatus, plan: Plan) -> None:
    """Start the fork and show it; a second click on a button that did so already does nothing."""
    if session.run_id != status.run_id:
        return
    with keeping_problem(f"fork {status.run_id}"):
        session.run_id = get_run_service().fork(
            status.run_id, run_owner(), plan.step, plan.network, plan.training, visitors_place()
        )
        session.model_key = ""  # the new network answers as soon as it can, as after Start
        to_address(run=session.run_id)
