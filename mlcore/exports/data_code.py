"""From the file of images to the numbers that a network reads, as code to be read and run on its own.

The exported script contains the parts that its run uses: preparation, augmentation, the order of the images.
"""

import json
from collections.abc import Iterator

from mlcore.exports.cell import Cell, lines
from mlcore.exports.passport import Passport
from mlcore.images.augmentation import ELASTIC_SPACING


def data_cell(run: Passport, data_file: str) -> Cell:
    """Return the cell that reads the images."""
    height, width = run.image_shape
    text = (
        f"The file holds the images as the run split them: {run.n_train:,} to learn from, and a dev set of "
        f"{run.n_dev:,} that the network never learns from, by which it is judged. A pixel is 0 "
        "for paper and 255 for full ink."
    )
    code = f"""\
data = np.load({json.dumps(data_file)})
train_images = data["train_images"]  # ({run.n_train}, {height}, {width})
train_labels = data["train_labels"]  # ({run.n_train},)
dev_images = data["dev_images"]  # ({run.n_dev}, {height}, {width})
dev_labels = data["dev_labels"]  # ({run.n_dev},)
"""
    return Cell("The data", text, code)


# ---- preparation ------------------------------------------------------------------------------------------


def folds_scale(run: Passport) -> bool:
    """Whether the pixels' scale is applied to the sums of the first layer in place of the pixels."""
    return not run.network.filters and not run.network.standardize


def preparation_cell(run: Passport) -> Cell:
    """Return the cell that makes numbers of pixels."""
    parts = [_compact(run), _scale(run), _kept(run), _mean(run), _read(run)]
    text = "How an image becomes the numbers that the network reads."
    if folds_scale(run):
        text += (
            " The factor SCALE, which brings pixels to small numbers, waits until after the first matrix"
            " product, x W: there are fewer numbers to multiply there."
        )
    return Cell("Preparation", text, "\n\n\n".join(part.strip("\n") for part in parts if part) + "\n")


def _compact(run: Passport) -> str:
    height, width = run.image_shape
    if run.network.pooling == 1:
        return lines(
            "def pixels_of(images):",
            f'    """Write the {height}×{width} pixels of each image in a row of {height * width}."""',
            "    return images.reshape(len(images), -1)",
            "",
        )
    side = run.network.pooling
    rows, columns = run.pooled_shape
    below, right = rows * side - height, columns * side - width
    return f'''\
def pixels_of(images):
    """Add up squares of {side}×{side} pixels, and write the {rows}×{columns} sums of each image in a row."""
    images = np.pad(images, ((0, 0), (0, {below}), (0, {right})))
    sums = np.zeros((len(images), {rows}, {columns}), np.uint16)
    for row in range({side}):
        for column in range({side}):
            sums += images[:, row::{side}, column::{side}]
    return sums.reshape(len(images), -1)
'''


def _scale(run: Passport) -> str:
    divisor, about = {
        "255": ("255", "brings the pixels to 0 to 1"),
        "maximum": ("max(1, int(train_images.max()))", "the largest value becomes 1"),
        "none": ("1", "the pixels stay as they are"),
        "levels": ("(16 * 8)", "of grey levels from 0 to 16"),
    }[run.network.scaling]
    if run.network.pooling > 1 and run.network.scaling != "levels":
        divisor, about = f"({divisor} * {run.network.pooling**2})", f"{about}, and a sum becomes a mean"
    return f"SCALE = 1 / {divisor}  # {about}"


def _kept(run: Passport) -> str:
    share = run.network.drop_rare_pixels
    if run.blank_pixels:
        return """\
# Pixels that are blank in every image of the data set are left out: their weights never have a gradient.
KEPT = data["lit_columns"]
"""
    if share is None:
        return ""
    return f"""\
# Pixels that are blank in almost every image are left out.
lit = np.count_nonzero(pixels_of(train_images), axis=0)
KEPT = np.flatnonzero(lit > {share!r} * len(train_images))
if len(KEPT) == 0:
    KEPT = np.array([lit.argmax()])
"""


def _levels(run: Passport, values: str) -> str:
    if run.network.scaling != "levels":
        return values
    return f"np.rint({values} * (16 / (255 * {run.network.pooling**2})))"


def _mean(run: Passport) -> str:
    if not run.network.standardize:
        return ""
    keep = "MEAN, DEVIATION = MEAN[KEPT], DEVIATION[KEPT]\n" if run.leaves_out_pixels else ""
    values = _levels(run, "pixels_of(train_images[start : start + 4096]).astype(np.float64)")
    return f"""\
# Each input gets mean 0 and standard deviation 1 over the training images.
total, squares = 0, 0
for start in range(0, len(train_images), 4096):
    values = {values}
    total, squares = total + values.sum(axis=0), squares + (values * values).sum(axis=0)
MEAN = total / len(train_images) * SCALE
variance = squares / len(train_images) * SCALE**2 - MEAN**2
DEVIATION = np.where(variance > 1e-12, np.sqrt(np.maximum(variance, 0)), 1.0)
{keep}"""


def _read(run: Passport) -> str:
    pixels = "np.take(pixels, KEPT, axis=1)" if run.leaves_out_pixels else "pixels"
    body = [f"    x = {pixels}.astype(DTYPE)"]
    if run.network.scaling == "levels":
        body.append(f"    x = {_levels(run, 'x')}  # back to whole grey levels")
    if run.network.standardize:
        body.append("    return (x * SCALE - MEAN.astype(DTYPE)) / DEVIATION.astype(DTYPE)")
    elif folds_scale(run):
        body.append("    return x")
    else:
        body.append("    return x * SCALE")
    if body[1:] == ["    return x"]:
        body = [f"    return {pixels}.astype(DTYPE)"]
    shape = f"(batch, {run.features_word})"
    return lines(
        "def inputs_of(pixels):",
        f'    """Return rows of pixels as the inputs x of the network, {shape}."""',
        *body,
        "",
    )


# ---- augmentation -----------------------------------------------------------------------------------------


def augmentation_cells(run: Passport) -> Iterator[Cell]:
    """Yield the cell that changes training images at random, for a run that does so."""
    if run.training.augmentation.is_none:
        return
    text = (
        "In training, each image is changed a little at random whenever it is used: each epoch shows new "
        "handwriting. Each pixel of the result is looked up at a place of the image, between four "
        "neighbours, and where that place lies is a weighted sum of a few fixed pictures (BASIS)."
    )
    parts = (_mix(), _pen(run), _basis(run), _locate(), _augment(run))
    yield Cell("Augmentation", text, "\n\n\n".join(part.strip("\n") for part in parts if part))


def _mix() -> str:
    return '''\
def mix(first, second, part):
    """Return first + (second - first) · part / 256, rounded."""
    return (256 * first + (second - first) * part + 128) // 256
'''


def _pen(run: Passport) -> str:
    if not run.training.augment_pen_width:
        return ""
    return '''\
def change_pen_width(images, pixels):
    """Make strokes thicker or, below zero, thinner: mix each image with the brightest of all neighbours."""
    inverted = np.where(pixels < 0, 255, 0).astype(np.uint8)[:, None, None]
    images = images ^ inverted  # thinner ink is thicker paper
    thick = images.copy()
    thick[:, 1:] = np.maximum(thick[:, 1:], images[:, :-1])
    thick[:, :-1] = np.maximum(thick[:, :-1], images[:, 1:])
    thick[:, :, 1:] = np.maximum(thick[:, :, 1:], images[:, :, :-1])
    thick[:, :, :-1] = np.maximum(thick[:, :, :-1], images[:, :, 1:])
    part = np.rint(np.abs(pixels) * 128).astype(int)[:, None, None]
    return mix(images.astype(int), thick.astype(int), part).astype(np.uint8) ^ inverted
'''


def _basis(run: Passport) -> str:
    height, width = run.image_shape
    side = run.network.pooling
    hills = ""
    if run.training.augment_elastic:
        spacing = ELASTIC_SPACING
        hills = f"""\
# Elastic: a soft hill around each point of a coarse grid, to be pulled by random amounts.
points = [np.arange(-side / 2, side / 2 + {spacing}, {spacing}) for side in ({height}, {width})]
distances = [(x - px) ** 2 + (y - py) ** 2 for py in points[0] for px in points[1]]
hills = np.exp(-0.5 * np.stack(distances) / {spacing}**2)
pictures += list(hills / np.sqrt((hills**2).sum(axis=0)))
"""
    return f"""\
rows = np.arange(0, {height}, {side}) - ({height} - {side}) / 2  # counted from the middle
columns = np.arange(0, {width}, {side}) - ({width} - {side}) / 2
y, x = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
pictures = [np.ones_like(x), x, y]
{hills}BASIS = np.stack(pictures).astype(np.float32)  # (pictures, pixels)
BORDER = {side + 1}  # rows and columns of paper around each image
"""


def _locate() -> str:
    return '''\
def locate(weights, side):
    """Return places along one side: whole pixels, and what is left in parts of 1/256."""
    weights[:, 0] += BORDER
    place = np.clip((weights * 256) @ BASIS, 0, 256 * (side + BORDER)).astype(int)
    return place // 256, place % 256
'''


def _augment(run: Passport) -> str:
    about, (height, width), side = run.training.augmentation, run.image_shape, run.network.pooling
    body = ["    n = len(images)"]
    if about.pen_width:
        low, high = -about.pen_width, about.pen_width
        body.append(f"    images = change_pen_width(images, generator.uniform({low!r}, {high!r}, n))")
    body += [
        "    angle, shear, scale_x, scale_y, shift_x, shift_y = generator.uniform(-1, 1, (6, n))",
        f"    angle = np.deg2rad({about.rotation!r}) * angle",
        f"    cosine, sine, slant = np.cos(angle), np.sin(angle), {about.shear!r} * shear",
        f"    stretch_x, stretch_y = {1 + about.scale!r}**scale_x, {1 + about.scale!r}**scale_y",
        "    across, down = np.zeros((2, n, len(BASIS)), np.float32)",
        f"    across[:, 0] = {(width - side) / 2!r} + {about.shift!r} * shift_x",
        "    across[:, 1] = stretch_x * cosine",
        "    across[:, 2] = stretch_x * (slant * cosine - sine)",
        f"    down[:, 0] = {(height - side) / 2!r} + {about.shift!r} * shift_y",
        "    down[:, 1] = stretch_y * sine",
        "    down[:, 2] = stretch_y * (slant * sine + cosine)",
    ]
    if about.elastic:
        body += [
            "    pulls = generator.standard_normal((2, n, len(BASIS) - 3), dtype=np.float32)",
            f"    across[:, 3:], down[:, 3:] = {about.elastic!r} * pulls",
        ]
    body += [
        f"    column, right = locate(across, {width})",
        f"    row, below = locate(down, {height})",
        "    framed = np.pad(images, ((0, 0), (BORDER, BORDER), (BORDER, BORDER))).astype(int)",
    ]
    if side > 1:
        body += [
            f"    # Each pixel becomes the mean of the square of {side}×{side} that begins with it.",
            f"    larger = np.pad(framed, ((0, 0), (0, {side - 1}), (0, {side - 1})))",
            f"    moves = [(i, j) for i in range({side}) for j in range({side})]",
            "    total = sum(larger[:, i : i + framed.shape[1], j : j + framed.shape[2]] for i, j in moves)",
            f"    framed = (total + {side**2 // 2}) // {side**2}",
        ]
    body += [
        "    k = np.arange(n)[:, None]",
        "    upper = mix(framed[k, row, column], framed[k, row, column + 1], right)",
        "    lower = mix(framed[k, row + 1, column], framed[k, row + 1, column + 1], right)",
        "    result = mix(upper, lower, below)  # (n, pixels)",
    ]
    if about.noise:
        body += [
            f"    noise = generator.standard_normal(result.shape, np.float32) * {255 * about.noise!r}",
            "    result = np.rint(np.clip(noise + result.astype(np.float32), 0, 255)).astype(int)",
        ]
    body.append(
        f"    return result * {side**2}  # sums of squares, as pixels_of gives them"
        if side > 1
        else "    return result"
    )
    head = [
        "def augment(images, generator):",
        '    """Slant, rotate, stretch and shift each image in its own way; return rows of pixels."""',
    ]
    return lines(*head, *body, "")
