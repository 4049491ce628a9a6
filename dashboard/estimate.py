"""How long a training will take, from a trial of a fraction of a second on a worker of this server.

It stands before the run on the path: the pages Network and Train show it before anything is started.
"""

from dashboard.run_service import get_run_service
from dashboard.session import Session
from mlcore import TrainingConfig
from mlcore.language import _

MEASURING_SHARE = 0.4
"""Time to look at an image without learning from it, as part of the time to train on it."""


def expected_seconds(session: Session) -> float:
    """Return about how long the training that is set up will take, measured just now (some 0.3 s)."""
    split = session.split
    a_image = get_run_service().measure(split, session.network_config, session.training_config)
    return a_image * images_to_see(session.training_config, len(split.train), len(split.dev))


def images_to_see(training: TrainingConfig, n_train: int, n_dev: int) -> float:
    """Return how many images a run looks at; one that is only measured counts as a part of one.

    >>> images_to_see(TrainingConfig(epochs=2, batch_size=100, train_sample=100), 1000, 200)
    2360.0
    """
    batch_size = min(training.batch_size or n_train, n_train)
    steps_per_epoch = -(-n_train // batch_size)
    steps = training.iterations or training.epochs * steps_per_epoch
    usual = steps_per_epoch if steps_per_epoch > 1 else 10
    measurements = 1 + -(-steps // (training.evaluate_every or usual))
    sample = min(training.train_sample or n_train, n_train)
    seen = n_train * steps / steps_per_epoch
    return seen + MEASURING_SHARE * measurements * (n_dev + sample)


def duration(seconds: float) -> str:
    """Return a time as one says it.

    >>> [duration(seconds) for seconds in (0.2, 12.4, 59.7, 75, 675, 3720, 90_000)]
    ['0.2 s', '12 s', '1 min', '1 min 15 s', '11 min', '1 h 2 min', '25 h']
    """
    if seconds < 9.5:
        return _("{n} s").format(n=f"{seconds:.1f}")
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes == 0:
        return _("{n} s").format(n=rest)
    if minutes < 60:
        seconds_too = rest and minutes < 10
        return _("{n} min").format(n=minutes) + (" " + _("{n} s").format(n=rest) if seconds_too else "")
    hours, rest = divmod(minutes, 60)
    return _("{n} h").format(n=hours) + (" " + _("{n} min").format(n=rest) if rest else "")
