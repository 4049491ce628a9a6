"""What probably went wrong when a network learned nothing, as a sentence with the next step.

The Train page says it of a run, the Evaluate page of any model that gives one answer to everything.
"""

from dataclasses import dataclass

from mlcore import OPTIMIZERS, NetworkConfig, TrainingConfig
from mlcore.language import _

MANY_SIGMOIDS = 4
"""Sigmoid layers from which on they are blamed. After three epochs of 5,000 images, three layers of 32
neurons reach 54 %, four 27 %, and eight give one answer to everything; sixteen of tanh reach 84 %."""

FAR_OFF = 10
"""Times the optimizer's good rate from which on the rate is blamed."""


@dataclass(frozen=True)
class Cause:
    """Why a network learned nothing.

    Attributes
    ----------
    words : str
        The reason and what to try, for the visitor.
    is_rate : bool
        Whether a lower learning rate is worth a try.
    """

    words: str
    is_rate: bool = False


def likely_cause(network: NetworkConfig, training: TrainingConfig) -> Cause:
    """Return the most probable reason why a network with these settings learned nothing.

    What stops every network comes first, what stops some of them last.

    >>> likely_cause(NetworkConfig(initialization="zeros"), TrainingConfig()).words[:29]
    'All weights started at zero, '
    """
    optimizer = OPTIMIZERS[training.optimizer]
    layers = len(network.hidden_sizes) + len(network.filters)
    if network.initialization == "zeros" and layers:
        text = _(
            "All weights started at zero, so all neurons of a layer stay alike. Choose another "
            "initialisation."
        )
        return Cause(text)
    if network.scaling == "none":
        text = _(
            "The pixels, up to 255, are not scaled, so the first steps are far too long. Choose another "
            "pixel scale."
        )
        return Cause(text)
    far_off = _("The learning rate {rate:g} is {high_or_low} for {optimizer}: a good one is about {good:g}.")
    facts = {"rate": training.learning_rate, "optimizer": _(optimizer.label), "good": optimizer.good_rate}
    if training.learning_rate >= FAR_OFF * optimizer.good_rate:
        return Cause(far_off.format(high_or_low=_("high"), **facts), is_rate=True)
    if training.learning_rate <= optimizer.good_rate / FAR_OFF:
        return Cause(far_off.format(high_or_low=_("low"), **facts))
    if network.activation == "sigmoid" and layers >= MANY_SIGMOIDS:
        text = _("Hardly any gradient passes through {n} sigmoid layers. Choose ReLU, or fewer layers.")
        return Cause(text.format(n=layers))
    return Cause(
        _("Try a lower learning rate, more epochs, or another initialisation."),
        is_rate=True,
    )
