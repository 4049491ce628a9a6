"""What the run service refuses before anything is trained: too many runs, and steps that are too long.

`RunService.start` and `go_on` ask here, and so do the estimates of what a run would take.
"""

from collections.abc import Iterable

from dashboard.runs.claim import Claim
from dashboard.runs.limits import Limits
from dashboard.runs.place import Place
from dashboard.runs.run import Run
from dashboard.runs.status import RunError
from mlcore import NetworkConfig, Split, TrainingConfig
from mlcore.language import _
from mlcore.training.batches import MICRO_BATCH_PRODUCTS
from mlcore.training.memory import Demand, memory_needed

MOST_IMAGE_PRODUCTS = 2 * MICRO_BATCH_PRODUCTS  # there and back: a second or two, with no break
MOST_STEP_PRODUCTS = 20_000_000_000_000  # about ten minutes


def demand_of(split: Split, network: NetworkConfig, training: TrainingConfig) -> Demand:
    """Return what a run with this split and these settings takes."""
    train = split.train
    return memory_needed(network, training, train.image_shape, len(train.class_names), len(train))


def refuse_too_many(takers: Iterable[Run | Claim], limits: Limits, owner: str, place: Place) -> None:
    """Refuse one more live run when a visitor, an address or the server has its number.

    Raises
    ------
    RunError
    """
    live = [taker for taker in takers if taker.live]
    mine = sum(taker.belongs_to(owner, place) for taker in live)
    if mine >= limits.live_per_owner:
        message = _(
            "You have {n} active runs, a search counted as one. Stop one of them, or wait until it has "
            "finished."
        )
        raise RunError(message.format(n=mine))
    near = sum(taker.place.shares_address(place) for taker in live)
    if near >= limits.live_per_address:
        message = _(
            "There are {n} active runs from your network's address. Try again when some have finished."
        )
        raise RunError(message.format(n=near))
    if len(live) >= limits.live:
        message = _("All {n} places on this server are taken. Try again in a few minutes.")
        raise RunError(message.format(n=len(live)))


def refuse_too_slow(demand: Demand) -> None:
    """Refuse steps that nobody would wait for, and images of which one keeps a worker for seconds.

    Raises
    ------
    RunError
    """
    message = _(
        "One {what} would take {needed:,.0f} billion multiplications, and this server allows "
        "{most:,.0f} billion at most. Try fewer filters, smaller hidden layers, smaller "
        "images, or a smaller batch."
    )
    for what, needed, most in (
        (_("image"), demand.products, MOST_IMAGE_PRODUCTS),
        (_("training step"), demand.step_products, MOST_STEP_PRODUCTS),
    ):
        if needed > most:
            raise RunError(message.format(what=what, needed=needed / 1e9, most=most / 1e9))
