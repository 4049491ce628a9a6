"""The formulas of `mlcore.formulas` as code to be read and run on its own, by the names of their tables.

The exported script contains those that its run uses; the tests compare every one with the formula itself.
"""

from mlcore.formulas.losses import SMOOTHING

# fmt: off
ACTIVATION_CODE: dict[str, tuple[str, str]] = {
    "relu": ("np.maximum(z, 0)", "d * (a > 0)"),
    "leaky_relu": ("np.maximum(z, 0.01 * z)", "np.where(a > 0, d, 0.01 * d)"),
    "tanh": ("np.tanh(z)", "d * (1 - a * a)"),
    "sigmoid": ("0.5 * (1 + np.tanh(0.5 * z))", "d * a * (1 - a)"),
    "softplus": ("np.logaddexp(z, 0)", "d * -np.expm1(-a)"),
    "identity": ("z", "d"),
}
"""f(z), and the gradient of z from d, that of a = f(z)."""
# fmt: on

SIGMOID = """\
def outputs_of(z):
    \"\"\"Sigmoid: p = 1 / (1 + e^-z) for each class on its own; z and p are (batch, classes).\"\"\"
    return 0.5 * (1 + np.tanh(0.5 * z))  # the same, and it cannot overflow
"""

SOFTMAX = """\
def outputs_of(z):
    \"\"\"Softmax: p = e^z / Σ e^z, row by row; z and p have the shape (batch, classes).\"\"\"
    # A number that is subtracted from all logits of a row changes nothing. The largest one keeps e^z from
    # overflowing; one for all rows will do, as long as no row is so far below it that its e^z get lost.
    largest = z.max() if z.max() - z.min() < 60 else z.max(axis=1, keepdims=True)
    e = np.exp(z - largest)
    return e / (e @ np.ones((N_CLASSES, 1), DTYPE))
"""

LOSS_CODE: dict[str, str] = {
    "cross_entropy": SOFTMAX
    + """


def losses_of(z, labels):
    \"\"\"Cross-entropy: -log p of the true class = log Σ e^z - z of the true class; shape (batch,).\"\"\"
    below = z - z.max(axis=1, keepdims=True)
    return np.log(np.exp(below).sum(axis=1)) - below[np.arange(len(labels)), labels]


def gradient_of_loss(p, labels):
    \"\"\"The gradient of each image's loss with respect to its logits is p - y; shape (batch, classes).\"\"\"
    y = np.eye(N_CLASSES, dtype=DTYPE)[labels]  # 1 for the true class, 0 elsewhere
    return p - y
""",
    "smoothed_cross_entropy": SOFTMAX
    + f"""

# The targets y, row by row: most for the true class, the rest spread evenly over all classes.
TARGETS = ((1 - {SMOOTHING}) * np.eye(N_CLASSES) + {SMOOTHING} / N_CLASSES).astype(DTYPE)


def losses_of(z, labels):
    \"\"\"Cross-entropy: -Σ y log p = log Σ e^z - Σ y z; shape (batch,).\"\"\"
    below = z - z.max(axis=1, keepdims=True)
    return np.log(np.exp(below).sum(axis=1)) - (TARGETS[labels] * below).sum(axis=1)


def gradient_of_loss(p, labels):
    \"\"\"The gradient of each image's loss with respect to its logits is p - y; shape (batch, classes).\"\"\"
    return p - TARGETS[labels]
""",
    "sigmoid_cross_entropy": SIGMOID
    + """

def losses_of(z, labels):
    \"\"\"Cross-entropy: log(1 + e^-z) for the true class, log(1 + e^z) for each of the others.\"\"\"
    against = z.copy()
    against[np.arange(len(labels)), labels] *= -1
    return np.logaddexp(0, against).sum(axis=1)


def gradient_of_loss(p, labels):
    \"\"\"The gradient of each image's loss with respect to its logits is p - y; shape (batch, classes).\"\"\"
    y = np.eye(N_CLASSES, dtype=DTYPE)[labels]  # 1 for the true class, 0 elsewhere
    return p - y
""",
    "squared_error": SIGMOID
    + """

def losses_of(z, labels):
    \"\"\"Half the squared distance to the target: ½ Σ (p - y)²; shape (batch,).\"\"\"
    y = np.eye(N_CLASSES, dtype=DTYPE)[labels]  # 1 for the true class, 0 elsewhere
    return 0.5 * np.square(outputs_of(z) - y).sum(axis=1)


def gradient_of_loss(p, labels):
    \"\"\"The gradient of each image's loss with respect to its logits is (p - y) p (1 - p).\"\"\"
    y = np.eye(N_CLASSES, dtype=DTYPE)[labels]
    return (p - y) * (p * (1 - p))
""",
}
"""Outputs, loss and gradient of a loss."""

INITIALIZER_CODE: dict[str, tuple[str, str, str]] = {
    "he": (
        "Normal, with variance 2 / inputs of a neuron (He et al., 2015).",
        "generator.normal(0, math.sqrt(2 / fan_in), shape)",
        "np.zeros(outputs)",
    ),
    "xavier": (
        "Uniform from -r to r, with r = √(6 / (inputs + outputs of a neuron)) (Glorot & Bengio, 2010).",
        "generator.uniform(-math.sqrt(6 / (fan_in + fan_out)), math.sqrt(6 / (fan_in + fan_out)), shape)",
        "np.zeros(outputs)",
    ),
    "lecun": (
        "Normal, with variance 1 / inputs of a neuron (LeCun et al., 1998).",
        "generator.normal(0, math.sqrt(1 / fan_in), shape)",
        "np.zeros(outputs)",
    ),
    "uniform": (
        "Weights and biases uniform from -0.5 to 0.5.",
        "generator.uniform(-0.5, 0.5, shape)",
        "generator.uniform(-0.5, 0.5, outputs)",
    ),
    "uniform_positive": (
        "Weights and biases uniform from 0 to 1.",
        "generator.uniform(0, 1, shape)",
        "generator.uniform(0, 1, outputs)",
    ),
    "zeros": ("All zero: the neurons of a layer stay the same.", "np.zeros(shape)", "np.zeros(outputs)"),
}
"""What it draws, the weights, the biases."""

ADAM = """\
m = {name: np.zeros_like(values) for name, values in parameters.items()}  # the mean gradient
v = {name: np.zeros_like(values) for name, values in parameters.items()}  # the mean squared gradient


def update(parameters, gradients, rate, step):
    \"\"\"Adam (Kingma & Ba, 2015): the mean gradient over the root of the mean squared gradient.

    m and v are kept without the factors (1 - β₁) and (1 - β₂); the step makes up for that.
    \"\"\"
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8
    mean = (1 - beta1) / (1 - beta1**step)
    root = math.sqrt((1 - beta2) / (1 - beta2**step))
    for name, g in gradients.items():
{decay}        m[name] = beta1 * m[name] + g
        v[name] = beta2 * v[name] + g * g
        parameters[name] -= rate * mean / root * (m[name] / (np.sqrt(v[name]) + epsilon / root))
"""

_DECAY = """\
        if name.startswith("W"):  # AdamW: weights shrink, biases do not (Loshchilov & Hutter, 2019)
            parameters[name] *= 1 - rate * WEIGHT_DECAY
"""

OPTIMIZER_CODE: dict[str, str] = {
    "adam": ADAM.replace("{decay}", ""),
    "adamw": ADAM.replace("{decay}", _DECAY),
    "gradient_descent": """\
def update(parameters, gradients, rate, step):
    \"\"\"Gradient descent: a small step against the gradient.\"\"\"
    for name, g in gradients.items():
        parameters[name] -= rate * g
""",
    "momentum": """\
v = {name: np.zeros_like(values) for name, values in parameters.items()}  # the velocity


def update(parameters, gradients, rate, step):
    \"\"\"Momentum (Polyak, 1964): v ← μ v + g, and a step against v.\"\"\"
    for name, g in gradients.items():
        v[name] = MOMENTUM * v[name] + g
        parameters[name] -= rate * v[name]
""",
    "nesterov": """\
v = {name: np.zeros_like(values) for name, values in parameters.items()}  # the velocity


def update(parameters, gradients, rate, step):
    \"\"\"Nesterov momentum (1983): v ← μ v + g, and a step against g + μ v, one step ahead.\"\"\"
    for name, g in gradients.items():
        v[name] = MOMENTUM * v[name] + g
        parameters[name] -= rate * (g + MOMENTUM * v[name])
""",
    "rmsprop": """\
s = {name: np.zeros_like(values) for name, values in parameters.items()}  # the mean squared gradient


def update(parameters, gradients, rate, step):
    \"\"\"RMSProp (Tieleman & Hinton, 2012): each step is divided by the usual size of its gradient.\"\"\"
    rho, epsilon = 0.99, 1e-8
    for name, g in gradients.items():
        s[name] = rho * s[name] + (1 - rho) * (g * g)
        parameters[name] -= rate * (g / (np.sqrt(s[name]) + epsilon))
""",
}
"""The memory of each optimizer, and one step of it."""

_AFTER_WARMUP = """\
    rising = WARMUP * TOTAL_STEPS
    if step + 1 < rising:
        return LEARNING_RATE * ((step + 1) / rising)
    t = max(0.0, step - rising) / (TOTAL_STEPS - rising)  # from 0 to 1 after the warm-up
"""

SCHEDULE_CODE: dict[str, str] = {
    "constant": '    """The same rate from first to last."""\n    return LEARNING_RATE\n',
    "step": '''\
    """A tenth of the rate from halfway on, a hundredth from three quarters on."""
    progress = step / TOTAL_STEPS
    return LEARNING_RATE * (1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01)
''',
    "lowered": '''\
    """The full rate for nine tenths of the training, then three tenths of it."""
    return LEARNING_RATE * (1.0 if step / TOTAL_STEPS < 0.9 else 0.3)
''',
    "linear": '    """Rise during the warm-up, then fall in a straight line to zero."""\n'
    + _AFTER_WARMUP
    + "    return LEARNING_RATE * (1 - t)\n",
    "cosine": '    """Rise, then fall to zero along half a cosine (Loshchilov & Hutter, 2017)."""\n'
    + _AFTER_WARMUP
    + "    return LEARNING_RATE * (0.5 * (1 + math.cos(math.pi * t)))\n",
    "one_cycle": '''\
    """From 1/25 of the rate up to it in the first 30 %, then down to 1/10,000 (Smith & Topin, 2018)."""
    progress, rise, start, end = step / TOTAL_STEPS, 0.3, 1 / 25, 1e-4
    if progress < rise:
        return LEARNING_RATE * (start + (1 - start) * (1 - 0.5 * (1 + math.cos(math.pi * (progress / rise)))))
    t = (progress - rise) / (1 - rise)
    return LEARNING_RATE * (end + (1 - end) * (0.5 * (1 + math.cos(math.pi * t))))
''',
}
"""The body of the function that gives the learning rate of a step, counted from 0."""
