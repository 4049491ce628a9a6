"""The moments of a run are what its snapshots answer, each worked out once.

These are the tests of `dashboard.inside.moments` and of `dashboard.inside.time_travel`.
"""

import uuid
from dataclasses import dataclass, field

import numpy as np
import pytest

from dashboard.inside import moments, time_travel
from dashboard.inside.moments import (
    MOST_NEURONS,
    answer_at,
    followed_slices,
    known_moment,
    moment_of,
    right_at,
)
from dashboard.inside.ring import ring_html
from dashboard.inside.time_travel import Snapshot, moment_words, sheet
from dashboard.runs.status import RunError
from dashboard.session import PastDrawing, Session
from dashboard.ui.matrix_table import MOST_NUMBERS, matrix_html
from mlcore import Dataset, Model, NetworkConfig, Slice, Split, evaluate, weight_pictures
from tests.mlcore.small import SHAPE, small_network, stripes

DATA = stripes(80)
STEPS = (1, 4, 20)


@dataclass
class Service:
    """Stands for the run service: a run of three snapshots."""

    models: dict[int, Model]
    read: list[int] = field(default_factory=list)

    def snapshots(self, _run_id: str) -> tuple[Snapshot, ...]:
        return tuple(Snapshot(step, step / 4, 100) for step in self.models)

    def snapshot_model(self, _run_id: str, step: int) -> Model:
        self.read.append(step)
        return self.models[step]

    def split(self, _run_id: str) -> Split:
        return Split(DATA.take(slice(0, 40)), DATA.take(slice(40, 80)))


def model_of(seed: int) -> Model:
    network = small_network(seed, hidden_sizes=(30,))
    config = NetworkConfig(hidden_sizes=(30,), precision="float64")
    return Model(config, network.preparation, DATA.class_names, network.parameters)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service({step: model_of(step) for step in STEPS})
    for module in (moments, time_travel):
        monkeypatch.setattr(module, "get_run_service", lambda: made)
    return made


@pytest.fixture
def run_id() -> str:
    return uuid.uuid4().hex


def dev() -> Dataset:
    return DATA.take(slice(40, 80))


def test_a_moment_is_what_the_snapshot_answers_and_is_worked_out_once(service: Service, run_id: str) -> None:
    assert known_moment(run_id, 4) is None
    found = moment_of(run_id, 4)
    assert known_moment(run_id, 4) is found is moment_of(run_id, 4)
    assert service.read == [4]
    np.testing.assert_array_equal(found.matrix, evaluate(service.models[4], dev()).matrix)
    np.testing.assert_array_equal(found.weights, weight_pictures(service.models[4]).hidden[:MOST_NEURONS])


def test_the_drawing_is_answered_at_each_moment_and_anew_when_it_changes(
    service: Service, run_id: str
) -> None:
    session = Session()
    assert answer_at(session, run_id, 4) is None
    for image in dev().images[:2]:
        session.play.now = PastDrawing((), image, "a", 0.9)
        for step in STEPS:
            answer = answer_at(session, run_id, step)
            assert answer is not None
            np.testing.assert_array_equal(answer, service.models[step].probabilities_of(image[None])[0])
    assert answer_at(session, run_id, 4) is not None
    assert service.read == [*STEPS, *STEPS]


def test_a_drawing_of_another_size_without_strokes_has_no_answer(service: Service, run_id: str) -> None:
    session = Session()
    session.play.now = PastDrawing((), np.zeros((3, 3), np.uint8), "a", 0.9)
    assert answer_at(session, run_id, 4) is None


def test_when_time_is_short_the_moments_that_are_known_are_shown(
    service: Service, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment_of(run_id, 4)
    monkeypatch.setattr(time_travel, "PATIENCE", -1.0)
    assert steps_shown(run_id) == [4]
    monkeypatch.setattr(time_travel, "PATIENCE", 1000.0)
    assert steps_shown(run_id) == [*STEPS]


def steps_shown(run_id: str) -> list[int]:
    return [shown.snapshot.step for shown in time_travel._ready(Session(), run_id)]


def test_the_visitors_slices_of_the_dev_set_are_counted_at_each_moment(service: Service, run_id: str) -> None:
    session = Session()
    first = Slice.of(dev(), np.arange(12), "first <b>")
    session.slices = [first, Slice.of(DATA, np.arange(3), "of other images")]
    followed = followed_slices(session, run_id)
    assert [one.name for one, _images in followed] == ["first <b>"]
    for step in STEPS:
        guesses = service.models[step].predict(dev().images[:12])
        assert right_at(run_id, step, *followed[0]) == np.count_nonzero(guesses == dev().labels[:12])
    shown = time_travel._ready(session, run_id)
    assert [one.slices for one in shown] == [
        ((first, right_at(run_id, step, *followed[0])),) for step in STEPS
    ]
    panel = time_travel._page_of(shown[0], 1.0).panels[-1]
    assert "of 12 right" in panel
    assert "<b>" not in panel


def test_a_snapshot_that_was_replaced_meanwhile_is_left_out(
    service: Service, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(one: Service, _run_id: str, step: int) -> Model:
        if step == 4:
            raise RunError("This snapshot is no longer kept.")
        return one.models[step]

    monkeypatch.setattr(time_travel, "PATIENCE", 1000.0)
    monkeypatch.setattr(Service, "snapshot_model", gone)
    assert steps_shown(run_id) == [1, 20]


def test_a_run_without_a_dev_set_has_moments_without_an_accuracy(
    service: Service, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Service, "split", lambda _self, _run_id: Split(DATA.take(slice(0, 80)), DATA.take(slice(80, 80)))
    )
    assert moment_words(Snapshot(1, 0.25, 0), moment_of(run_id, 1)) == "epoch 0.25"


def test_a_sheet_has_each_neuron_in_its_place() -> None:
    weights = np.zeros((11, *SHAPE))
    weights[9] = 1.0
    picture = sheet(weights, 1.0)
    height, width = SHAPE
    place = picture[height + 1 : 2 * height + 1, width + 1 : 2 * width + 1]
    assert (place == (178, 24, 43)).all()
    assert (picture == (178, 24, 43)).all(axis=2).sum() == height * width


def test_a_matrix_has_a_cell_for_each_pair_and_names_that_cannot_break_out() -> None:
    html = matrix_html(np.array([[5, 1], [0, 7]]), ("<b>", "two"))
    assert html.count("<td style") == 4
    assert ">5</td>" in html
    assert ">7</td>" in html
    assert "<b>" not in html


def test_a_matrix_of_many_classes_is_a_picture() -> None:
    n = MOST_NUMBERS + 1
    html = matrix_html(np.eye(n, dtype=np.int64), tuple(map(str, range(n))))
    assert "<table" not in html
    assert 'alt="Confusion matrix' in html


def test_on_the_ring_each_image_has_a_mark_and_mistakes_are_crosses(service: Service, run_id: str) -> None:
    moment = moment_of(run_id, 4)
    right = moment.probabilities.argmax(axis=1) == moment.labels
    html = ring_html(moment.probabilities, moment.labels, ("<b>", "two", "three"), np.array([0.0, 1.0, 0.0]))
    assert html.count("h0") == right.sum()
    assert html.count("m-6 0") == (~right).sum()
    assert "★" in html
    assert "<b>" not in html
