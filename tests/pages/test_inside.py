"""The page Inside as a visitor uses it: its three looks, for dense and convolutional networks."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import dashboard.study
from dashboard.inside import cache
from dashboard.inside.map import map_figure
from dashboard.inside.numbers import numbers_figure
from dashboard.inside.weights import NEURONS_A_PAGE
from dashboard.models import contributions as shared
from dashboard.runs.service import RunService
from dashboard.session import LAB_MODEL, UPLOADED_MODEL, PastDrawing
from dashboard.shipped import shipped_dataset, shipped_model
from dashboard.study import Task
from mlcore import (
    KNOWN_BUGS,
    LabChanges,
    Model,
    NetworkConfig,
    Preparation,
    StepValue,
    TrainingConfig,
    UnitChange,
    change_model,
    contributions,
    evaluate,
    fit,
    fooling_change,
    packed_bytes,
    principal_components,
)
from mlcore.language import percent
from mlcore.study.inside import values_behind
from mlcore.study.tsne import tsne_places
from tests.dashboard.runs.in_threads import CountingExecutor
from tests.pages.visits import figures, grids, model_list, new_app, opened, press_picture, session_of
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def eight() -> Model:
    """A dense network for the 8×8 digits, with more neurons than a page shows."""
    return fit(
        shipped_dataset("digits-8x8"),
        network=NetworkConfig(hidden_sizes=(70,)),
        training=TrainingConfig(epochs=1),
        progress=False,
    )


def with_model(model: Model, look: str) -> AppTest:
    """Open a look at a model that the visitor brought, with the 8×8 digits as the data set."""
    app = new_app().switch_page("pages/inside.py").run()
    session = session_of(app)
    session.use_dataset("digits-8x8")
    session.uploaded_model, session.uploaded_model_name = model, "mine.npz"
    session.model_key = UPLOADED_MODEL
    app.query_params["look"] = look
    return app.run()


def words(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.success, *app.warning, *app.error, *app.info]
    return "\n".join(part.value for part in parts)


def test_the_neurons_are_shown_a_page_at_a_time_the_most_important_first(eight: Model) -> None:
    app = with_model(eight, "weights")
    assert not app.exception
    assert grids(app)[-1].count("<img") == NEURONS_A_PAGE  # each with its strip of outgoing weights
    study = cache.neurons(eight, session_of(app).split.dev)
    first = int(study.importance.argmax())
    assert app.selectbox(key="inside_neuron_70").value == first
    assert f"no. {first}\n" in grids(app)[-1].split("</li>")[0]
    position = int(study.strongest[first][0])
    assert f"Image {position + 1:,} of the dev set" in grids(app)[1]


def test_on_the_scale_of_the_notebook_its_wrong_bias_is_told(eight: Model) -> None:
    app = with_model(eight, "weights")
    assert "number 25" not in words(app)
    app.segmented_control(key="inside_scale").set_value("eight").run()
    assert "printed weight number 25 below each as its bias" in words(app)


def test_another_neuron_shows_other_images(eight: Model) -> None:
    app = with_model(eight, "weights")
    study = cache.neurons(eight, session_of(app).split.dev)
    last = int(study.importance.argsort(kind="stable")[5])
    app.selectbox(key="inside_neuron_70").set_value(last).run()
    assert f"Image {int(study.strongest[last][0]) + 1:,} of the dev set" in grids(app)[1]


def test_a_neuron_that_is_pressed_is_shown_large_with_its_images(eight: Model) -> None:
    app = with_model(eight, "weights")
    study = cache.neurons(eight, session_of(app).split.dev)
    third = int(np.argsort(-study.importance, kind="stable")[2])
    press_picture(app, 2)
    assert not app.exception
    assert app.selectbox(key="inside_neuron_70").value == third
    assert f"Image {int(study.strongest[third][0]) + 1:,} of the dev set" in grids(app)[1]
    press_picture(app, 1_000)  # a browser may send any number
    assert app.selectbox(key="inside_neuron_70").value == third


def test_without_images_that_fit_the_weights_are_shown_alone() -> None:
    network = NetworkConfig(hidden_sizes=(5,))
    n = (12 * 9 + 1) * 5 + 6 * 2
    model = Model(network, Preparation((12, 9)), ("a", "b"), np.linspace(-1, 1, n, dtype=np.float32))
    app = with_model(model, "weights")
    assert not app.exception
    assert grids(app)[-1].count("<img") == 5
    assert "12×9 pixels" in words(app)


def test_the_pixels_and_biases_of_an_image_add_up_in_words(eight: Model) -> None:
    app = with_model(eight, "image")
    assert not app.exception
    data = shipped_dataset("digits-8x8")
    found = contributions(eight, data.images[0], int(eight.predict(data.images[:1])[0]))
    assert f"is {found.logit:.3f}: the pixels add {found.pixels.sum():+.3f}" in words(app)
    assert "nothing is left over" in words(app)


def test_a_convolution_is_followed_map_by_map() -> None:
    app = opened("inside", look="image")
    assert not app.exception
    filters = shipped_model("mnist").network_config.filters
    assert any(grid.count("<img") == filters[0] for grid in grids(app))
    assert "nothing is left over" in words(app)


def test_the_visitors_drawing_is_followed(eight: Model) -> None:
    app = with_model(eight, "image")
    app.segmented_control(key="inside_source").set_value("drawing").run()
    assert "Draw a digit for this model first" in words(app)
    image = np.zeros((8, 8), np.uint8)
    image[1:7, 4] = 255
    session_of(app).play.now = PastDrawing((), image, "1", 0.9)
    app.run()
    assert not app.exception
    assert "Your drawing, as the network sees it" in words(app)


def test_a_step_is_green_and_each_bug_changes_the_light(eight: Model) -> None:
    app = with_model(eight, "step")
    assert not app.exception
    assert "Green" in app.success[0].value
    symbols = {symbol for table in app.dataframe for symbol in table.value.get("symbol", ())}
    assert {"x", "W₁", "z₁", "a₁", "p", "y", "L", "∂W₁", "η"} <= symbols
    assert ("Find a learning rate", "network") in [
        (link.proto.label, link.proto.page) for link in app.get("page_link")
    ]
    for bug in KNOWN_BUGS:
        app.selectbox(key="inside_bug").set_value(bug).run()
        assert not app.exception
        assert not app.success
        light = app.warning[0] if bug == "divisor" else app.error[0]
        assert light.value.startswith("`Yellow" if bug == "divisor" else "`Red")


def test_a_number_of_a_step_tells_what_it_was_made_of(eight: Model) -> None:
    app = with_model(eight, "step")
    box = app.selectbox(key="inside_value")
    box.set_value(next(k for k, name in enumerate(box.options) if name.endswith("z₁"))).run()
    assert not app.exception
    (formula,) = [text.value for text in app.markdown if "Σ x[i] W₁[i, " in text.value]
    assert formula.lstrip("`").startswith("z₁[")
    assert "the other 59 together" in words(app)
    box = app.selectbox(key="inside_value")
    box.set_value(next(k for k, name in enumerate(box.options) if name.endswith(" ∂W₁"))).run()
    assert not app.exception
    assert any("∂W₁[" in text.value for text in app.markdown)


def test_of_a_value_with_many_numbers_the_lines_round_the_chosen_one_are_cells(
    monkeypatch: pytest.MonkeyPatch, eight: Model
) -> None:
    monkeypatch.setattr("dashboard.inside.numbers.MOST_CELLS", 256)  # two lines or more
    app = with_model(eight, "step")
    box = app.selectbox(key="inside_value")
    box.set_value(next(k for k, name in enumerate(box.options) if name.endswith(" ∂W₁"))).run()
    assert not app.exception
    assert "the field below leads to any other number" in words(app)


def test_a_cell_of_the_lines_shown_tells_of_the_number_that_it_is() -> None:
    weights = np.arange(12.0).reshape(4, 3)
    value = StepValue("forward", "Weights, linear 1", "W₁", "", weights)
    figure = numbers_figure(value, weights, slice(2, 4), (1, 0), "weights")
    assert [list(row) for row in figure.data[0].z] == [[6, 7, 8], [9, 10, 11]]
    assert figure.data[0].hovertext[1][0].startswith("W₁[3, 0] = 9")
    assert figure.data[0].zmax == 11


def test_what_a_bug_does_to_a_training_is_computed_by_a_worker_and_said(
    eight: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(RunService(1, make_executor=CountingExecutor, clean_up_every=None)) as service:
        monkeypatch.setattr(dashboard.study, "get_run_service", lambda: service)
        monkeypatch.setattr(dashboard.study, "heartbeat", lambda: None)
        monkeypatch.setattr(dashboard.study, "run_owner", lambda: "ada")
        app = with_model(eight, "step")
        assert not [button for button in app.button if button.key == "begin_bug_curves"]
        app.selectbox(key="inside_bug").set_value("no_shift").run()
        app.button(key="begin_bug_curves").click().run()
        wait_until(lambda: not any(study.status.live for study in service.studies._studies.values()))
        app.run()
    assert not app.exception
    assert "After 200 steps without the bug," in words(app)
    assert "With it the numbers became too large within 10 steps" in words(app)


def test_a_network_that_is_too_large_is_refused_in_words(
    eight: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "MOST_PARAMETERS", 100)
    for look in ("weights", "image", "step"):
        app = with_model(eight, look)
        assert not app.exception
        assert "up to 100 can be followed here" in words(app)


def test_a_network_that_would_take_too_long_is_shown_without_asking_it(
    eight: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache.too_slow(shipped_model("mnist")) == ""
    monkeypatch.setattr(cache, "MOST_MULTIPLY_ADDS", 1)
    app = with_model(eight, "weights")
    assert not app.exception
    assert grids(app)[-1].count("<img") == NEURONS_A_PAGE
    assert "is too slow to run on many images" in words(app)


@pytest.mark.parametrize("look", ["weights", "image", "step"])
def test_a_network_without_a_hidden_layer_has_every_look(look: str) -> None:
    data = shipped_dataset("digits-8x8")
    model = fit(
        data, network=NetworkConfig(hidden_sizes=()), training=TrainingConfig(epochs=10), progress=False
    )
    app = with_model(model, look)
    assert not app.exception
    assert not app.error


def test_on_the_lab_bench_accuracy_size_and_drawing_follow_a_change_and_the_result_is_kept(
    eight: Model,
) -> None:
    app = with_model(eight, "lab")
    assert not app.exception
    session = session_of(app)
    image = session.dataset.images[0]
    session.play.now = PastDrawing((), image, "0", 0.9)
    changes = LabChanges((UnitChange(0, 3),), pruned=0.9, bits=1, temperature=2.0)
    app.multiselect(key="lab_units_0_70").set_value([3])
    app.slider(key="lab_pruned").set_value(90)
    app.segmented_control(key="lab_bits").set_value("1")
    app.select_slider(key="lab_temperature").set_value(2.0).run()
    assert not app.exception
    changed, dev = change_model(eight, changes), session.split.dev
    shown = words(app)
    assert f"{evaluate(changed, dev).right:,} of {len(dev):,} images are right" in shown
    assert f"Before: {evaluate(eight, dev).right:,}." in shown
    probability = changed.predict_probabilities(image[None])[0].max()
    in_the_strip, below = shown.split("Your drawing: ")[1:]
    assert percent(float(probability)) in in_the_strip.splitlines()[0]
    assert f"({percent(float(probability))}) ·" in below
    assert figures(app)["Size, packed"] == f"{packed_bytes(changed, 1) / 1000:,.1f} kB"
    app.button(key="lab_keep").click().run()
    assert session.lab_model is not None
    np.testing.assert_array_equal(session.lab_model.parameters, changed.parameters)
    assert "Changed in the lab" in model_list(app).options
    app.button(key="lab_undo").click().run()
    assert app.slider(key="lab_pruned").value == 0
    assert app.multiselect(key="lab_units_0_70").value == []
    assert app.button(key="lab_keep").disabled


def test_who_changes_the_kept_model_and_keeps_it_changes_it_once(eight: Model) -> None:
    app = with_model(eight, "lab")
    session_of(app).lab_model, session_of(app).model_key = eight, LAB_MODEL
    app.run()
    app.select_slider(key="lab_temperature").set_value(2.0).run()
    app.button(key="lab_keep").click().run()
    assert not app.exception
    kept = session_of(app).lab_model
    assert kept is not None
    assert kept.fingerprint == change_model(eight, LabChanges(temperature=2.0)).fingerprint
    assert app.select_slider(key="lab_temperature").value == 1.0


def test_the_map_shows_the_images_that_were_picked_and_the_mistakes(eight: Model) -> None:
    app = with_model(eight, "map")
    assert not app.exception
    dev = session_of(app).split.dev
    evaluation = evaluate(eight, dev)
    assert f"{len(dev):,} dev images, each a point" in words(app)
    assert f"{evaluation.wrong} images, {evaluation.wrong} of them mistakes." in words(app)
    subject = f"{eight.fingerprint} {dev.take(slice(0, len(dev))).fingerprint}"
    app.session_state["inside_map_picked"] = subject, [3, 1, 100_000, -1]
    app.segmented_control(key="inside_map_show").set_value("picked").run()
    assert not app.exception
    assert f"2 images, {np.isin([3, 1], evaluation.mistakes).sum()} of them mistakes." in words(app)
    assert grids(app)[0].count("<img") == 2
    app.selectbox(key="inside_map_of_3").set_value("activation 1").run()
    assert not app.exception
    assert f"2 images, {np.isin([3, 1], evaluation.mistakes).sum()} of them mistakes." in words(app)
    press_picture(app, 1)
    assert not app.exception
    assert "Image 2 of " in words(app)
    assert "The logit of" in words(app)


def test_a_map_has_a_point_for_each_image_a_cross_for_each_mistake_and_a_star_for_the_drawing(
    eight: Model,
) -> None:
    data = shipped_dataset("digits-8x8").take(slice(0, 300))
    evaluation = evaluate(eight, data)
    found = cache.data_map(eight, data, "linear 2")
    figure = map_figure(found.places, evaluation, ["", ""], found.places[7])
    *classes, star = figure.data
    assert sorted(place for trace in classes for place in trace.customdata) == list(range(300))
    crosses = [
        place
        for trace in classes
        for place, symbol in zip(trace.customdata, trace.marker.symbol, strict=True)
        if symbol == "x"
    ]
    assert sorted(crosses) == sorted(evaluation.mistakes)
    np.testing.assert_allclose([star.x[0], star.y[0]], found.places[7], atol=1e-3)
    values = values_behind(eight, data.images, "linear 2")
    np.testing.assert_allclose(found.places, principal_components(values).project(values), atol=1e-6)


def test_the_smallest_change_is_shown_in_two_ways_with_both_sizes(eight: Model) -> None:
    app = with_model(eight, "image")
    image = session_of(app).dataset.images[0]
    second = int(eight.predict_probabilities(image[None])[0].argsort()[-2])
    fooling = fooling_change(eight, image, second)
    assert fooling is not None
    text = words(app)
    assert f"spread over {fooling.pixels} places" in text
    assert f"Guided by real images of `{second}`" in text or f"Guided by real images of {second}" in text
    shown = next(grid for grid in grids(app) if "guided by real ones" in grid)
    assert shown.count("<img") == 5
    guess = int(eight.predict(image[None])[0])
    app.selectbox(key=f"inside_target_{second}").set_value(guess).run()
    assert not app.exception
    assert "answers" in app.info[0].value
    assert "already" in app.info[0].value


def test_without_real_images_only_the_change_that_fools_is_shown() -> None:
    network = NetworkConfig(hidden_sizes=(5,))
    values = np.random.default_rng(0).normal(0, 0.3, (8 * 8 + 1) * 5 + 6 * 2).astype(np.float32)
    app = with_model(Model(network, Preparation((8, 8)), ("a", "b"), values), "image")
    assert not app.exception
    assert "There are no real images of" in words(app)


def test_the_map_by_neighbours_is_a_study_and_shows_the_places_that_it_found(
    eight: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = with_model(eight, "map")
    n = len(session_of(app).split.dev)
    app.segmented_control(key="inside_map_kind").set_value("tsne").run()
    assert not app.exception
    assert "Compute the t-SNE map" in [button.label for button in app.button]
    asked: list[tuple[object, ...]] = []

    def found(
        name: str, _question: object, _label: str, make_task: Callable[[], Task], **_more: object
    ) -> Any:
        function, (values,) = make_task()
        asked.append((name, function, values.shape))
        return np.zeros((n, 2))

    monkeypatch.setattr("dashboard.inside.map.show_study", found)
    app.run()
    assert not app.exception
    assert asked == [("tsne", tsne_places, (n, 64))]
    assert "the distance between groups means nothing" in words(app)


def test_without_opentsne_the_map_has_one_kind(eight: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.inside.map.is_installed", lambda: False)
    app = with_model(eight, "map")
    assert not app.exception
    assert "inside_map_kind" not in [control.key for control in app.segmented_control]
