"""A network, a training and a run described in a few words.

The plan, the list of runs, the panel and the names of downloaded files use them.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from dashboard.runs.kept import KeptRun
from dashboard.runs.status import DataFacts, RunStatus
from dashboard.ui.config_form import choice_label
from dashboard.ui.number_field import as_text
from mlcore import (
    ACTIVATIONS,
    OPTIMIZERS,
    SHIPPED_DATASETS,
    EpochMetrics,
    NetworkConfig,
    Setting,
    TrainingConfig,
    settings_of,
)
from mlcore.language import N_, _
from mlcore.quote import quoted
from mlcore.settings import why_idle
from mlcore.study.run_notes import moment as moment_of

NAMED_OF_NETWORK = ("hidden_sizes", "filters", "kernel_size", "activation")
NAMED_OF_TRAINING = ("optimizer", "learning_rate", "batch_size", "epochs", "iterations", "patience")
"""The settings that the first words name by themselves."""

LONGEST_NAME = 40  # characters that a data set's name has in the name of a file


_USUAL: dict[type, NetworkConfig | TrainingConfig] = {
    kind: kind() for kind in (NetworkConfig, TrainingConfig)
}


def network_words(config: NetworkConfig) -> str:
    """Return a network in a few words: its layers, and every other setting that is not the default.

    >>> network_words(NetworkConfig(hidden_sizes=(512, 256)))
    '512–256 hidden neurons, ReLU'
    >>> network_words(NetworkConfig(filters=(16, 32), hidden_sizes=(64,)))
    '16–32 filters of 5×5, 64 hidden neurons, ReLU'
    >>> network_words(NetworkConfig(dropout=0.2, standardize=True))
    '128 hidden neurons, ReLU; Dropout 0.2; Standardise'
    """
    filters, sizes = ("–".join(str(n) for n in numbers) for numbers in (config.filters, config.hidden_sizes))
    parts = []
    if filters:
        parts.append(_("{n} filters of {k}×{k}").format(n=filters, k=config.kernel_size))
    if sizes:
        parts.append(_("{sizes} hidden neurons").format(sizes=sizes))
    parts.append(_(ACTIVATIONS[config.activation].label) if parts else _("no hidden layer"))
    return "; ".join([", ".join(parts), *changed_settings(config, NAMED_OF_NETWORK)])


def training_words(config: TrainingConfig) -> str:
    """Return a training in a few words: rule, pace and length, and every other setting not the default.

    >>> training_words(TrainingConfig(epochs=1))
    'Adam, learning rate 0.001, batches of 128, 1 epoch'
    >>> training_words(TrainingConfig(epochs=1, schedule="cosine", augment_shift=1.5))
    'Adam, learning rate 0.001, batches of 128, 1 epoch; Schedule: Cosine; Augmentation: Shift 1.5 pixels'
    """
    if config.batch_size is None:
        batches = _("the full batch")
    else:
        batches = _("batches of {n:,}").format(n=config.batch_size)
    words = _("{optimizer}, learning rate {rate:g}, {batches}, {length}")
    if config.patience is not None:
        words = _(
            "{optimizer}, learning rate {rate:g}, {batches}, {length} or until {patience} evaluations bring "
            "no improvement"
        )
    told = words.format(
        optimizer=_(OPTIMIZERS[config.optimizer].label),
        rate=config.learning_rate,
        batches=batches,
        length=length_words(config),
        patience=config.patience,
    )
    return "; ".join([told, *changed_settings(config, NAMED_OF_TRAINING)])


def changed_settings(config: NetworkConfig | TrainingConfig, named: Collection[str]) -> list[str]:
    """Return the settings that have an effect and are not the default, except those named elsewhere.

    >>> changed_settings(TrainingConfig(weight_decay=0.01, momentum=0.5), ())
    ['L2 (weight decay) 0.01']
    """
    usual, changed = _USUAL[type(config)], dict[str, list[str]]()
    for name, about in settings_of(config).items():
        value = getattr(config, name)
        if name not in named and value != getattr(usual, name) and not why_idle(config, name):
            changed.setdefault(about.group, []).append(_setting_words(about, value))
    in_groups = (f"{_(group)}: {', '.join(words)}" for group, words in changed.items() if group)
    return [*changed.get("", []), *in_groups]


def _setting_words(about: Setting, value: Any) -> str:
    """Return a setting with its value: Dropout 0.2, or Schedule: Cosine."""
    label = _(about.label)
    if value is True:
        return label
    is_name = value is None or isinstance(value, tuple) or about.choices is not None
    colon = ":" if is_name else ""
    return f"{label}{colon} {value_words(about, value)}"


def value_words(about: Setting, value: Any) -> str:
    """Return the value of a setting in words.

    >>> value_words(settings_of(TrainingConfig)["batch_size"], None)
    'the full batch'
    >>> value_words(settings_of(TrainingConfig)["epochs"], 3)
    '3 epochs'
    >>> value_words(settings_of(NetworkConfig)["hidden_sizes"], (64, 32))
    '64, 32 neurons'
    """
    if value is None:
        return _(about.none or "")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if about.choices is not None:
        return choice_label(about.choices(), value)
    numbers = value if isinstance(value, tuple) else (value,)
    text = ", ".join(map(as_text, numbers)) or _("none")
    return f"{text} {_(about.unit)}" if about.unit and numbers else text


def changes_words(before: Mapping[str, Any], network: NetworkConfig, training: TrainingConfig) -> str:
    """Return what was changed on the way: each setting with its value, and with the one it had before.

    >>> changes_words({"learning_rate": 0.001}, NetworkConfig(), TrainingConfig(learning_rate=0.01))
    'Learning rate 0.01 instead of 0.001'
    """
    words = []
    for name, value in before.items():
        config: NetworkConfig | TrainingConfig = network if name in settings_of(network) else training
        about = settings_of(config)[name]
        old, new = value_words(about, value), _setting_words(about, getattr(config, name))
        words.append(_("{setting} instead of {old}").format(setting=new, old=old))
    return ", ".join(words) or _("nothing was changed")


def length_words(config: TrainingConfig) -> str:
    """Return how long a training is: epochs, or steps where they are set or an epoch is a single one.

    >>> length_words(TrainingConfig(epochs=200)), length_words(TrainingConfig(epochs=200, batch_size=None))
    ('200 epochs', '200 steps')
    """
    steps = config.epochs if config.batch_size is None else None
    if config.iterations is not None or steps is not None:
        return _("{n:,} steps").format(n=config.iterations or steps)
    return _("{n:,} epochs").format(n=config.epochs) if config.epochs > 1 else _("1 epoch")


VERSION_WORDS = {
    "numpy": N_("NumPy {version}"),
    "python": N_("Python {version}"),
    "machine": "{version}",
    "kernel": N_("kernel {version}"),
}


def versions_words(versions: Mapping[str, object]) -> str:
    """Return the programs and the machine that a model's card names, in words.

    >>> versions_words({"numpy": "2.4.6", "python": "3.11", "machine": "Linux x86_64", "kernel": ""})
    'NumPy 2.4.6, Python 3.11, Linux x86_64'
    """
    named = ((words, versions.get(name)) for name, words in VERSION_WORDS.items())
    return ", ".join(_(words).format(version=quoted(version)) for words, version in named if version)


def dataset_words(name: str) -> str:
    """Return what a data set is called: a shipped one by its title.

    >>> dataset_words("mnist"), dataset_words("digits.csv")
    ('MNIST', 'digits.csv')
    """
    return _(SHIPPED_DATASETS[name].title) if name in SHIPPED_DATASETS else quoted(name)


def run_name(run: RunStatus | KeptRun) -> str:
    """Return what a run is called: as its owner wants, or by its number."""
    return quoted(run.name) if run.name else _("Run {n}").format(n=run.number)


def run_words(status: RunStatus) -> str:
    """Return a run in one line: what learns, by what rule, from what."""
    words = _("{network} · {training} · {dataset}, {n:,} images{changes}")
    return words.format(
        network=network_words(status.network),
        training=training_words(status.training),
        dataset=dataset_words(status.data.name),
        n=status.data.n_train,
        changes=cleaned_words(status.data.relabelled, status.data.left_out),
    )


def training_images_words(data: DataFacts) -> str:
    """Return how many images a run learned from, and what was changed about them before.

    >>> training_images_words(DataFacts("mnist", "", 59_000, 1000, 0.1, relabelled=3))
    '59,000 (3 relabelled)'
    """
    return f"{data.n_train:,}{cleaned_words(data.relabelled, data.left_out)}"


def cleaned_words(relabelled: int, left_out: int) -> str:
    """Return what a visitor changed about a data set, to stand behind its images; nothing when nothing was.

    >>> cleaned_words(0, 0), cleaned_words(2, 0), cleaned_words(2, 1)
    ('', ' (2 relabelled)', ' (2 relabelled, 1 left out)')
    """
    parts = ((_("{n:,} relabelled"), relabelled), (_("{n:,} left out"), left_out))
    words = ", ".join(text.format(n=n) for text, n in parts if n)
    return f" ({words})" if words else ""


def moment(status: RunStatus, record: EpochMetrics) -> str:
    """Return when in a run a measurement was taken: after which epoch or, of full batches, which step."""
    return moment_of(status.training, status.data.n_train, record)


def weights_words(status: RunStatus) -> str:
    """Return which weights of a run answer: the best ones, or the last of a run that has none."""
    if status.has_best_weights:
        return _("the weights that were best on the dev set")
    return _("the last weights")


def file_stem(status: RunStatus) -> str:
    """Return the beginning of the name of a file that is taken home from a run."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", status.data.name)[:LONGEST_NAME].strip("-").lower() or "digits"
    return f"{name}-{status.run_id[:6].strip('-_')}"
