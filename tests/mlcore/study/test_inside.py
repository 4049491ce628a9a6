"""What is behind a layer is what following the images one by one shows."""

from typing import Any

import numpy as np
import pytest

from mlcore import layer_outputs
from mlcore.study.inside import BLOCK, values_behind
from tests.mlcore.small import small_network, stripes


@pytest.mark.parametrize("kind", [{}, {"filters": (3,), "kernel_size": 3}], ids=["dense", "convolution"])
def test_the_values_behind_each_layer_are_those_of_each_image_alone(kind: dict[str, Any]) -> None:
    network, images = small_network(**kind), stripes(BLOCK + 3).images
    for place in (0, BLOCK, BLOCK + 2):
        for output in layer_outputs(network, images[place]):
            values = values_behind(network, images, output.layer)
            assert values.shape == (len(images), output.values.size)
            np.testing.assert_allclose(values[place], output.values.ravel(), rtol=1e-5, atol=1e-6)


def test_without_a_layer_they_are_the_pixels_from_0_to_1() -> None:
    images = stripes(3).images
    values = values_behind(small_network(), images)
    np.testing.assert_allclose(values, images.reshape(3, -1) / 255, rtol=1e-6)
