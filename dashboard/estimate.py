"""How long a training will take, as the run service expects it, in words that promise no more than is known.

The pages Network and Train show it before a run is started, and Train beside its progress.
"""

from dashboard.run_service import get_run_service
from dashboard.session import Session
from dashboard.ui.formats import duration
from mlcore.language import _

A_FEW = 9.5
"""Seconds below which they are not counted: a worker that has to be started takes one of them."""


def expected_seconds(session: Session) -> float:
    """Return about how long the training that is set up will take, tried out only where that is quick."""
    return get_run_service().expect(session.split, session.network_config, session.training_config)


def about(seconds: float) -> str:
    """Return an expected time as one says it.

    >>> about(0.04), about(8), about(75)
    ('a few seconds', 'a few seconds', 'about 1 min 15 s')
    """
    if seconds < A_FEW:
        return _("a few seconds")
    return _("about {time}").format(time=duration(seconds))
