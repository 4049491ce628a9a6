"""The moving picture on Home: digits are written stroke by stroke, and the answer changes with them.

Each frame is a real answer of the shipped model to what the pen has left so far. The picture moves by CSS
alone; a browser that is asked for less motion shows the first digit finished.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from dashboard.home.handwriting import LINES, PEN, SIZE, begun, written
from dashboard.shipped import shipped_model
from dashboard.ui.formats import percent
from dashboard.ui.messages import html_text
from dashboard.ui.pictures import data_uri
from dashboard.ui.svg import show_svg
from mlcore import Model, NoDigitError
from mlcore.images.drawing import digit_in_strokes
from mlcore.images.strokes import Stroke
from mlcore.language import _

FRAMES = 24
"""Of each digit, from the first touch of the pen to the finished digit."""

SECONDS = 5.0
"""That each digit is shown."""

WRITING = 0.6
"""The part of this time in which the pen moves; then the answer rests."""

_GONE = 0.98  # of a digit's time: then the canvas is wiped


@dataclass(frozen=True)
class Scene:
    """One digit on its way.

    Attributes
    ----------
    digit : str
    strokes : tuple of Stroke
    seen : uint8 array (FRAMES, height, width)
        What the network was given; black where it found nothing to answer.
    probabilities : float array (FRAMES, classes)
        What it answered; zeros where it did not.
    """

    digit: str
    strokes: tuple[Stroke, ...]
    seen: npt.NDArray[np.uint8]
    probabilities: npt.NDArray[np.floating]


def scene(model: Model, digit: str) -> Scene:
    """Return a digit of `LINES` on its way, with the model's answers."""
    strokes = written(digit)
    seen = np.zeros((FRAMES, *model.image_shape), np.uint8)
    probabilities = np.zeros((FRAMES, len(model.class_names)))
    for k in range(FRAMES):
        drawing = begun(strokes, (k + 1) / FRAMES)
        try:
            seen[k] = digit_in_strokes(drawing, model.frame, model.image_shape, SIZE)
        except NoDigitError:
            continue
        probabilities[k] = model.probabilities_of(seen[k][None])[0]
    return Scene(digit, tuple(strokes), seen, probabilities)


@st.cache_resource(show_spinner=False)
def scenes(name: str) -> tuple[Scene, ...]:
    """Return all digits on their way, with the answers of a shipped model; made once for all visitors."""
    return tuple(scene(shipped_model(name), digit) for digit in LINES)


def show_moving_picture(name: str) -> None:
    """Show the digits and the answers of a shipped model."""
    with st.container(key="moving_picture"):
        html = moving_picture_html(scenes(name), shipped_model(name).class_names)
        show_svg(html, "moving_picture_svg")


def moving_picture_html(shown: Sequence[Scene], class_names: Sequence[str]) -> str:
    """Return the moving picture as HTML; without motion it is the first digit with its answer."""
    ink, rules = _ink(shown)
    bars, bar_rules = _bars(shown, class_names)
    seen, seen_rule = _seen(shown)
    verdicts, verdict_rules = _verdicts(shown, class_names)
    words = _("Digits are drawn stroke by stroke, and with each stroke the network's answer changes: {list}.")
    answers = ", ".join(_verdict(scene, class_names) for scene in shown)
    style = "".join([*rules, *bar_rules, seen_rule, *verdict_rules])
    return (
        f'<style>{style}</style><div class="dl-show" style="--dl-time: {SECONDS * len(shown):g}s">'
        f'<figure role="img" aria-label="{html_text(words.format(list=answers))}"><div aria-hidden="true">'
        f'<svg viewBox="0 0 {SIZE} {SIZE}">{ink}</svg>{seen}'
        f'<p>{verdicts}</p><ul class="dl-bars" style="--dl-name: 1ch">{bars}</ul></div></figure>'
        f'<label><input type="checkbox"> {html_text(_("Pause"))}</label></div>'
    )


# ---- time ----


def _at(number: int, of: int, part: float) -> str:
    """Return a moment of a digit's time, a part from 0 to 1, as a percentage of the time of all."""
    return f"{100 * (number + part) / of:.2f}%"


def _moment(frame: int) -> float:
    """Return when a frame is reached, as a part of the digit's time."""
    return WRITING * (frame + 1) / FRAMES


def _keyframes(name: str, stops: Iterable[tuple[str, str]]) -> str:
    return f"@keyframes {name}{{{''.join(f'{moment}{{{style}}}' for moment, style in stops)}}}"


# ---- parts ----


def _ink(shown: Sequence[Scene]) -> tuple[str, list[str]]:
    """Return the strokes as paths, each with the rule that draws it."""
    paths, rules = [], []
    for n, scene in enumerate(shown):
        lengths = [_length(stroke) for stroke in scene.strokes]
        ends = WRITING * np.cumsum([0, *lengths]) / sum(lengths)
        for k, stroke in enumerate(scene.strokes):
            name = f"dl-ink-{n}-{k}"
            start, end, gone = (_at(n, len(shown), float(t)) for t in (ends[k], ends[k + 1], _GONE))
            hidden, begins, done = (
                "opacity:0;stroke-dashoffset:1",
                "opacity:1;stroke-dashoffset:1",
                "opacity:1",
            )
            stops = [("0%", hidden), (start, hidden), (_just_after(start), begins)]
            stops += [(end, f"{done};stroke-dashoffset:0"), (gone, f"{done};stroke-dashoffset:0")]
            stops += [(_just_after(gone), "opacity:0;stroke-dashoffset:0"), ("100%", hidden)]
            rules.append(_keyframes(name, stops))
            points = " ".join(f"{x:.0f},{y:.0f}" for x, y in stroke.points)
            paths.append(
                f'<path d="M{points}" pathLength="1" stroke-width="{PEN:g}" '
                f'style="animation-name:{name};opacity:{int(n == 0)}"></path>'
            )
    return "".join(paths), rules


def _length(stroke: Stroke) -> float:
    return float(np.hypot(*np.diff(np.array(stroke.points), axis=0).T).sum())


def _just_after(moment: str) -> str:
    return f"{float(moment[:-1]) + 0.01:.2f}%"


def _bars(shown: Sequence[Scene], class_names: Sequence[str]) -> tuple[str, list[str]]:
    """Return a bar for each class, and the rules that move them."""
    bars, rules = [], []
    for k, name in enumerate(class_names):
        stops = [("0%", "transform:scaleX(0)")]
        for n, scene in enumerate(shown):
            heights = [0.0, *(round(float(p), 3) for p in scene.probabilities[:, k])]
            moments = [0.0, *(_moment(frame) for frame in range(FRAMES))]
            heights, moments = [*heights, heights[-1], 0.0], [*moments, _GONE, 1.0]
            for before, here, after, moment in zip(
                [-1.0, *heights], heights, [*heights[1:], -1.0], moments, strict=False
            ):
                if not before == here == after:
                    stops.append((_at(n, len(shown), moment), f"transform:scaleX({here:g})"))
        rules.append(_keyframes(f"dl-bar-{k}", stops))
        end = float(shown[0].probabilities[-1, k])
        bars.append(
            f'<li><span class="dl-name">{html_text(name)}</span><span class="dl-track"><span class="dl-fill" '
            f'style="animation-name:dl-bar-{k};transform:scaleX({end:.3g})"></span></span></li>'
        )
    return "".join(bars), rules


def _seen(shown: Sequence[Scene]) -> tuple[str, str]:
    """Return what the network sees as one film of all frames, and the rule that moves it on."""
    frames = np.concatenate([np.zeros_like(shown[0].seen[:1]), *(scene.seen for scene in shown)])
    stops = [("0%", _place(0, len(frames)))]
    for n in range(len(shown)):
        for frame in range(FRAMES):
            place = _place(1 + n * FRAMES + frame, len(frames))
            stops.append((_at(n, len(shown), _moment(frame)), place))
        stops.append((_at(n, len(shown), _GONE), _place(0, len(frames))))
    style = (
        f"animation-name:dl-film;background-image:url({data_uri(np.hstack([*frames]))});"
        f"background-size:{100 * len(frames)}% 100%;{_place(FRAMES, len(frames))}"
    )
    words = html_text(_("What the network sees"))
    html = f'<div class="dl-seen"><span class="dl-film" style="{style}"></span><small>{words}</small></div>'
    return html, _keyframes("dl-film", stops)


def _place(frame: int, of: int) -> str:
    return f"background-position:{100 * frame / (of - 1):.3f}% 0"


def _verdicts(shown: Sequence[Scene], class_names: Sequence[str]) -> tuple[str, list[str]]:
    """Return each class that leads at some time and each finished answer, and when it is shown."""
    leads = {
        n: [
            int(k) if row.any() else -1
            for k, row in zip(scene.probabilities.argmax(1), scene.probabilities, strict=True)
        ]
        for n, scene in enumerate(shown)
    }
    words, rules = [], []
    for k in sorted({k for lead in leads.values() for k in lead} - {-1}):
        stops = [("0%", "opacity:0")]
        for n, lead in leads.items():
            for frame, leader in enumerate(lead):
                stops.append((_at(n, len(shown), _moment(frame)), f"opacity:{int(leader == k)}"))
            stops.append((_at(n, len(shown), _GONE), "opacity:0"))
        changes = [
            stop for before, stop in zip([("", ""), *stops], stops, strict=False) if stop[1] != before[1]
        ]
        rules.append(_keyframes(f"dl-lead-{k}", [*changes, ("100%", "opacity:0")]))
        first = int(k == leads[0][-1])
        words.append(f'<b style="animation-name:dl-lead-{k};opacity:{first}">{html_text(class_names[k])}</b>')
    for n, scene in enumerate(shown):
        end, gone = (_at(n, len(shown), part) for part in (WRITING, _GONE))
        stops = [("0%", "opacity:0"), (end, "opacity:1"), (gone, "opacity:0"), ("100%", "opacity:0")]
        rules.append(_keyframes(f"dl-sure-{n}", stops))
        sure = html_text(_("{percent} sure").format(percent=_certainty(scene)))
        words.append(f'<span style="animation-name:dl-sure-{n};opacity:{int(n == 0)}">{sure}</span>')
    return "".join(words), rules


def _certainty(scene: Scene) -> str:
    return percent(min(float(scene.probabilities[-1].max()), 1 - 1e-9))


def _verdict(scene: Scene, class_names: Sequence[str]) -> str:
    guess = class_names[int(scene.probabilities[-1].argmax())]
    return _("{guess}, {percent} sure").format(guess=guess, percent=_certainty(scene))
