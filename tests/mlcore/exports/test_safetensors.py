"""The safetensors file, read by the package of that name.

These are the tests of `mlcore.exports.safetensors`.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from mlcore import export_safetensors
from tests.mlcore.small import finish, small_run, small_split

SPLIT = small_split(shape=(10, 9))


@pytest.mark.parametrize(
    ("network", "shapes"),
    [
        ({}, {"W1": [90, 8], "b1": [8], "W2": [8, 3], "b2": [3]}),
        (
            {"filters": (2,), "kernel_size": 3, "precision": "float64"},
            {"W1": [2, 1, 3, 3], "b1": [2], "W2": [24, 8], "b2": [8], "W3": [8, 3], "b3": [3]},
        ),
        (
            {"hidden_sizes": (), "standardize": True, "drop_rare_pixels": 0.0},
            {"W1": [90, 3], "b1": [3], "kept": [90], "mean": [90], "deviation": [90]},
        ),
    ],
)
def test_the_package_safetensors_reads_every_array_and_the_settings(
    network: dict, shapes: dict, tmp_path: Path
) -> None:
    run = small_run(network, epochs=1)
    finish(run, SPLIT)
    model = run.model()
    export_safetensors(model, tmp_path / "weights.safetensors")
    with safe_open(tmp_path / "weights.safetensors", "numpy") as file:
        found = {name: file.get_tensor(name) for name in shapes}
        assert sorted(file.keys()) == sorted(shapes)
        about = {name: json.loads(text) for name, text in file.metadata().items()}
    assert {name: list(values.shape) for name, values in found.items()} == shapes
    learned = [found[name].ravel() for name in shapes if name[1:].isdigit()]
    assert np.array_equal(np.concatenate(learned), model.parameters)
    assert about["network"]["precision"] == model.network_config.precision
    assert about["class_names"] == ["a", "b", "c"]
