"""The setting of the learning rate, and a gentler rate for a run that learned nothing.

The Train page offers both: while a run is paused, and when it has ended badly.
"""

from mlcore import TrainingConfig, settings_of

RATE = settings_of(TrainingConfig)["learning_rate"]


def gentler_rate(rate: float) -> float:
    """Return a tenth of a learning rate, or the lowest that there is.

    >>> gentler_rate(0.5), gentler_rate(2e-6)
    (0.05, 1e-06)
    """
    return max(RATE.minimum or 0.0, rate / 10)
