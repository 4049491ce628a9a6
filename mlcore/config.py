"""Every hyperparameter of a network and of its training, with default, bounds and one line of help.

`Network` and `TrainingRun` are made from them, the dashboard builds its forms from them, and a model file
carries them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from mlcore.errors import SettingError
from mlcore.formulas.activations import ACTIVATIONS
from mlcore.formulas.initializers import INITIALIZERS
from mlcore.formulas.losses import LOSSES
from mlcore.formulas.optimizers import OPTIMIZERS, Optimizer
from mlcore.formulas.schedules import SCHEDULES
from mlcore.images.augmentation import Augmentation
from mlcore.language import N_, _
from mlcore.settings import check_settings, setting

SCALINGS = {
    "255": N_("Divide by 255"),
    "maximum": N_("Divide by the largest value"),
    "none": N_("Leave as is"),
    "levels": N_("Back to 17 grey levels, divided by 16 and by 8"),
}
BIAS_GRADIENTS = {
    "exact": N_("Each neuron its own"),
    "summed": N_("One sum for the whole layer (wrong)"),
}
CLASS_WEIGHTS = {
    "none": N_("Each image counts the same"),
    "balanced": N_("Each class counts the same"),
}
AUGMENTATION = N_("Augmentation")  # the group of settings that change training images at random
NOTEBOOKS = N_("As in the notebooks")  # the group of what the first notebooks did in their own way, or wrong
FULL_BATCH_EVALUATES_EVERY = 10  # steps; with one step an epoch, each epoch would be too often
PRECISIONS = {"float32": N_("Single (32 bits)"), "float64": N_("Double (64 bits)")}


NO_CONVOLUTION = N_("No effect now: there are no convolutions.")
NO_HIDDEN_LAYER = N_("No effect now: there is no hidden layer.")
NO_MOMENTUM = N_("No effect now: only the optimizers Momentum and Nesterov momentum use it.")
NO_WARMUP = N_("No effect now: only the schedules Linear and Cosine have a warm-up.")
ITERATIONS_COUNT = N_("No effect now: the iterations below say how long training takes.")


@dataclass(frozen=True)
class NetworkConfig:
    """What the network is: its layers, its loss, and how it reads an image."""

    hidden_sizes: tuple[int, ...] = setting(
        (128,),
        N_("Hidden layers"),
        N_("Neurons in each hidden layer, first to last. None at all gives softmax regression."),
        minimum=1,
        maximum=2048,
        step=1,
        most=32,
        unit=N_("neurons"),
    )
    filters: tuple[int, ...] = setting(
        (),
        N_("Convolutions"),
        N_("Filters in each convolution, which come before the hidden layers; each halves the image."),
        minimum=1,
        maximum=256,
        step=1,
        most=8,
        more=True,
        unit=N_("filters"),
    )
    kernel_size: int = setting(
        5,
        N_("Kernel size"),
        N_("Side of a filter's window, 3 or 5 pixels, without padding."),
        minimum=3,
        maximum=5,
        step=2,
        more=True,
        unit=N_("pixels"),
        idle=lambda config: "" if config.filters else NO_CONVOLUTION,
    )
    activation: str = setting(
        "relu",
        N_("Activation"),
        N_("Function that a hidden neuron applies to its weighted sum."),
        choices=lambda: ACTIVATIONS,
        idle=lambda config: "" if config.filters or config.hidden_sizes else NO_HIDDEN_LAYER,
    )
    initialization: str = setting(
        "he", N_("Initialisation"), N_("How the initial weights are drawn."), choices=lambda: INITIALIZERS
    )
    loss: str = setting("cross_entropy", N_("Loss"), N_("How errors are scored."), choices=lambda: LOSSES)
    dropout: float = setting(
        0.0,
        N_("Dropout"),
        N_("Fraction of hidden neurons switched off at random in each step; reduces overfitting."),
        minimum=0.0,
        maximum=0.9,
        step=0.05,
        idle=lambda config: "" if config.hidden_sizes else NO_HIDDEN_LAYER,
    )
    pooling: int = setting(
        1,
        N_("Downsampling"),
        N_("Replace each square of this many pixels a side by its mean: 2 trains about three times faster."),
        minimum=1,
        maximum=4,
        step=1,
        more=True,
        unit=N_("pixels"),
    )
    scaling: str = setting(
        "255",
        N_("Pixel scale"),
        N_("How pixel values are scaled to small numbers."),
        choices=lambda: SCALINGS,
        more=True,
    )
    standardize: bool = setting(
        False,
        N_("Standardise"),
        N_("Give each pixel mean 0 and standard deviation 1 over the training images."),
        more=True,
    )
    drop_rare_pixels: float | None = setting(
        None,
        N_("Drop rare pixels"),
        N_(
            "Leave out pixels that are not blank in at most this fraction of the training images; 0 "
            "drops dead ones."
        ),
        minimum=0.0,
        maximum=0.5,
        step=0.01,
        more=True,
        none=N_("keep all pixels"),
    )
    precision: str = setting(
        "float32",
        N_("Precision"),
        N_("Floating-point format: single is twice as fast, double is for checking gradients."),
        choices=lambda: PRECISIONS,
        more=True,
    )

    def __post_init__(self) -> None:
        """Raise `SettingError` when a value is out of bounds, or two do not go together."""
        check_settings(self)
        if self.kernel_size % 2 == 0:
            raise SettingError(_("Kernel size: {k} is not 3 or 5.").format(k=self.kernel_size))
        if self.filters and self.drop_rare_pixels is not None:
            raise SettingError(
                _(
                    "Convolutions need whole images: switch off either the convolutions or dropping rare "
                    "pixels."
                )
            )

    @property
    def needs_pixels(self) -> bool:
        """Whether its preparation follows from the training pixels, not from the shape of images alone."""
        return self.drop_rare_pixels is not None or self.standardize or self.scaling == "maximum"


@dataclass(frozen=True)
class TrainingConfig:
    """How the network is trained: the rule, its pace, its length, its chance."""

    optimizer: str = setting(
        "adam", N_("Optimizer"), N_("The rule that turns gradients into steps."), choices=lambda: OPTIMIZERS
    )
    learning_rate: float = setting(
        0.001,
        N_("Learning rate"),
        N_("Size of a step: too small is slow, too large makes training unstable or diverge."),
        minimum=1e-6,
        maximum=100.0,
        step=0.001,
        changes_step_time=False,
    )
    batch_size: int | None = setting(
        128,
        N_("Batch size"),
        N_("Images used for one step."),
        minimum=1,
        maximum=100_000,
        step=1,
        none=N_("the full batch"),
        unit=N_("images"),
    )
    epochs: int = setting(
        10,
        N_("Epochs"),
        N_("How many times each training image is used."),
        minimum=1,
        maximum=10_000,
        step=1,
        unit=N_("epochs"),
        changes_step_time=False,
        idle=lambda config: "" if config.iterations is None else ITERATIONS_COUNT,
    )
    iterations: int | None = setting(
        None,
        N_("Iterations"),
        N_("Length in steps instead of epochs."),
        minimum=1,
        maximum=1_000_000,
        step=1,
        none=N_("use epochs"),
        more=True,
        unit=N_("steps"),
        changes_step_time=False,
    )
    weight_decay: float = setting(
        0.0,
        N_("L2 (weight decay)"),
        N_("Pulls weights towards zero: adds λ/2 times their squares to the cost (not with AdamW)."),
        minimum=0.0,
        maximum=10.0,
        step=0.0001,
    )
    seed: int = setting(
        0,
        N_("Seed"),
        N_("The same seed gives the same network again, on the same machine with the same settings."),
        minimum=0,
        maximum=2**32 - 1,
        step=1,
        changes_step_time=False,
    )
    momentum: float = setting(
        0.9,
        N_("Momentum"),
        N_("Fraction of the last step that is kept (momentum and Nesterov only)."),
        minimum=0.0,
        maximum=0.999,
        step=0.01,
        more=True,
        changes_step_time=False,
        idle=lambda config: "" if config.optimizer in ("momentum", "nesterov") else NO_MOMENTUM,
    )
    schedule: str = setting(
        "constant",
        N_("Schedule"),
        N_("How the learning rate changes during training."),
        choices=lambda: SCHEDULES,
        more=True,
        changes_step_time=False,
    )
    warmup: float = setting(
        0.05,
        N_("Warm-up"),
        N_("Fraction of the training during which the rate rises (linear and cosine schedules)."),
        minimum=0.0,
        maximum=0.5,
        step=0.01,
        more=True,
        changes_step_time=False,
        idle=lambda config: "" if config.schedule in ("linear", "cosine") else NO_WARMUP,
    )
    patience: int | None = setting(
        None,
        N_("Early stopping"),
        N_("Stop when the dev accuracy has not improved for this many evaluations."),
        minimum=1,
        maximum=1000,
        step=1,
        none=N_("never"),
        more=True,
        changes_step_time=False,
    )
    evaluate_every: int | None = setting(
        None,
        N_("Evaluate every"),
        N_("Steps between two evaluations on the dev set."),
        minimum=1,
        maximum=1_000_000,
        step=1,
        none=N_("each epoch (every 10 steps with the full batch)"),
        more=True,
        unit=N_("steps"),
        changes_step_time=False,
    )
    train_sample: int | None = setting(
        5000,
        N_("Training sample"),
        N_("Training images used to evaluate the training curve."),
        minimum=1,
        maximum=10_000_000,
        step=1000,
        none=N_("all of them"),
        more=True,
        unit=N_("images"),
        changes_step_time=False,
    )
    class_weights: str = setting(
        "none",
        N_("Class weights"),
        N_(
            "For uneven data: an image of a rare class counts more in the loss, so that the network does not"
            " neglect it."
        ),
        choices=lambda: CLASS_WEIGHTS,
        more=True,
        changes_step_time=False,
    )
    sample_size: int | None = setting(
        None,
        N_("Samples"),
        N_(
            "Train on random samples of this many images, drawn without replacement, instead of whole epochs."
        ),
        minimum=1,
        maximum=10_000_000,
        step=1,
        none=N_("whole epochs"),
        more=True,
        unit=N_("images"),
        group=NOTEBOOKS,
    )
    bias_gradient: str = setting(
        "exact",
        N_("Bias gradients"),
        N_("The first notebooks summed them over all neurons, so that the output biases never learned."),
        choices=lambda: BIAS_GRADIENTS,
        more=True,
        group=NOTEBOOKS,
    )
    gradient_divisor: int | None = setting(
        None,
        N_("Divide gradients by"),
        N_("A number other than that of the images in the step only makes all steps longer or shorter."),
        minimum=1,
        maximum=10_000_000,
        step=1,
        none=N_("the images of the step"),
        more=True,
        unit=N_("images"),
        group=NOTEBOOKS,
    )
    augment_shift: float = setting(
        0.0,
        N_("Shift"),
        N_("Shifts each training image by a random amount up to this."),
        minimum=0.0,
        maximum=10.0,
        step=0.1,
        more=True,
        unit=N_("pixels"),
        group=AUGMENTATION,
    )
    augment_rotation: float = setting(
        0.0,
        N_("Rotation"),
        N_("Rotates each training image by a random angle up to this, either way."),
        minimum=0.0,
        maximum=180.0,
        step=1.0,
        more=True,
        unit=N_("degrees"),
        group=AUGMENTATION,
    )
    augment_scale: float = setting(
        0.0,
        N_("Scale"),
        N_("Stretches or shrinks each training image by a random fraction up to this, in width and height."),
        minimum=0.0,
        maximum=1.0,
        step=0.05,
        more=True,
        group=AUGMENTATION,
    )
    augment_shear: float = setting(
        0.0,
        N_("Slant"),
        N_(
            "Slants each training image sideways by a random amount up to this many pixels per pixel "
            "of height."
        ),
        minimum=0.0,
        maximum=1.0,
        step=0.05,
        more=True,
        group=AUGMENTATION,
    )
    augment_elastic: float = setting(
        0.0,
        N_("Elastic"),
        N_("Distorts strokes smoothly: pixels move by roughly this much."),
        minimum=0.0,
        maximum=5.0,
        step=0.1,
        more=True,
        unit=N_("pixels"),
        group=AUGMENTATION,
    )
    augment_pen_width: float = setting(
        0.0,
        N_("Pen width"),
        N_("Makes strokes thicker or thinner by up to this much."),
        minimum=0.0,
        maximum=2.0,
        step=0.1,
        more=True,
        unit=N_("pixels"),
        group=AUGMENTATION,
    )
    augment_noise: float = setting(
        0.0,
        N_("Noise"),
        N_("Adds random noise to each pixel; its standard deviation is this fraction of full ink."),
        minimum=0.0,
        maximum=1.0,
        step=0.01,
        more=True,
        group=AUGMENTATION,
    )

    def __post_init__(self) -> None:
        """Raise `SettingError` when a value is out of bounds."""
        check_settings(self)

    def images_per_step(self, n_train: int) -> int:
        """Return how many images a full batch has, given the number of training images."""
        return min(self.batch_size or n_train, n_train)

    def steps_per_epoch(self, n_train: int) -> int:
        """Return the steps that take each of ``n_train`` images once; the last batch may be smaller.

        >>> TrainingConfig(batch_size=100).steps_per_epoch(250)
        3
        """
        return -(-n_train // self.images_per_step(n_train))

    def total_steps(self, n_train: int) -> int:
        """Return the steps from first to last with ``n_train`` training images.

        >>> TrainingConfig(batch_size=100, epochs=2).total_steps(250)
        6
        """
        return self.iterations or self.epochs * self.steps_per_epoch(n_train)

    def evaluate_every_steps(self, n_train: int) -> int:
        """Return the steps between two measurements: an epoch, but ten steps when an epoch is a single step.

        >>> TrainingConfig(batch_size=100).evaluate_every_steps(250)
        3
        """
        if self.evaluate_every is not None:
            return self.evaluate_every
        in_epoch = self.steps_per_epoch(n_train)
        return in_epoch if in_epoch > 1 else FULL_BATCH_EVALUATES_EVERY

    def make_optimizer(self, n_parameters: int, dtype: np.dtype[np.floating]) -> Optimizer:
        """Return the optimizer for ``n_parameters`` parameters of this type."""
        make = OPTIMIZERS[self.optimizer].make
        return make(n_parameters, dtype, momentum=self.momentum, weight_decay=self.weight_decay)

    @property
    def cost_decay(self) -> float:
        """The λ of the cost's λ/2 Σ w²; 0 with AdamW, whose decay is no part of the cost."""
        return 0.0 if OPTIMIZERS[self.optimizer].make.decays_weights_itself else self.weight_decay

    @property
    def augmentation(self) -> Augmentation:
        """The changes to training images, together."""
        return Augmentation(*(getattr(self, f"augment_{part.name}") for part in fields(Augmentation)))
