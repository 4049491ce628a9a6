"""A model answers the same wherever it is loaded, and a broken file is always a ModelFileError."""

import contextlib
import io
import json
import threading
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import (
    LOSSES,
    Dataset,
    DatasetError,
    Model,
    ModelFileError,
    Split,
    TrainingConfig,
    TrainingDiverged,
    TrainingRun,
    image_from_drawing,
    load_model,
    save_model,
    train,
)
from tests.house import ROOT
from tests.mlcore.small import finish, small_run, small_split
from tests.peak import peak_bytes

SPLIT = small_split()
IMAGES = SPLIT.dev.images
VARIANTS: list[dict[str, Any]] = [
    *({"loss": name} for name in LOSSES),
    {"hidden_sizes": ()},
    {"hidden_sizes": (5, 4), "activation": "tanh", "dropout": 0.3},
    {"precision": "float64"},
    {"pooling": 2, "standardize": True},
    {"drop_rare_pixels": 0.1, "scaling": "maximum"},
    {"drop_rare_pixels": 0.1, "standardize": True, "precision": "float64"},
]


def trained(network: dict[str, Any] | None = None, resumable: bool = False) -> Model:
    run = small_run(network, epochs=1)
    finish(run, SPLIT)
    return run.model(resumable=resumable)


def saved(model: Model) -> bytes:
    file = io.BytesIO()
    save_model(model, file)
    return file.getvalue()


MODEL = trained()
WHOLE = saved(MODEL)
RESUMABLE = saved(trained(resumable=True))


def unpacked(data: bytes = WHOLE) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays of a model file."""
    with np.load(io.BytesIO(data)) as file:
        arrays = dict(file)
    return json.loads(arrays.pop("header").tobytes()), arrays


def packed(header: Any, arrays: dict[str, Any], save: Callable[..., None] = np.savez) -> bytes:
    file = io.BytesIO()
    save(file, header=np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays)
    return file.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(ModelFileError) as caught:
        load_model(data)
    return str(caught.value)


# Saving and loading


@pytest.mark.parametrize("network", VARIANTS, ids=str)
@pytest.mark.parametrize("resumable", [False, True])
def test_a_model_that_is_saved_and_loaded_is_the_same_to_the_last_bit(network: dict, resumable: bool) -> None:
    model = trained(network, resumable)
    again = load_model(saved(model))
    np.testing.assert_array_equal(again.predict_probabilities(IMAGES), model.predict_probabilities(IMAGES))
    np.testing.assert_array_equal(again.parameters, model.parameters)
    assert again.parameters.dtype == model.parameters.dtype
    for part in ("network_config", "training_config", "class_names", "card", "image_shape"):
        assert getattr(again, part) == getattr(model, part)
    assert (again.state is None) == (not resumable)
    assert saved(again) == saved(model)


def test_the_same_model_gives_the_same_bytes() -> None:
    assert saved(MODEL) == WHOLE
    assert saved(trained()) == WHOLE


def test_a_file_may_be_a_path_a_stream_or_bytes(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    save_model(MODEL, path)
    assert path.read_bytes() == WHOLE
    save_model(MODEL, str(path))
    with path.open("rb") as stream:
        for file in (path, str(path), stream, io.BytesIO(WHOLE), WHOLE):
            np.testing.assert_array_equal(load_model(file).parameters, MODEL.parameters)


def test_a_name_without_ending_is_kept(tmp_path: Path) -> None:
    save_model(MODEL, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@given(st.lists(st.text(max_size=20), min_size=2, max_size=5, unique=True))
@settings(max_examples=30)
def test_class_names_may_be_any_text(names: list[str]) -> None:
    header, arrays = unpacked()
    names = [name.encode("utf-8", "replace").decode() for name in names[:3]] + ["z"] * (3 - len(names[:3]))
    assert load_model(packed(header | {"class_names": names}, arrays)).class_names == tuple(names)


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.npz")), ids=lambda path: path.stem)
def test_every_shipped_model_can_be_loaded_and_says_how_it_was_made(path: Path) -> None:
    model = load_model(path)
    p = model.predict_probabilities(np.zeros((2, *model.image_shape), np.uint8))
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    assert {"dataset", "fingerprint", "seed", "step"} <= set(model.card)


def test_how_ink_lay_in_training_is_kept_and_drawings_are_placed_so() -> None:
    frame = MODEL.preparation.frame
    assert frame is not None
    assert load_model(WHOLE).frame == MODEL.frame == frame
    drawing = np.zeros((90, 60), np.uint8)
    drawing[10:80, 20:30] = drawing[10:20, 20:50] = 255
    image = MODEL.image_from_drawing(drawing)
    np.testing.assert_array_equal(image, image_from_drawing(drawing, MODEL.image_shape, frame))


def test_a_model_file_that_says_nothing_of_its_frame_has_that_of_mnist() -> None:
    header, arrays = unpacked()
    del header["frame"]
    older = load_model(packed(header, arrays))
    assert older.preparation.frame is None
    drawing = np.zeros((90, 60), np.uint8)
    drawing[10:80, 20:30] = 255
    expected = image_from_drawing(drawing, older.image_shape)
    np.testing.assert_array_equal(older.image_from_drawing(drawing), expected)


@pytest.mark.parametrize(
    "frame", [[], "MNIST", {}, {"box": [8, 8]}, {"box": 8, "place": 4}, {"scale": 1}], ids=str
)
def test_a_frame_that_is_none_is_refused(frame: Any) -> None:
    header, arrays = unpacked()
    assert "damaged" in refusal(packed(header | {"frame": frame}, arrays))


# Answering


def test_answers_are_the_likeliest_classes() -> None:
    p = MODEL.predict_probabilities(IMAGES)
    assert p.shape == (20, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(MODEL.predict(IMAGES), p.argmax(axis=1))
    assert MODEL.predict_probabilities(IMAGES[:0]).shape == (0, 3)
    assert MODEL.parameter_count == MODEL.network.parameter_count == len(MODEL.parameters)


def test_any_number_of_images_is_answered() -> None:
    many = np.concatenate([IMAGES] * 130)  # 2,600: more than are taken at once
    p = MODEL.predict_probabilities(many)
    np.testing.assert_allclose(p.reshape(130, 20, 3), np.broadcast_to(p[:20], (130, 20, 3)), atol=1e-6)


@pytest.mark.parametrize("shape", [(6, 5), (2, 5, 6), (1, 2, 6, 5), (2, 30)])
def test_images_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"images of shape \(n, 6, 5\), not"):
        MODEL.predict(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    "images",
    [
        IMAGES / 200,
        IMAGES / 16.0,
        IMAGES.astype(int) // 16,
        IMAGES // 16,
        IMAGES // 8,
        IMAGES[:1] // 100,
        IMAGES - 1.0,
        IMAGES.astype(int) + 1000,
        np.full((1, 6, 5), np.nan),
        np.full((1, 6, 5), "a"),
    ],
)
def test_pixels_that_are_no_bytes_are_refused_rather_than_spoilt(images: np.ndarray) -> None:
    with pytest.raises(DatasetError, match=r"^(Pixels must|The brightest pixel is)"):
        MODEL.predict(images)


def test_fractions_of_full_ink_and_booleans_are_taken_for_what_they_mean() -> None:
    np.testing.assert_array_equal(MODEL.predict(IMAGES / 255), MODEL.predict(IMAGES))
    inked = IMAGES > 100
    expected = MODEL.predict_probabilities(np.where(inked, 255, 0).astype(np.uint8))
    np.testing.assert_array_equal(MODEL.predict_probabilities(inked), expected)
    np.testing.assert_array_equal(MODEL.predict_probabilities(inked.astype(float)), expected)
    for kind in (np.uint8, np.int64):
        np.testing.assert_array_equal(MODEL.predict_probabilities(inked.astype(kind)), expected)
    np.testing.assert_array_equal(MODEL.predict(IMAGES.tolist()), MODEL.predict(IMAGES))


def test_a_model_of_few_levels_takes_them_and_refuses_others() -> None:
    levels = Dataset(SPLIT.train.images // 16, SPLIT.train.labels, SPLIT.train.class_names, "levels")
    run = small_run(epochs=1)
    finish(run, Split(levels, SPLIT.dev))
    model = run.model()
    assert model.full_ink <= 15
    assert model.predict(IMAGES[:3] // 16).shape == (3,)
    with pytest.raises(DatasetError, match=r"in the images that the model learned from it is 1[45]"):
        model.predict(IMAGES)


def test_blank_images_are_on_any_scale() -> None:
    assert MODEL.predict(np.zeros((2, 6, 5), np.uint8)).shape == (2,)


@pytest.mark.parametrize("kind", [np.int64, np.uint16, np.float32])
def test_whole_numbers_of_another_type_are_taken_for_bytes(kind: type) -> None:
    np.testing.assert_array_equal(MODEL.predict(IMAGES.astype(kind)), MODEL.predict(IMAGES))
    assert MODEL.predict(IMAGES[:0].astype(kind)).shape == (0,)


def test_parameters_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        MODEL.parameters[0] = 1


def test_threads_that_ask_at_once_get_the_right_answers() -> None:
    model = trained({"hidden_sizes": (64,)})
    generator = np.random.default_rng(0)
    questions = [generator.integers(0, 256, (300, 6, 5), np.uint8) for _ in range(6)]
    expected = [model.predict_probabilities(images) for images in questions]
    agree: list[bool] = []
    start = threading.Barrier(len(questions))

    def ask(images: np.ndarray, answer: np.ndarray) -> None:
        start.wait()
        for _ in range(30):
            agree.append(np.array_equal(model.predict_probabilities(images), answer))

    threads = [threading.Thread(target=ask, args=both) for both in zip(questions, expected, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(agree) == 180
    assert all(agree)


# Files that are no model


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_with_a_sentence(data: bytes) -> None:
    assert refusal(data).endswith(".")


@given(st.binary(min_size=1, max_size=200), st.data())
def test_any_bytes_within_a_zip_are_refused(data: bytes, draw: st.DataObject) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("header.npy", data)
        archive.writestr("parameters.npy", draw.draw(st.binary(max_size=50)))
    assert refusal(file.getvalue()).endswith(".")


@pytest.mark.parametrize("data", [WHOLE, RESUMABLE], ids=["plain", "resumable"])
def test_a_file_that_is_cut_off_anywhere_is_refused(data: bytes) -> None:
    for length in np.linspace(0, len(data) - 1, 120).astype(int):
        refusal(data[:length])


@given(st.integers(0, len(WHOLE) * 8 - 1))
@settings(max_examples=300)
def test_a_flipped_bit_is_refused_or_does_no_harm(bit: int) -> None:
    data = bytearray(WHOLE)
    data[bit // 8] ^= 1 << bit % 8
    try:
        model = load_model(bytes(data))
    except ModelFileError:
        return
    # Bits that nobody reads (dates, attributes) may be flipped; then the model is the same.
    np.testing.assert_array_equal(model.predict_probabilities(IMAGES), MODEL.predict_probabilities(IMAGES))


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=2, max_size=8))
@settings(max_examples=200)
def test_scattered_damage_never_raises_anything_else(damage: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, value in damage:
        data[place] = value
    with contextlib.suppress(ModelFileError):
        load_model(bytes(data))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"There is no file .*lost\.npz"):
        load_model(tmp_path / "lost.npz")
    with pytest.raises(ModelFileError):
        load_model(tmp_path)


def test_a_pickled_array_is_refused_and_not_executed(tmp_path: Path) -> None:
    mark = tmp_path / "executed"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (mark,))

    header, arrays = unpacked()
    trap = np.array([Trap()], object)
    for name in ("parameters", "header", "extra"):
        file = io.BytesIO()
        text = np.frombuffer(json.dumps(header).encode(), np.uint8)
        np.savez(file, **({"header": text} | arrays | {name: trap}))
        assert "not a model file" in refusal(file.getvalue())
    assert not mark.exists()


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = packed({}, {"parameters": np.zeros(2**23)}, save=np.savez_compressed)
    assert len(bomb) < 2**17  # of 64 MB
    assert "compressed" in refusal(bomb)
    assert peak_bytes(lambda: refusal(bomb)) < 2**20


def test_a_file_whose_parts_overlap_is_refused() -> None:
    file = io.BytesIO(WHOLE)
    with zipfile.ZipFile(file, "a") as archive:
        whole = archive.getinfo("parameters.npy")
        for copy in range(20):  # more entries for the same bytes
            entry = zipfile.ZipInfo(f"state.{copy}.npy")
            for name in ("file_size", "compress_size", "CRC", "header_offset", "flag_bits"):
                setattr(entry, name, getattr(whole, name))
            archive.filelist.append(entry)
            archive.NameToInfo[entry.filename] = entry
        archive._didModify = True  # type: ignore[attr-defined]
    assert "more than its own length" in refusal(file.getvalue())


def test_an_array_that_claims_to_be_huge_is_refused() -> None:
    header, _arrays = unpacked()
    claim = io.BytesIO()
    np.lib.format.write_array_header_2_0(claim, {"descr": "<f4", "fortran_order": False, "shape": (10**13,)})
    file = io.BytesIO(packed(header, {}))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("parameters.npy", claim.getvalue())
    assert "not a model file" in refusal(file.getvalue())


def test_a_data_set_is_not_taken_for_a_model() -> None:
    file = io.BytesIO()
    np.savez_compressed(file, x_train=np.zeros((3, 28, 28), np.uint8), y_train=np.zeros(3))
    assert refusal(file.getvalue()) == "This .npz file holds no model. A data set belongs on the Data page."
    for header in ([], "text", 3, None, {"format": "something else"}, {}):
        assert "holds no model" in refusal(packed(header, {}))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "holds no model" in refusal(zipped.getvalue())


@pytest.mark.parametrize("version", [2, 99, 0, None, "1"])
def test_a_file_of_another_version_says_so(version: Any) -> None:
    header, arrays = unpacked()
    sentence = refusal(packed(header | {"version": version}, arrays))
    assert sentence == (
        f"The model file has version {version}; this program reads version 1. Update the program."
    )


DAMAGED_HEADERS: list[dict[str, Any]] = [
    {"network": None},
    {"network": []},
    {"network": {"no_such_setting": 1}},
    {"network": {"hidden_sizes": [0]}},
    {"network": {"hidden_sizes": [1.5]}},
    {"network": {"hidden_sizes": 128}},
    {"network": {"hidden_sizes": [10**9]}},
    {"network": {"hidden_sizes": [9]}},
    {"network": {"activation": "os.system"}},
    {"network": {"precision": "object"}},
    {"training": {"learning_rate": float("nan")}},
    {"training": {"learning_rate": "fast"}},
    {"training": {"epochs": 10**400}},
    {"image_shape": [6]},
    {"image_shape": [5, 5]},
    {"image_shape": [-6, -5]},
    {"image_shape": ["a", "b"]},
    {"image_shape": [10**9, 10**9]},
    {"image_shape": None},
    {"pooling": 0},
    {"pooling": 10**9},
    {"pooling": "x"},
    {"scale": float("inf")},
    {"scale": None},
    {"class_names": []},
    {"class_names": ["only one"]},
    {"class_names": ["one", "too", "many", "names"]},
    {"class_names": 3},
    {"card": 3},
    {"card": "text"},
]


@pytest.mark.parametrize("damage", DAMAGED_HEADERS, ids=str)
def test_a_header_that_cannot_be_is_refused(damage: dict) -> None:
    header, arrays = unpacked()
    assert refusal(packed(header | damage, arrays)).startswith("The model file is damaged")


@pytest.mark.parametrize("missing", sorted(set(unpacked()[0]) - {"format", "version", "levels", "frame"}))
def test_a_header_with_a_gap_is_refused(missing: str) -> None:
    header, arrays = unpacked()
    del header[missing]
    assert refusal(packed(header, arrays)).startswith("The model file is damaged")


def test_a_setting_out_of_bounds_is_named() -> None:
    header, arrays = unpacked()
    sentence = refusal(packed(header | {"network": {"dropout": 7}}, arrays))
    assert "Dropout: 7 is out of bounds" in sentence


PARAMETERS = MODEL.parameters
DAMAGED_ARRAYS: list[dict[str, Any]] = [
    {"parameters": PARAMETERS[:-1]},
    {"parameters": np.append(PARAMETERS, 0)},
    {"parameters": PARAMETERS.reshape(1, -1)},
    {"parameters": PARAMETERS.astype(int)},
    {"parameters": PARAMETERS.astype(complex)},
    {"parameters": np.full(len(PARAMETERS), "a")},
    {"parameters": np.full_like(PARAMETERS, np.nan)},
    {"parameters": np.float64(3)},
    {"kept": np.arange(31)},
    {"kept": np.zeros(30)},
    {"kept": np.full(30, 99)},
    {"mean": np.zeros(30)},
    {"mean": np.zeros(3), "deviation": np.ones(3)},
    {"mean": np.full(30, "a"), "deviation": np.ones(30)},
    {"mean": np.full(30, np.inf), "deviation": np.ones(30)},
]


@pytest.mark.parametrize("damage", DAMAGED_ARRAYS, ids=lambda damage: " ".join(damage))
def test_arrays_that_do_not_fit_the_header_are_refused(damage: dict) -> None:
    header, arrays = unpacked()
    assert refusal(packed(header, arrays | damage)).startswith("The model file is damaged")


def test_a_file_without_parameters_is_refused() -> None:
    header, _arrays = unpacked()
    assert refusal(packed(header, {})).startswith("The model file is damaged")


def test_a_file_from_before_a_setting_existed_has_its_default() -> None:
    header, arrays = unpacked()
    del header["training"]["momentum"]
    model = load_model(packed(header, arrays))
    assert model.training_config.momentum == TrainingConfig().momentum


def test_a_damaged_training_state_does_not_keep_a_model_from_answering() -> None:
    header, arrays = unpacked(RESUMABLE)
    model = load_model(packed(header, arrays | {"state.order": np.zeros(2)}))
    np.testing.assert_array_equal(model.predict(IMAGES), MODEL.predict(IMAGES))


# Files that are made to do harm

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**20, 10**40)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["x" * 100_000, "\ud800", "255", "relu"]),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=4),
    max_leaves=8,
)
ARRAYS = st.builds(
    lambda kind, shape, value: np.full(shape, value).astype(kind),
    st.sampled_from(["u1", "i8", "f2", "f4", "f8", "c8", "?", "S3", "U2", ">f4"]),
    st.sampled_from([(), (0,), (1,), (30,), (len(MODEL.parameters),), (2, 3), (0, 10**6), (5000,)]),
    st.sampled_from([0, 1, 7, 200]),
)


def header_paths() -> list[tuple[str, ...]]:
    header, _arrays = unpacked()
    inside = [(part, name) for part in ("network", "training", "card") for name in header[part]]
    return [*((name,) for name in header), *inside]


def model_or_refusal(data: bytes) -> Model | None:
    """What any bytes must give: a model that answers with numbers, can be saved, or a sentence."""
    model = None
    with contextlib.suppress(ModelFileError):
        model = load_model(data)
    if model is None:
        assert len(refusal(data).encode()) < 1000
        return None
    probabilities = model.predict_probabilities(np.zeros((1, *model.image_shape), np.uint8))
    assert np.isfinite(probabilities).all()
    saved(model)
    return model


@given(st.dictionaries(st.sampled_from(header_paths()), JSON_VALUES, min_size=1, max_size=3))
@settings(max_examples=200)
def test_any_values_in_a_header_give_a_model_or_a_refusal(changes: dict[tuple[str, ...], Any]) -> None:
    header, arrays = unpacked()
    for path, value in changes.items():
        place = header
        for name in path[:-1]:
            place = place[name] if isinstance(place[name], dict) else {}
        place[path[-1]] = value
    model_or_refusal(packed(header, arrays))


@given(st.dictionaries(st.sampled_from(["parameters", "kept", "mean", "deviation", "other"]), ARRAYS))
@settings(max_examples=200)
def test_any_arrays_give_a_model_or_a_refusal(changes: dict[str, np.ndarray]) -> None:
    header, arrays = unpacked()
    model_or_refusal(packed(header, arrays | changes))


@given(
    st.dictionaries(
        st.sampled_from(["counters", "order", "moments", "parameters", "best_parameters"]), ARRAYS
    ),
    st.dictionaries(
        st.text(max_size=3)
        | st.sampled_from(sorted(json.loads(unpacked(RESUMABLE)[1]["state.counters"].tobytes()))),
        JSON_VALUES,
    ),
)
@settings(max_examples=200)
def test_any_training_state_gives_a_run_or_a_refusal(
    changes: dict[str, np.ndarray], counters: dict[str, Any]
) -> None:
    header, arrays = unpacked(RESUMABLE)
    known = json.loads(arrays["state.counters"].tobytes())
    arrays["state.counters"] = np.frombuffer(json.dumps(known | counters).encode(), np.uint8)
    arrays |= {f"state.{name}": values for name, values in changes.items()}
    model = model_or_refusal(packed(header, arrays))
    assert model is not None
    with contextlib.suppress(ModelFileError):
        train_on(TrainingRun.from_model(model))


def train_on(run: TrainingRun) -> None:
    """Take a step and measure, as a run whose state is accepted must be able to, or say why not."""
    with contextlib.suppress(DatasetError, TrainingDiverged):
        list(train(run, SPLIT, max_steps=1))
    assert run.learned_nothing in (True, False)
    assert repr(run)


@given(st.lists(st.integers(0, len(RESUMABLE) - 1), min_size=1, max_size=30), st.randoms())
@settings(max_examples=200)
def test_flipped_bytes_of_a_resumable_model_give_a_run_or_a_refusal(
    places: list[int], chance: Random
) -> None:
    data = bytearray(RESUMABLE)
    for place in places:
        data[place] = chance.randrange(256)
    model = model_or_refusal(bytes(data))
    if model is not None:
        with contextlib.suppress(ModelFileError, ValueError):
            train_on(TrainingRun.from_model(model))


@pytest.mark.parametrize(
    "damage",
    [
        {"class_names": ["a", "b", "\ud800"]},
        {"class_names": ["a", "b", "b"]},
        {"class_names": ["a", "b", 3]},
        {"class_names": [str(k) for k in range(1001)]},
        {"image_shape": [6.0, 5]},
        {"image_shape": [True, 30]},
        {"levels": "16"},
        {"levels": 1.5},
        {"scale": "1"},
        {"network": {"hidden_sizes": [1] * 33}},
        {"network": {"hidden_sizes": [True]}},
        {"training": {"epochs": 3.0}},
        {"training": {"epochs": True}},
        {"training": {"batch_size": "16"}},
        {"training": {"optimizer": ["adam"]}},
        {"card": []},
    ],
    ids=str,
)
def test_a_value_of_a_wrong_kind_is_refused(damage: dict) -> None:
    header, arrays = unpacked()
    for part, value in damage.items():
        header[part] = header[part] | value if part in ("network", "training") else value
    assert refusal(packed(header, arrays)).startswith("The model file is damaged")


def test_what_a_setting_quotes_of_a_file_is_bounded() -> None:
    header, arrays = unpacked()
    header["network"]["activation"] = "![x](http://a.org)" * 50_000
    assert len(refusal(packed(header, arrays))) < 400


@pytest.mark.parametrize("scale", [1e38, -1e300, 1e300])
def test_a_model_whose_answers_are_no_numbers_is_refused(scale: float) -> None:
    header, arrays = unpacked()
    arrays["parameters"] = np.full_like(arrays["parameters"], 1e30)
    assert refusal(packed(header | {"scale": scale}, arrays)).startswith("The model file is damaged")


def test_a_deviation_of_nothing_is_refused() -> None:
    data = saved(trained({"standardize": True}))
    header, arrays = unpacked(data)
    assert load_model(packed(header, arrays)).preparation.deviation is not None
    arrays["deviation"] = np.zeros_like(arrays["deviation"])
    refusal(packed(header, arrays))


def test_a_pixel_that_is_read_a_million_times_takes_no_memory() -> None:
    header, arrays = unpacked()
    data = packed(header, arrays | {"kept": np.zeros(1_000_000, np.int64)})
    assert peak_bytes(lambda: refusal(data)) < 3 * len(data)


def test_a_network_whose_arrays_would_be_huge_is_refused_before_they_are_made() -> None:
    header, arrays = unpacked()
    header["network"] |= {"filters": [256], "hidden_sizes": []}
    header["image_shape"] = [1024, 1024]
    assert "too large to be used" in refusal(packed(header, arrays))
    assert peak_bytes(lambda: refusal(packed(header, arrays))) < 2**20


def test_a_header_that_is_too_deep_or_too_long_is_refused() -> None:
    header, arrays = unpacked()
    deep: Any = 0
    for _ in range(30):
        deep = [deep]
    for card in ({"a": deep}, {"a": "x" * 2_000_000}):
        assert "holds no model" in refusal(packed(header | {"card": card}, arrays))


def test_entries_by_the_hundred_thousand_are_refused_before_they_are_listed() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(30_000):
            archive.writestr(f"state.{number}.npy", b"")
    data = file.getvalue()
    assert "not a model file" in refusal(data)
    assert peak_bytes(lambda: refusal(data)) < 4 * 2**20


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_that_is_there_twice_or_that_no_model_has_is_refused() -> None:
    for name in ("parameters.npy", "other.npy", "parameters"):
        file = io.BytesIO(WHOLE)
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr(name, zipfile.ZipFile(io.BytesIO(WHOLE)).read("parameters.npy"))
        assert "not a model file" in refusal(file.getvalue())


def test_a_shape_that_is_not_that_of_the_entry_is_refused_before_memory_is_taken() -> None:
    header, _arrays = unpacked()
    for shape in ((10**9,), (10**5, 10**5), (2**62, 4)):
        claim = io.BytesIO()
        described = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(claim, described)
        file = io.BytesIO(packed(header, {}))
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr("parameters.npy", claim.getvalue())
        assert "not a model file" in refusal(file.getvalue())
        assert peak_bytes(partial(refusal, file.getvalue())) < 2**20


def test_the_training_state_can_be_left_in_the_file() -> None:
    assert load_model(RESUMABLE).state is not None
    model = load_model(RESUMABLE, with_state=False)
    assert model.state is None
    np.testing.assert_array_equal(model.predict(IMAGES), MODEL.predict(IMAGES))


def test_a_model_of_large_layers_asks_fewer_images_at_once_and_answers_the_same() -> None:
    model = trained({"filters": (4,), "kernel_size": 3})
    assert model.network.micro_batch == 64
    alone = np.concatenate([model.predict_probabilities(image[None]) for image in IMAGES])
    np.testing.assert_allclose(model.predict_probabilities(IMAGES), alone, rtol=1e-4)
