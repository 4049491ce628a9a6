"""Which settings train the same run as plainer ones, such as AdamW without weight decay, which is Adam.

A search asks it, so that it trains each run once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.errors import SettingError
from mlcore.search.space import Dimension, Values, corners, place_of, settings_with
from mlcore.settings import why_idle


def plainest(
    network: NetworkConfig, training: TrainingConfig, n_train: int
) -> tuple[NetworkConfig, TrainingConfig]:
    """Return the plainest settings that train the same run.

    Parameters
    ----------
    n_train : int
        Training images.

    >>> plain = plainest(NetworkConfig(), TrainingConfig("adamw", batch_size=500), 300)[1]
    >>> plain.optimizer, plain.batch_size
    ('adam', 300)
    """
    if network.standardize and network.scaling != "levels":  # what is standardised has lost its scale
        network = replace(network, scaling="255")
    optimizer = training.optimizer
    if optimizer == "adamw" and training.weight_decay == 0:
        optimizer = "adam"
    elif optimizer in ("momentum", "nesterov") and training.momentum == 0:
        optimizer = "gradient_descent"
    training = replace(
        training,
        optimizer=optimizer,
        batch_size=training.batch_size and training.images_per_step(n_train),
        sample_size=_below(training.sample_size, n_train),
    )
    evaluations = training.total_steps(n_train) // training.evaluate_every_steps(n_train)
    return network, replace(training, patience=_below(training.patience, evaluations + 1))


def _below(number: int | None, limit: int) -> int | None:
    """Return a number below a limit as it is, and None for others, which have no effect."""
    return None if number is None or number >= limit else number


def plain_values(network: NetworkConfig, training: TrainingConfig, values: Values, n_train: int) -> Values:
    """Return the plainest of what a candidate varies that trains the same run, without what has no effect.

    Two candidates are the same run when these are equal.

    Parameters
    ----------
    network, training
        All other settings.

    >>> usual, some = (NetworkConfig(), TrainingConfig()), {"optimizer": "nesterov", "momentum": 0.0}
    >>> dict(plain_values(*usual, some, 300))
    {'optimizer': 'gradient_descent'}
    >>> dict(plain_values(*usual, {"optimizer": "adam", "momentum": 0.5, "dropout": 0.2}, 300))
    {'optimizer': 'adam', 'dropout': 0.2}
    """
    try:
        plain = plainest(*settings_with(network, training, values), n_train)
        values = {name: getattr(plain[place_of(name)], name) for name in values}
        configs = settings_with(network, training, values)
    except SettingError:  # they do not go together, as the search says of this candidate
        return values
    return {name: value for name, value in values.items() if not why_idle(configs[place_of(name)], name)}


@dataclass(frozen=True)
class Double:
    """A value that is not tried on its own: it trains the same run as another value of the same setting."""

    name: str
    value: Any
    plain: Any


def doubles(
    space: Sequence[Dimension], network: NetworkConfig, training: TrainingConfig, n_train: int
) -> list[Double]:
    """Return the values of a space, of ranges the ends, that train the same run as others in all candidates.

    >>> optimizer = Dimension("optimizer", values=("adam", "adamw"))
    >>> doubles([optimizer], NetworkConfig(), TrainingConfig(), 300)
    [Double(name='optimizer', value='adamw', plain='adam')]
    >>> decay = Dimension("weight_decay", 1e-6, 1e-2)
    >>> doubles([optimizer, decay], NetworkConfig(), TrainingConfig(), 300)
    []
    """
    found = []
    for one in space:
        for value in one.ends:
            plain = {
                plain_values(network, training, {**values, one.name: value}, n_train).get(one.name, value)
                for values in corners(space)
            }
            if value not in plain:
                found.append(Double(one.name, value, plain.pop()))
    return found
