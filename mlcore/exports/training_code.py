"""How a run trains, as code to be read and run on its own: order of the images, one step, and the loop.

The exported script contains it; what the run does not use is left out.
"""

import re
from collections.abc import Iterator

from mlcore.exports.cell import Cell, lines
from mlcore.exports.formula_code import OPTIMIZER_CODE, SCHEDULE_CODE
from mlcore.exports.network_code import layers_of
from mlcore.exports.passport import Passport
from mlcore.formulas.optimizers import NEGLIGIBLE, OPTIMIZERS, SWEEP_EVERY
from mlcore.training.batches import draws, micro_batch_of, step_products


def training_cells(run: Passport) -> Iterator[Cell]:
    """Yield the cells that train the network."""
    rate = "def rate_of(step):\n" + SCHEDULE_CODE[run.training.schedule]
    text = "How the gradients become a step: each parameter moves a little, to where the loss is smaller."
    yield Cell("The optimizer", text, OPTIMIZER_CODE[run.training.optimizer])
    yield Cell(
        "The learning rate",
        "How long a step is. The schedule gives the rate of each step; the first has the number 0.",
        rate,
    )
    yield Cell("The order of the images", _order_text(run), _order(run))
    yield Cell("The gradients of a batch", _batch_text(run), _batch(run))
    text = "Accuracy is the fraction of images that are classified correctly."
    if draws(run.network, run.training):
        text += " Nothing is changed or switched off at random here."
    yield Cell("Evaluation", text, _evaluation(run))
    text = (
        "Each step takes a batch forward and its loss backward, and updates the parameters. Now and then the "
        "network is evaluated; the parameters of the best evaluation are kept."
    )
    yield Cell("Training", text, _loop(run))


def is_full_batch(run: Passport) -> bool:
    """Whether every step takes all training images, which then need no order."""
    n = run.n_train
    return run.training.images_per_step(n) == n == min(run.training.sample_size or n, n)


# ---- order ------------------------------------------------------------------------------------------------


def _order_text(run: Passport) -> str:
    if is_full_batch(run):
        return "Each step takes all training images."
    if run.training.sample_size:
        return "The images are shuffled, and those at the beginning are a sample in which none comes twice."
    return "The images are shuffled for each epoch."


def _order(run: Passport) -> str:
    if is_full_batch(run):
        return lines(
            "def batches():",
            '    """Yield the positions of all training images, again and again."""',
            "    while True:",
            "        yield np.arange(len(train_images))",
            "",
        )
    n = run.n_train
    part = "" if run.training.sample_size is None or run.training.sample_size >= n else "[:SAMPLE_SIZE]"
    return lines(
        "def batches():",
        '    """Yield the positions of the images of each batch; the last one of an epoch may be smaller."""',
        "    generator = np.random.default_rng(order_seed)",
        "    while True:",
        f"        order = generator.permutation(len(train_images)){part}",
        "        for start in range(0, len(order), BATCH_SIZE):",
        "            yield order[start : start + BATCH_SIZE]",
        "",
    )


# ---- gradients --------------------------------------------------------------------------------------------


def micro_batch(run: Passport) -> int:
    """Return how many images go through the network at once."""
    return micro_batch_of(run.network, run.training, step_products(layers_of(run)))


def takes_parts(run: Passport) -> bool:
    """Whether a batch, or the half of one, is more than goes through the network at once."""
    n = run.training.images_per_step(run.n_train)
    return ((n + 1) // 2 if run.in_halves else n) > micro_batch(run)


def _batch_text(run: Passport) -> str:
    text = "A step makes the mean loss of its batch smaller."
    if takes_parts(run):
        text += (
            f" At most {micro_batch(run)} images go through the network at once, so that every array stays "
            "small; the gradients are added up."
        )
    if run.in_halves:
        text += (
            " The gradients of the two halves of a batch are added up: the app can train them side by side."
        )
    if draws(run.network, run.training):
        text += " What is drawn at random follows from the seed and the number of the step."
    return text


def _batch(run: Passport) -> str:
    config = run.training
    has_weights = config.class_weights == "balanced"
    random = draws(run.network, config)
    parts = []
    if has_weights:
        parts.append(
            """\
counts = np.bincount(train_labels, minlength=N_CLASSES)
# An image of a rare class counts more, so that each class counts the same.
balanced = len(train_labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
CLASS_WEIGHTS = np.where(counts > 0, balanced, 1).astype(DTYPE)
"""
        )
    pixels = "pixels_of(train_images[{}])"
    if not config.augmentation.is_none:
        pixels = "augment(train_images[{}], generator)"
    weight = "loss_weight * CLASS_WEIGHTS[labels, None]" if has_weights else "loss_weight"
    generator = ", generator" if random else ""
    passed = ", generator" if run.network.dropout else ""
    body = [
        f"x, labels = inputs_of({pixels.format('some')}), train_labels[some]",
        f"logits, values = forward(params, x{passed})",
        f"gradients = backward(params, logits, values, labels, {weight})",
    ]
    about = "Return the gradients of the summed losses of some images, each times ``loss_weight``."
    if takes_parts(run):
        code = [
            f"def gradients_of(params, positions, loss_weight{generator}):",
            f'    """{about}"""',
            "    total = None",
            "    for start in range(0, len(positions), MICRO_BATCH):",
            "        some = positions[start : start + MICRO_BATCH]",
            *[f"        {line}" for line in body],
            "        total = gradients if total is None else add(gradients, total)",
            "    return total",
        ]
    else:
        code = [
            f"def gradients_of(params, some, loss_weight{generator}):",
            f'    """{about}"""',
            *[f"    {line}" for line in body[:-1]],
            f"    return {body[-1].removeprefix('gradients = ')}",
        ]
    if takes_parts(run) or run.in_halves:
        parts.append(
            'def add(first, second):\n    """Add up two sets of gradients."""\n'
            "    return {name: first[name] + second[name] for name in first}\n"
        )
    parts += [lines(*code, ""), _step_gradients(run, random)]
    return "\n\n\n".join(part.strip("\n") for part in parts)


def _step_gradients(run: Passport, random: bool) -> str:
    config = run.training
    sides = [(f", np.random.default_rng([SEED, step, {side}])" if random else "") for side in (0, 1)]
    head = [
        "def step_gradients(params, batch, step):",
        '    """Return the gradients of the cost of a batch: the mean loss'
        + (", and λ/2 Σ w² (L2)" if config.cost_decay else "")
        + '."""',
    ]
    if run.in_halves:
        head += [
            "    n, middle = len(batch), (len(batch) + 1) // 2",
            f"    g = gradients_of(params, batch[:middle], 1 / n{sides[0]})",
            "    if middle < n:",
            f"        g = add(gradients_of(params, batch[middle:], 1 / n{sides[1]}), g)",
        ]
    else:
        head.append(f"    g = gradients_of(params, batch, 1 / len(batch){sides[0]})")
    if config.gradient_divisor is not None or config.bias_gradient == "summed" or config.cost_decay:
        head.append("    for name in g:")
    if config.gradient_divisor is not None:
        head.append(
            f"        g[name] = g[name] * (len(batch) / {config.gradient_divisor})  # longer or shorter steps"
        )
    if config.bias_gradient == "summed":
        head += [
            '        if name.startswith("b"):  # the known bug of the first notebooks: all biases move alike',
            "            g[name] = np.full_like(g[name], g[name].sum())",
        ]
    if config.cost_decay:
        head += [
            '        if name.startswith("W"):  # not the biases',
            "            g[name] = g[name] + WEIGHT_DECAY * params[name]",
        ]
    return lines(*head, "    return g", "")


# ---- evaluation and loop ----------------------------------------------------------------------------------


def _evaluation(run: Passport) -> str:
    weighted = run.training.class_weights == "balanced"
    sums = (
        [
            "        weights = CLASS_WEIGHTS[labels]",
            "        total += (losses_of(logits, labels) * weights).sum(dtype=np.float64)",
            "        weight += weights.sum(dtype=np.float64)",
        ]
        if weighted
        else [
            "        total += losses_of(logits, labels).sum(dtype=np.float64)",
            "        weight += len(labels)",
        ]
    )
    if run.training.cost_decay:
        penalty = [
            '    weights = [params[name].astype(np.float64) for name in params if name.startswith("W")]',
            "    squares = sum(np.square(w).sum() for w in weights)",
            "    return total / weight + WEIGHT_DECAY / 2 * squares, right / len(all_labels)",
        ]
    else:
        penalty = ["    return total / weight, right / len(all_labels)"]
    return lines(
        "def evaluate(params, images, all_labels):",
        '    """Return mean loss and accuracy."""',
        "    total, weight, right = 0.0, 0.0, 0",
        "    for start in range(0, len(images), MICRO_BATCH):",
        "        labels = all_labels[start : start + MICRO_BATCH]",
        "        logits, _ = forward(params, inputs_of(pixels_of(images[start : start + MICRO_BATCH])))",
        *sums,
        "        right += np.count_nonzero(outputs_of(logits).argmax(axis=1) == labels)",
        *penalty,
        "",
    )


def _other_evaluations(run: Passport) -> str:
    """Return the condition for the evaluations that come between the regular ones: the last, mostly."""
    every = run.training.evaluate_every_steps(run.n_train)
    other = {record.step for record in run.evaluations if record.step % every} - {run.total_steps}
    return f"in ({', '.join(map(str, sorted(other)))}, TOTAL_STEPS)" if other else "== TOTAL_STEPS"


def _memories(run: Passport) -> str:
    """Return the names of what the optimizer keeps, as they stand in a tuple."""
    names = re.findall(r"^(\w) = \{", OPTIMIZER_CODE[run.training.optimizer], re.MULTILINE)
    return ", ".join(names) + ("," if len(names) == 1 else "")


def _loop(run: Passport) -> str:
    config, n = run.training, run.n_train
    sample = n if config.train_sample is None else min(config.train_sample, n)
    judged = "dev" if run.n_dev else "train"
    sweeps = OPTIMIZERS[config.optimizer].make.n_moments and run.last_step >= SWEEP_EVERY
    head = [
        "def report(step, seen):",
        '    """Print how good the network is, and keep its parameters when they are the best so far."""',
        f"    images, labels = train_images[:{sample}], train_labels[:{sample}]",
        "    train_loss, train_accuracy = evaluate(parameters, images, labels)",
        '    line = f"epoch {seen / len(train_images):.2f}, step {step}: loss {train_loss:.4f}, "',
        '    line += f"training accuracy {train_accuracy:.2%}"',
    ]
    if run.n_dev:
        head += [
            "    dev_loss, dev_accuracy = evaluate(parameters, dev_images, dev_labels)",
            '    line += f", dev loss {dev_loss:.4f}, dev accuracy {dev_accuracy:.2%}"',
        ]
    head += [
        "    print(line, flush=True)",
        f"    standing = ({judged}_accuracy, -{judged}_loss)  # of equals, the lower loss is better",
        '    if not best or standing > best["standing"]:',
        *(
            [
                f'        if not best or {judged}_accuracy > best["standing"][0]:',
                '            best["since"] = step  # patience looks at accuracy alone',
            ]
            if config.patience
            else []
        ),
        "        copies = {name: values.copy() for name, values in parameters.items()}",
        "        best.update(standing=standing, step=step, parameters=copies)",
        "",
        "",
    ]
    loop = [
        "best = {}",
        "report(0, 0)",
        "seen = 0",
        'np.seterr(over="ignore")  # an e^z that overflows does no harm here',
        "for step, batch in zip(range(LAST_STEP), batches()):",
        "    g = step_gradients(parameters, batch, step)",
        "    update(parameters, g, rate_of(step), step + 1)",
        *(
            [
                f"    if (step + 1) % {SWEEP_EVERY} == 0:  # numbers as small as these only cost time",
                f"        for memory in ({_memories(run)}):",
                "            for values in memory.values():",
                f"                values[np.abs(values) < {NEGLIGIBLE!r}] = 0",
            ]
            if sweeps
            else []
        ),
        "    seen += len(batch)",
        f"    if (step + 1) % EVALUATE_EVERY == 0 or step + 1 {_other_evaluations(run)}:",
        "        report(step + 1, seen)",
    ]
    if config.patience:
        loop += [
            f'        if (step + 1 - best["since"]) // EVALUATE_EVERY >= {config.patience}:',
            "            break  # early stopping: no better accuracy for so many evaluations",
        ]
    loop += [
        "",
        f"print(f\"Best on the {'dev set' if run.n_dev else 'training images'}: step {{best['step']}}, "
        "accuracy {best['standing'][0]:.2%}\")",
        *(
            ['FIRST[KEPT] = best["parameters"]["W1"]', 'best["parameters"]["W1"] = FIRST  # with all pixels']
            if run.blank_pixels
            else []
        ),
        'np.savez("trained-weights.npz", **best["parameters"])',
        "",
    ]
    return lines(*head, *loop)
