"""The model that answers: one that ships with the app, the visitor's run, or an uploaded model file.

Draw and Evaluate offer `model_labels`, keep the chosen key in `Session.model_key`, and ask `chosen_model`.
"""

import io
from typing import BinaryIO

from dashboard.run_service import find_run, get_run_service, run_owner
from dashboard.runs.status import RunError
from dashboard.server.server import server
from dashboard.session import LAB_MODEL, RUN_MODEL, UPLOADED_MODEL, Session
from dashboard.shipped import shipped_model, shipped_model_names
from dashboard.ui.formats import percent
from dashboard.ui.messages import distinct
from dashboard.ui.wording import run_name
from mlcore import Model, ModelFileError, load_model
from mlcore.datasets.readers.limits import MAX_CLASSES, MAX_LABEL_LETTERS, MAX_SIDE, MIN_SIDE
from mlcore.language import _
from mlcore.quote import quoted

RUN_PREFIX = "run "
"""How the keys of runs begin that are not the one the visitor has open."""

MOST_MULTIPLY_ADDS = 300_000_000
"""For one answer: 30 ms. Eight layers of 2,048 neurons take 31 million, two of 256 filters 111 million."""


def model_labels(session: Session) -> dict[str, str]:
    """Return key → label of every model that this visitor can ask, what they made or brought first."""
    labels = {}
    if _run_has_model(session):
        labels[RUN_MODEL] = _("Your own run") if _is_own(session) else _("The run you are watching")
    if session.uploaded_model is not None:
        labels[UPLOADED_MODEL] = session.uploaded_model_name
    if session.lab_model is not None:
        labels[LAB_MODEL] = _("Changed in the lab")
    labels |= {name: shipped_label(name) for name in shipped_model_names()}
    return dict(zip(labels, distinct([*labels.values()]), strict=True))


def labels_of_all(session: Session) -> dict[str, str]:
    """Return key → label of every model to compare: `model_labels`, and those of the visitor's other runs."""
    service, labels = get_run_service(), model_labels(session)
    for status in service.runs_of(run_owner()):
        if status.run_id != session.run_id and status.progress.saved_step is not None:
            labels[f"{RUN_PREFIX}{status.run_id}"] = run_name(status)
    return dict(zip(labels, distinct([*labels.values()]), strict=True))


def chosen_key(session: Session) -> str:
    """Return the key in use: the one that was chosen while it is there, else the visitor's own run's.

    Who has trained nothing asks the first shipped model.
    """
    labels = model_labels(session)
    if session.model_key in labels:
        return session.model_key
    return RUN_MODEL if RUN_MODEL in labels and _is_own(session) else shipped_model_names()[0]


def chosen_model(session: Session) -> Model:
    """Return the model that answers this visitor."""
    return model_of(session, chosen_key(session))


def model_of(session: Session, key: str) -> Model:
    """Return the model of a key of `labels_of_all`."""
    if (run_id := run_of(session, key)) is not None:
        return get_run_service().model(run_id, best=True)
    if key == UPLOADED_MODEL and session.uploaded_model is not None:
        return session.uploaded_model
    if key == LAB_MODEL and session.lab_model is not None:
        return session.lab_model
    return shipped_model(key)


def run_of(session: Session, key: str) -> str | None:
    """Return the run whose model a key names; None when it is no run's."""
    if key.startswith(RUN_PREFIX):
        return key.removeprefix(RUN_PREFIX)
    return session.run_id if key == RUN_MODEL else None


def own_run_answers(session: Session) -> bool:
    """Return whether the network that answers is one that this visitor trained."""
    return chosen_key(session) == RUN_MODEL and _is_own(session)


def take_model_file(session: Session, file: BinaryIO, name: str) -> None:
    """Let a model file answer from now on; an error leaves everything as it was.

    Raises
    ------
    ModelFileError
        When it is no model, or none for this app.
    NoRoom
        When the server has no memory for it. Of a file of 124 MB, a model kept 157 MB and took 303 MB while
        it was read; the arrays in which it answers come on top.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    with server().budget.reserve(5 * size // 2) as room:
        model = load_model(file, with_state=False)
        check_affordable(model)
        kept = 4 * size // 3 + model.work_bytes
        room.resize(kept)
        room.split(kept).until_gone(model)
    let_answer(session, model, quoted(name))


def let_answer(session: Session, model: Model, name: str) -> None:
    """Let a model that the visitor brought, or taught, answer from now on, in place of the last such."""
    session.uploaded_model, session.uploaded_model_name = model, name
    session.model_key = UPLOADED_MODEL


def keep_changed(session: Session, model: Model) -> None:
    """Keep a model that the visitor changed as one of its own, in place of the last such.

    Raises
    ------
    NoRoom
        When the server has no memory for it.
    """
    server().budget.reserve(model.parameters.nbytes + model.work_bytes).until_gone(model)
    session.lab_model = model


def check_affordable(model: Model) -> None:
    """Raise `mlcore.ModelFileError` when a model is none for this app: its images, classes or size.

    It answers in the web process, after each stroke, beside everybody else's.
    """
    if model.preparation.floats:
        message = _(
            "This model reads a table of numbers, not images: DigitClassifier trained it on floats. It can "
            "be used from Python only."
        )
        raise ModelFileError(message)
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in model.image_shape):
        message = _(
            "This model takes images of {height}×{width} pixels. Models with {least} to {most} pixels a side "
            "can be used here."
        )
        height, width = model.image_shape
        raise ModelFileError(message.format(height=height, width=width, least=MIN_SIDE, most=MAX_SIDE))
    if len(model.class_names) > MAX_CLASSES or max(map(len, model.class_names)) > MAX_LABEL_LETTERS:
        message = _(
            "This model has {n} classes with names of up to {letters} letters. Models with up to {most} "
            "classes and names of up to {limit} letters can be used here."
        )
        letters = max(map(len, model.class_names))
        raise ModelFileError(
            message.format(
                n=len(model.class_names), letters=letters, most=MAX_CLASSES, limit=MAX_LABEL_LETTERS
            )
        )
    if model.multiply_adds > MOST_MULTIPLY_ADDS:
        message = _(
            "This model is too large to be used here: one answer takes {n:,.0f} million "
            "multiplications, and at most {most:,.0f} million are possible. Use a model with fewer "
            "filters or neurons."
        )
        raise ModelFileError(message.format(n=model.multiply_adds / 1e6, most=MOST_MULTIPLY_ADDS / 1e6))


def shipped_label(name: str) -> str:
    """Return what a shipped model is called, with its accuracy where the card has it."""
    card = shipped_model(name).card
    title, score = card.get("title", name), card.get("test_accuracy")
    if not isinstance(score, float):
        return str(title)
    return _("{title}, pre-trained ({score} accuracy)").format(title=title, score=percent(score))


def _run_has_model(session: Session) -> bool:
    run_id = find_run(session)
    if run_id is None:
        return False
    try:
        return get_run_service().status(run_id).progress.saved_step is not None
    except RunError:
        return False


def _is_own(session: Session) -> bool:
    return session.run_id is not None and get_run_service().is_owner(session.run_id, run_owner())
