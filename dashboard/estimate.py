"""How long a training will take, from the size of the network and the measured speed of the workers.

The pages Network and Train show it before a run is started.
"""

from dashboard.run_service import get_run_service
from dashboard.session import Session
from mlcore import TrainingConfig

MEASURING_SHARE = 0.4
"""Time to look at an image without learning from it, as part of the time to train on it, in batches."""

BATCH = 64
"""Images from which a step takes as long as its images do; a smaller one takes as long all the same."""


def expected_seconds(session: Session) -> float:
    """Return about how long the training that is set up will take, tried out only where that is quick."""
    split = session.split
    a_image = get_run_service().measure(split, session.network_config, session.training_config)
    return a_image * images_to_see(session.training_config, len(split.train), len(split.dev))


def images_to_see(training: TrainingConfig, n_train: int, n_dev: int) -> float:
    """Return how many images a run looks at; one that is only measured counts as a part of one.

    >>> images_to_see(TrainingConfig(epochs=2, batch_size=100, train_sample=100), 1000, 200)
    2360.0
    """
    steps = training.total_steps(n_train)
    measurements = 1 + -(-steps // training.evaluate_every_steps(n_train))
    sample = min(training.train_sample or n_train, n_train)
    seen = n_train * steps / training.steps_per_epoch(n_train)
    share = MEASURING_SHARE * min(
        1.0, training.images_per_step(n_train) / BATCH
    )  # images are measured many at a time
    return seen + share * measurements * (n_dev + sample)
