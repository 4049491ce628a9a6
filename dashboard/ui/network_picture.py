"""The network as a picture: one row for each layer, from the image at the top to the answers, drawn as SVG.

The pages Network and Train show it. It is drawn from `mlcore.network_summary`, so that a new kind of layer is
drawn too. Colours are variables of the theme; at 360 pixels it is as wide as a phone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dashboard.ui.messages import html_text
from dashboard.ui.pictures import Picture, data_uri
from dashboard.ui.svg import show_svg
from mlcore import ACTIVATIONS, LOSSES, Dataset, NetworkConfig
from mlcore.language import _
from mlcore.network.network import LayerSummary

WIDTH = 360
STRIP = (10, 158)  # where the neurons are, from left to right
TEXT = 176  # where the words begin
ROW = 74
IMAGE = 48
MOST_DOTS = 10
MOST_MAPS = 5

Point = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """One layer of the picture, with what follows it and changes no shape (activation, dropout).

    Attributes
    ----------
    title, notes : str
        What it is called, and the words below.
    shape : tuple of int
        Of its output for one image; three numbers are height, width and maps.
    labels : tuple of str
        Written into its neurons, where all of them are drawn.
    """

    title: str
    notes: tuple[str, ...]
    shape: tuple[int, ...]
    labels: tuple[str, ...] = ()


def show_network_picture(svg: str) -> None:
    """Show what `network_svg` returned."""
    show_svg(svg, "network_svg")


def network_svg(
    config: NetworkConfig, layers: Sequence[LayerSummary], class_names: Sequence[str], example: Picture
) -> str:
    """Return the picture as HTML.

    Parameters
    ----------
    config : NetworkConfig
    layers : sequence of LayerSummary
        What `mlcore.network_summary` says about it.
    class_names : sequence of str
        Written into the outputs.
    example : Picture
        An image that goes in at the top.
    """
    rows = network_rows(config, layers, class_names)
    if rows[0].shape == (*example.image.shape, 1):
        del rows[0]  # a convolution takes the image as it is
    tops = [IMAGE + 22 + ROW * k for k in range(len(rows))]
    height = tops[-1] + ROW - 12
    middle = (STRIP[0] + STRIP[1]) / 2
    pixels = " × ".join(str(side) for side in reversed(example.image.shape))
    parts = [
        f'<image href="{data_uri(example.image)}" x="{middle - IMAGE / 2:g}" y="2" width="{IMAGE}" '
        f'height="{IMAGE}" class="pixels"><title>{html_text(example.alt)}</title></image>',
        _words(2, _("Image"), (_("{size} pixels").format(size=pixels),)),
        *_wires([(middle, IMAGE + 2.0)], _places(rows[0], tops[0])),
    ]
    places = [_places(row, top) for row, top in zip(rows, tops, strict=True)]
    for upper, lower in pairwise(places):
        parts += _wires(upper, lower)
    for row, top in zip(rows, tops, strict=True):
        parts += [*_marks(row, top), _words(top, row.title, row.notes)]
    return (
        f'<svg class="dl-network" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{html_text(describe(rows))}">{"".join(parts)}</svg>'
    )


def network_rows(
    config: NetworkConfig, layers: Sequence[LayerSummary], class_names: Sequence[str]
) -> list[Row]:
    """Return the rows of the picture, from the input to the output."""
    groups = list(_groups(layers))
    rows = []
    hidden = 0
    for group in groups:
        head, is_output = group[0], group is groups[-1]
        hidden += head.kind == "linear"
        size = _(LOSSES[config.loss].label) if is_output else _size(head)
        notes = [", ".join([size, *(_note(config, layer) for layer in group[1:])])]
        if head.parameters:
            notes.append(_("{n:,} parameters").format(n=head.parameters))
        title = _("Output") if is_output else _title(head, hidden)
        rows.append(Row(title, tuple(notes), head.output_shape, tuple(class_names) if is_output else ()))
    return rows


def example_of(dataset: Dataset) -> Picture:
    """Return the first image of a data set, to be drawn at the top."""
    label = dataset.class_names[dataset.labels[0]]
    return Picture(dataset.take([0]).images[0], _("An image of the class {label}").format(label=label))


def describe(rows: Sequence[Row]) -> str:
    """Return the picture in words."""
    return _("The network, from input to output. ") + " ".join(
        f"{row.title}: {', '.join(row.notes)}." for row in rows
    )


def _groups(layers: Sequence[LayerSummary]) -> Iterator[list[LayerSummary]]:
    """Yield each layer together with those behind it that learn nothing and keep the shape."""
    group: list[LayerSummary] = []
    for layer in layers:
        if group and (layer.parameters or layer.output_shape != group[0].output_shape):
            yield group
            group = []
        group.append(layer)
    yield group


def _title(layer: LayerSummary, hidden: int) -> str:
    names = {
        "input": _("Input"),
        "linear": _("Hidden layer {n}").format(n=hidden),
        "convolution": _("Convolution"),
        "max-pool": _("Max pooling"),
        "flatten": _("Flatten"),
    }
    return names.get(layer.kind, layer.kind.capitalize())


def _size(layer: LayerSummary) -> str:
    """Return the shape of a layer's output in words."""
    if len(layer.output_shape) == 1:
        text = _("{n:,} numbers") if layer.kind != "linear" else _("{n:,} neurons")
        return text.format(n=layer.output_shape[0])
    *sides, maps = layer.output_shape
    if layer.kind == "input":
        return _("{size} pixels").format(size=" × ".join(str(side) for side in sides))
    return _("{n} maps of {size}").format(n=maps, size=" × ".join(str(side) for side in sides))


def _note(config: NetworkConfig, layer: LayerSummary) -> str:
    """Return what a layer without parameters does."""
    if layer.kind == "activation":
        return _(ACTIVATIONS[config.activation].label)
    if layer.kind == "dropout":
        return _("dropout {part:g} %").format(part=100 * config.dropout)
    return layer.kind


# ---- drawing ----------------------------------------------------------------------------------------------


def _places(row: Row, top: float) -> list[Point]:
    """Return where the neurons (or maps) of a row are drawn: all of them, or the first and last few."""
    count = min(row.shape[-1], MOST_DOTS if len(row.shape) == 1 else MOST_MAPS)
    middle, gap = (STRIP[0] + STRIP[1]) / 2, (STRIP[1] - STRIP[0]) / MOST_DOTS
    if len(row.shape) > 1:
        gap *= MOST_DOTS / MOST_MAPS
    places = [(middle + gap * (k - (count - 1) / 2), top + 20.0) for k in range(count)]
    if len(row.shape) == 1 and row.shape[0] > MOST_DOTS:
        del places[count // 2 - 1 : count // 2 + 1]  # room for three small dots
    return places


def _marks(row: Row, top: float) -> Iterator[str]:
    """Yield the neurons as circles, maps as squares."""
    radius = 6.2
    for k, (x, y) in enumerate(_places(row, top)):
        if len(row.shape) > 1:
            yield f'<rect x="{x - 12:g}" y="{y - 12:g}" width="24" height="24" rx="3" class="neuron"/>'
            continue
        yield f'<circle cx="{x:g}" cy="{y:g}" r="{radius}" class="neuron"/>'
        if len(row.labels) <= MOST_DOTS and k < len(row.labels) and len(row.labels[k]) == 1:
            yield f'<text x="{x:g}" y="{y + 3.2:g}" class="digit">{html_text(row.labels[k])}</text>'
    if len(row.shape) == 1 and row.shape[0] > MOST_DOTS:
        middle = (STRIP[0] + STRIP[1]) / 2
        for x in (middle - 6, middle, middle + 6):
            yield f'<circle cx="{x:g}" cy="{top + 20:g}" r="1.4" class="more"/>'


def _wires(upper: Sequence[Point], lower: Sequence[Point]) -> Iterator[str]:
    """Yield the connections of two rows as one path."""
    lines = "".join(f"M{a:g} {b:g}L{c:g} {d:g}" for a, b in upper for c, d in lower)
    yield f'<path d="{lines}" class="wires"/>'


def _words(top: float, title: str, notes: Sequence[str]) -> str:
    """Return a row's words, to the right of its neurons."""
    lines = [f'<text x="{TEXT}" y="{top + 10:g}" class="title">{html_text(title)}</text>']
    for k, note in enumerate(notes):
        lines.append(f'<text x="{TEXT}" y="{top + 27 + 16 * k:g}" class="note">{html_text(note)}</text>')
    return "".join(lines)
