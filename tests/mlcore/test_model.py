"""A model answers the same wherever it is loaded, and a broken file is always a ModelFileError."""

import contextlib
import io
import json
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import LOSSES, Model, ModelFileError, TrainingConfig, load_model, save_model
from tests.house import ROOT
from tests.mlcore.small import finish, small_run, small_split

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
        IMAGES / 255,
        IMAGES - 1.0,
        IMAGES.astype(int) + 1000,
        np.full((1, 6, 5), np.nan),
        np.full((1, 6, 5), "a"),
    ],
)
def test_pixels_that_are_no_bytes_are_refused_rather_than_spoilt(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="whole numbers from 0 to 255"):
        MODEL.predict(images)


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
    tracemalloc.start()
    try:
        assert "compressed" in refusal(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


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


@pytest.mark.parametrize("missing", sorted(set(unpacked()[0]) - {"format", "version", "levels"}))
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
