"""The network of a run as code to be read and run on its own: first parameters, forward pass, backward pass.

Every layer is written out, with the shapes of its arrays beside it. The exported script contains it.
"""

from collections.abc import Iterator

from mlcore.exports.cell import Cell, lines
from mlcore.exports.data_code import folds_scale
from mlcore.exports.formula_code import ACTIVATION_CODE, INITIALIZER_CODE, LOSS_CODE
from mlcore.exports.passport import Passport
from mlcore.network.convolution import Conv2d
from mlcore.network.layers import Activation, Dropout, Layer, Linear
from mlcore.network.network import build_layers

LONGEST_LINE = 100


def network_cells(run: Passport) -> Iterator[Cell]:
    """Yield the cells that make the network and compute with it."""
    yield Cell("The first weights", _first_text(run), _first_parameters(run))
    yield Cell("Activation and loss", _formulas_text(run), _formulas(run))
    if run.network.filters:
        text = (
            "Arrays of images have the order height, channels, width, batch: then all outputs in one row "
            "of an image come from one matrix product."
        )
        yield Cell(
            "Convolution", text, CONVOLUTION + ("" if len(run.network.filters) == 1 else _INPUT_GRADIENT)
        )
    text = (
        "From the inputs to the logits, layer by layer. A layer multiplies its inputs by its weights and "
        "adds its biases: z = x W + b. The z of the last layer are the logits; the others go through the "
        "activation, a = f(z), and are the inputs of the next layer."
    )
    yield Cell("Forward", text, _forward(run))
    text = (
        "From the gradient of the logits back to that of every parameter, by the chain rule. For a layer "
        "z = x W + b, let d be ∂loss/∂z, a row for each image. Then the gradient of W is xᵀ d, that of b is "
        "the sum of the rows of d, and d Wᵀ is the gradient of x, with which the layer before goes on."
    )
    yield Cell("Backward", text, _backward(run))


def _first_text(run: Passport) -> str:
    if run.network.initialization == "zeros":
        return "All weights start at 0."
    return (
        "Neurons that start alike get the same gradients and stay alike, so the first weights are drawn at "
        "random. The seed decides which numbers are drawn."
    )


def _formulas_text(run: Passport) -> str:
    text = "The loss says how wrong the outputs are. The way back needs its derivative."
    if run.network.filters or run.network.hidden_sizes:
        text = (
            "Without an activation f between them, several layers could do no more than one: a product of "
            "matrices is a matrix. The loss says how wrong the outputs are. The way back needs the "
            "derivatives of both."
        )
    return text


def layers_of(run: Passport) -> list[Layer]:
    """Return the layers of a run's network, as if no rare pixels were dropped."""
    height, width = run.pooled_shape
    return build_layers(run.network, run.pooled_shape, height * width, len(run.class_names))


def _first_parameters(run: Passport) -> str:
    about, weights, biases = INITIALIZER_CODE[run.network.initialization]
    body = [
        "weight_seed, order_seed = np.random.SeedSequence(SEED).spawn(2)  # two streams of chance",
        "generator = np.random.default_rng(weight_seed)",
        "parameters = {}",
        "",
        "",
        "def draw(layer, shape, fan_in, fan_out, outputs):",
        f'    """{about}"""',
        f'    parameters[f"W{{layer}}"] = {weights}.astype(DTYPE)',
        f'    parameters[f"b{{layer}}"] = {biases}.astype(DTYPE)',
        "",
        "",
    ]
    number = 0
    for layer in layers_of(run):
        if "weights" not in layer.parameter_shapes:
            continue
        number += 1
        shape = layer.parameter_shapes["weights"]
        if isinstance(layer, Conv2d):
            filters, channels, k, _ = shape
            fans, outputs = (channels * k * k, filters * k * k), filters
            body.append(f"draw({number}, {shape}, {fans[0]}, {fans[1]}, {outputs})  # {filters} filters")
        else:
            inputs, outputs = str(shape[0]), shape[1]
            if number == 1 and run.network.drop_rare_pixels is not None:
                inputs = "len(KEPT)"
            body.append(f"draw({number}, ({inputs}, {outputs}), {inputs}, {outputs}, {outputs})")
    if run.blank_pixels:
        body += [
            'FIRST = parameters["W1"]  # with blank pixels, whose weights stay as they are',
            'parameters["W1"] = FIRST[KEPT]',
        ]
    return lines(*body, "")


def _formulas(run: Passport) -> str:
    apply, slope = ACTIVATION_CODE[run.network.activation]
    activation = f'''\
def activate(z):
    """a = f(z), for every value."""
    return {apply}


def through_activation(d, a):
    """Return the gradient of z from d, the gradient of a = f(z)."""
    return {slope}


'''
    has_hidden = run.network.hidden_sizes or run.network.filters
    return (activation if has_hidden else "") + LOSS_CODE[run.network.loss]


CONVOLUTION = '''\
def windows_of(a, k):
    """Return the k×k windows of images, one matrix for each row of outputs."""
    windows = np.lib.stride_tricks.sliding_window_view(a, (k, k), axis=(0, 2))
    rows, channels, columns, n = windows.shape[:4]
    return windows.transpose(0, 4, 1, 5, 2, 3).reshape(rows, k * channels * k, columns * n)


def convolve(W, b, windows, n):
    """z[y, f, x] = Σ W[f, c, i, j] · a[y + i, c, x + j] + b[f] (LeCun et al., 1998)."""
    filters = len(b)
    z = W.transpose(0, 2, 1, 3).reshape(filters, -1) @ windows + b[:, None]
    return z.reshape(len(windows), filters, -1, n)


def convolution_gradients(W, windows, d):
    """Return ∂loss/∂W and ∂loss/∂b from d = ∂loss/∂z, summed over all places and all images."""
    filters, channels, k, _ = W.shape
    d = d.reshape(len(d), filters, -1)
    weights = (windows @ d.transpose(0, 2, 1)).sum(axis=0).reshape(k, channels, k, filters)
    return weights.transpose(3, 1, 0, 2), (d @ np.ones(d.shape[2], DTYPE)).sum(axis=0)


def max_pool(a):
    """Return the largest of each square of 2×2 values, and where the right and the lower ones have won."""
    a = a[: len(a) // 2 * 2, :, : a.shape[2] // 2 * 2]
    upper, lower = a[::2], a[1::2]
    pairs = np.maximum(upper, lower)
    left, right = pairs[:, :, ::2], pairs[:, :, 1::2]
    return np.maximum(left, right), right > left, lower > upper


def max_pool_gradient(d, right_won, lower_won, height, width):
    """Give the gradient to the value that was the largest; all others get 0."""
    rows, channels, columns, n = d.shape
    pairs = np.zeros((rows, channels, 2 * columns, n), DTYPE)
    pairs[:, :, ::2], pairs[:, :, 1::2] = d * ~right_won, d * right_won
    result = np.zeros((height, channels, width, n), DTYPE)
    result[: 2 * rows : 2, :, : 2 * columns] = pairs * ~lower_won
    result[1 : 2 * rows : 2, :, : 2 * columns] = pairs * lower_won
    return result
'''

_INPUT_GRADIENT = '''\


def convolution_input_gradient(W, d, height, width):
    """Return ∂loss/∂a from d = ∂loss/∂z: each value gets its share of all outputs whose window it was in."""
    filters, channels, k, _ = W.shape
    rows, _, columns, n = d.shape
    matrix = W[:, :, ::-1].transpose(1, 3, 2, 0).reshape(channels * k, k * filters)
    result = np.zeros((height, channels, width, n), DTYPE)
    for y in range(height):  # row y was row i of the windows of the outputs in row y - i
        first, last = max(0, y - k + 1), min(rows, y + 1)
        seen = slice((first - y + k - 1) * filters, (last - y + k - 1) * filters)
        moved = (matrix[:, seen] @ d[first:last].reshape(-1, columns * n)).reshape(channels, k, columns, n)
        for j in range(k):
            result[y, :, j : j + columns] += moved[:, j]
    return result
'''


def _scaled(run: Passport, number: int) -> str:
    return " * SCALE" if number == 1 and folds_scale(run) else ""


def _forward(run: Passport) -> str:
    body, kept, last = [], ["x"], "x"
    number = 0
    if run.network.filters:
        height, width = run.pooled_shape
        body += [
            "    n = len(x)",
            f"    a0 = x.reshape(n, {height}, {width}, 1).transpose(1, 3, 2, 0)  # ({height}, 1, {width}, n)",
        ]
        kept, last = [], "a0"
    for layer in layers_of(run):
        if isinstance(layer, Conv2d):
            number += 1
            k = number
            rows, columns, filters = layer.output_shape
            shape, pooled = (
                f"({rows}, {filters}, {columns}, n)",
                f"({rows // 2}, {filters}, {columns // 2}, n)",
            )
            body += [
                f"    windows{k} = windows_of({last}, {layer.kernel_size})",
                f'    z{k} = convolve(params["W{k}"], params["b{k}"], windows{k}, n)  # {shape}',
                f"    m{k}, right{k}, lower{k} = max_pool(z{k})  # {pooled}",
                f"    a{k} = activate(m{k})  # as it never falls, it may come after the maximum",
            ]
            kept += [f"windows{k}", f"right{k}", f"lower{k}", f"a{k}"]
            last = f"a{k}"
            if k == len(run.network.filters):
                features = layer.output_shape[0] // 2 * (columns // 2) * filters
                body.append(f"    v = a{k}.transpose(3, 0, 2, 1).reshape(n, -1)  # (n, {features}), in a row")
                kept.append("v")
                last = "v"
        elif isinstance(layer, Linear):
            number += 1
            outputs = layer.output_shape[0]
            is_last = number == _n_weights(run)
            note = ", the logits" if is_last else ""
            product = f'{last} @ params["W{number}"]{_scaled(run, number)}'
            body.append(f'    z{number} = {product} + params["b{number}"]  # (batch, {outputs}){note}')
        elif isinstance(layer, Activation) and len(layer.output_shape) == 1:
            body.append(f"    a{number} = activate(z{number})")
            kept.append(f"a{number}")
            last = f"a{number}"
        elif isinstance(layer, Dropout):
            body += [
                f"    r{number} = a{number}  # all neurons, unless the network is learning",
                "    if generator is not None:",
                f"        drawn = generator.random(a{number}.shape, DTYPE)",
                f"        mask{number} = (drawn >= DROPOUT).astype(DTYPE) * (1 / (1 - DROPOUT))",
                f"        r{number} = a{number} * mask{number}",
            ]
            kept += [f"r{number}"]
            last = f"r{number}"
    masks = [f"mask{k}" for k in _dropped(run)]
    about = "Return the logits, and what every layer gave, which the way back needs."
    if masks:
        about = "Return the logits, and what every layer gave; a generator switches dropout on."
        body.insert(0, f"    {' = '.join(masks)} = 1")
    given = [f'"{name}": {name}' for name in [*kept, *masks]]
    result = f"    return z{number}, {{{', '.join(given)}}}"
    if len(result) > LONGEST_LINE:
        items = "".join(f"        {item},\n" for item in given)
        result = f"    return z{number}, {{\n{items}    }}"
    return lines(
        f"def forward(params, x{', generator=None' if masks else ''}):",
        f'    """{about}"""',
        *body,
        result,
        "",
    )


def _n_weights(run: Passport) -> int:
    return len(run.network.filters) + len(run.network.hidden_sizes) + 1


def _dropped(run: Passport) -> list[int]:
    """Return the numbers of the layers behind which there is dropout."""
    first = len(run.network.filters) + 1
    return list(range(first, first + len(run.network.hidden_sizes))) if run.network.dropout else []


def _backward(run: Passport) -> str:
    last, convolutions = _n_weights(run), len(run.network.filters)
    body = [
        "    g = {}",
        "    ones = np.ones(len(labels), DTYPE)  # ones @ d is the sum over the batch",
        "    d = gradient_of_loss(outputs_of(logits), labels) * loss_weight",
    ]
    for k in range(last, convolutions, -1):
        body[-1] += f"  # ∂loss/∂z{k}"
        inputs = _inputs_of(run, k)
        scaled = f"(d{_scaled(run, k)})" if _scaled(run, k) else "d"
        body += [f'    g["b{k}"] = ones @ d', f'    g["W{k}"] = v["{inputs}"].T @ {scaled}']
        if k == convolutions + 1:
            break
        body.append(f'    d = d @ params["W{k}"].T')
        if k - 1 in _dropped(run):
            body.append(f'    d = d * v["mask{k - 1}"]')
        body.append(f'    d = through_activation(d, v["a{k - 1}"])')
    if convolutions:
        body += _convolutional_backward(run)
    return lines(
        "def backward(params, logits, v, labels, loss_weight):",
        '    """Return the gradients g of the losses of these images, each times ``loss_weight``."""',
        *body,
        "    return g",
        "",
    )


def _inputs_of(run: Passport, number: int) -> str:
    """Return the name of what the linear layer of a number takes."""
    if number == len(run.network.filters) + 1:
        return "v" if run.network.filters else "x"
    return f"{'r' if run.network.dropout else 'a'}{number - 1}"


def _convolutional_backward(run: Passport) -> list[str]:
    layers = [layer for layer in layers_of(run) if isinstance(layer, Conv2d)]
    rows, columns, filters = layers[-1].output_shape
    n = len(layers)
    body = [
        f'    d = d @ params["W{n + 1}"].T',
        f"    d = d.reshape(-1, {rows // 2}, {columns // 2}, {filters}).transpose(1, 3, 2, 0)",
    ]
    for k in range(n, 0, -1):
        rows, columns, _ = layers[k - 1].output_shape
        body += [
            f'    d = through_activation(d, v["a{k}"])',
            f'    d = max_pool_gradient(d, v["right{k}"], v["lower{k}"], {rows}, {columns})',
            f'    g["W{k}"], g["b{k}"] = convolution_gradients(params["W{k}"], v["windows{k}"], d)',
        ]
        if k > 1:
            height, width, _ = layers[k - 1].input_shape
            body.append(f'    d = convolution_input_gradient(params["W{k}"], d, {height}, {width})')
    return body
