"""A network, a training and a run described in a few words.

The plan, the list of runs, the panel and the names of downloaded files use them.
"""

import re

from dashboard.runs.status import RunStatus
from mlcore import ACTIVATIONS, OPTIMIZERS, SHIPPED_DATASETS, EpochMetrics, NetworkConfig, TrainingConfig
from mlcore.language import _
from mlcore.quote import quoted

LONGEST_NAME = 40  # characters that a data set's name has in the name of a file


def network_words(config: NetworkConfig) -> str:
    """Return a network in a few words.

    >>> network_words(NetworkConfig(hidden_sizes=(512, 256)))
    '512–256 hidden neurons, ReLU'
    >>> network_words(NetworkConfig(filters=(16, 32), hidden_sizes=(64,)))
    '16–32 filters of 5×5, 64 hidden neurons, ReLU'
    """
    filters, sizes = ("–".join(str(n) for n in numbers) for numbers in (config.filters, config.hidden_sizes))
    if not filters and not sizes:
        return _("no hidden layer")
    parts = []
    if filters:
        parts.append(_("{n} filters of {k}×{k}").format(n=filters, k=config.kernel_size))
    if sizes:
        parts.append(_("{sizes} hidden neurons").format(sizes=sizes))
    return ", ".join([*parts, _(ACTIVATIONS[config.activation].label)])


def training_words(config: TrainingConfig) -> str:
    """Return a training in a few words.

    >>> training_words(TrainingConfig(epochs=1))
    'Adam, learning rate 0.001, batches of 128, 1 epoch'
    """
    if config.batch_size is None:
        batches = _("the full batch")
    else:
        batches = _("batches of {n:,}").format(n=config.batch_size)
    words = _("{optimizer}, learning rate {rate:g}, {batches}, {length}")
    if config.patience is not None:
        words = _("{optimizer}, learning rate {rate:g}, {batches}, {length} or until it no longer improves")
    return words.format(
        optimizer=_(OPTIMIZERS[config.optimizer].label),
        rate=config.learning_rate,
        batches=batches,
        length=length_words(config),
    )


def length_words(config: TrainingConfig) -> str:
    """Return how long a training is: epochs, or steps where they are set."""
    if config.iterations is not None:
        return _("{n:,} steps").format(n=config.iterations)
    return _("{n:,} epochs").format(n=config.epochs) if config.epochs > 1 else _("1 epoch")


def dataset_words(name: str) -> str:
    """Return what a data set is called: a shipped one by its title.

    >>> dataset_words("mnist"), dataset_words("digits.csv")
    ('MNIST', 'digits.csv')
    """
    return _(SHIPPED_DATASETS[name].title) if name in SHIPPED_DATASETS else quoted(name)


def run_words(status: RunStatus) -> str:
    """Return a run in one line: what learns, by what rule, from what."""
    words = _("{network} · {optimizer}, learning rate {rate:g} · {dataset}, {n:,} images")
    return words.format(
        network=network_words(status.network),
        optimizer=_(OPTIMIZERS[status.training.optimizer].label),
        rate=status.training.learning_rate,
        dataset=dataset_words(status.data.name),
        n=status.data.n_train,
    )


def moment(status: RunStatus, record: EpochMetrics) -> str:
    """Return when in a run a measurement was taken: after which epoch or, of full batches, which step."""
    if status.counts_steps:
        return _("step {n:,}").format(n=record.step)
    return _("epoch {n:.4g}").format(n=record.epoch)


def weights_words(status: RunStatus) -> str:
    """Return which weights of a run answer: the best ones, or the last of a run that has none."""
    if status.has_best_weights:
        return _("the weights that were best on the dev set")
    return _("the last weights")


def file_stem(status: RunStatus) -> str:
    """Return the beginning of the name of a file that is taken home from a run."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", status.data.name)[:LONGEST_NAME].strip("-").lower() or "digits"
    return f"{name}-{status.run_id[:6].strip('-_')}"
