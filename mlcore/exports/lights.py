"""The panel that shows a network at work in a browser: its HTML, its words, and the script that draws it.

The Draw page has it, and the web page that is taken home. What it shows is said in
`docs/explanation/drawings.md`.
"""

from pathlib import Path

from mlcore.language import _
from mlcore.model import Model

MOST_PARAMETERS = 500_000
"""Of a network whose neurons are shown."""

HTML = """<div class="dl-lights">
  <canvas tabindex="0" role="application"></canvas>
  <p class="dl-carried"></p>
  <p class="dl-told" role="status"></p>
  <div class="dl-liked"></div>
</div>"""

_HERE = Path(__file__).parent


def lights_script() -> str:
    """Return the JavaScript that draws the panel, behind `network_script` or as a module of its own."""
    return "\n".join((_HERE / name).read_text("utf-8") for name in ("flow.js", "lights.js"))


def can_be_shown(model: Model) -> bool:
    """Return whether a network is small enough to be shown at work."""
    return not model.preparation.floats and model.parameter_count <= MOST_PARAMETERS


def lights_title() -> str:
    """Return what the panel is called while it is folded away."""
    return _("See the network work")


def lights_help() -> str:
    """Return what the panel shows, as a few sentences."""
    return _(
        "From top to bottom: the image that the network sees, its layers, and the classes. The brighter, the "
        "more active, compared with the rest of its layer; blue is below zero. The lines follow the largest "
        "products of output and weight back from the answer."
    )


def lights_words() -> dict[str, str]:
    """Return the words of the panel; what stands in braces is filled in by the script."""
    return {
        "label": _("The network at work. The arrow keys choose a neuron or feature map, Escape lets it go."),
        "choose": _("Click a neuron or a feature map to see what it responds to."),
        "carried": _("Strongest evidence for {name}: {units}."),
        "neuron": _("neuron {number}"),
        "map": _("feature map {number}"),
        "unit": _("Layer {layer}, {unit}."),
        "output": _("Output {value}."),
        "sources": _("Strongest inputs: {units}."),
        "weights": _("Its weights: ink on red raises its output, ink on blue lowers it."),
        "gradient": _(
            "How each pixel of your drawing moves it: ink on red raises it, ink on blue lowers it."
        ),
        "filter": _("Its filter: ink on red raises its output, ink on blue lowers it."),
        "patch": _("The part of your drawing to which it responds most."),
    }
