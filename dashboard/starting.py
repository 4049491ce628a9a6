"""How a run is started with the settings in use; it is the run that is shown from then on.

Train does it by its buttons, and Evaluate to prove a model file.
"""

from dashboard.address import to_address
from dashboard.link import link_of
from dashboard.run_service import get_run_service, run_owner, visitors_place
from dashboard.runs.status import RunStatus
from dashboard.session import Session

LONGEST_STOP = 10.0  # seconds to wait until a run has made its place free


def start_run(session: Session, instead_of: RunStatus | None = None) -> None:
    """Start a run with the session's settings; stop another one first where one is given.

    Raises
    ------
    RunError
        When the server has no place or no memory for it.
    """
    service = get_run_service()
    if instead_of is not None:
        service.stop(instead_of.run_id, run_owner(), patience=LONGEST_STOP)
    session.run_id = service.start(
        run_owner(),
        session.split,
        session.network_config,
        session.training_config,
        visitors_place(),
        link_of(session),
    )
    session.model_key = ""  # the new network answers as soon as it can, whichever was chosen before
    to_address(run=session.run_id)
