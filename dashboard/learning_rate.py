"""The setting of the learning rate, and a gentler rate for a run that learned nothing.

The Train page offers both: while a run is paused, and when it has ended badly.
"""

from mlcore import OPTIMIZERS, TrainingConfig, settings_of

RATE = settings_of(TrainingConfig)["learning_rate"]


def gentler_rate(training: TrainingConfig) -> float:
    """Return a tenth of the learning rate, or the good rate of the optimizer where that is lower still.

    >>> [gentler_rate(TrainingConfig(learning_rate=rate)) for rate in (3, 0.002, 2e-6)]  # Adam: 0.001
    [0.001, 0.0002, 1e-06]
    """
    lower = min(training.learning_rate / 10, OPTIMIZERS[training.optimizer].good_rate)
    return max(RATE.minimum or 0.0, lower)
