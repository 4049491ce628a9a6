"""The few images with which a worker tries learning rates: enough to tell, and quick to send.

The run service uses it for `find_rate`.
"""

from mlcore import Split, TrainingConfig

MOST_IMAGES = 10_000
"""A trial of 120 steps with 128 images each sees half as many again."""

FULL_BATCH = 2_000
"""Images of a step when all are taken at once: the trial then takes a second, not a minute."""


def few_images(split: Split, training: TrainingConfig) -> Split:
    """Return a split of the first training images, in arrays of its own; a trial looks at no dev set."""
    most = FULL_BATCH if training.batch_size is None else MOST_IMAGES
    return Split(split.train.take(slice(0, most)).detached(), split.dev.take(slice(0, 1)).detached())
