"""Principal components are those of NumPy's singular value decomposition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import load_dataset, principal_components


def by_svd(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    centred = values - values.mean(axis=0)
    _left, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    return axes[:count], np.square(sizes[:count]) / len(values)


@pytest.mark.parametrize("shape", [(300, 64), (40, 200)], ids=["many images", "many features"])
def test_the_axes_and_variances_are_those_of_the_singular_value_decomposition(shape: tuple[int, int]) -> None:
    values = load_dataset("digits-8x8").images[: shape[0]].reshape(shape[0], -1) / 16.0
    values = np.repeat(values, 4, axis=1)[:, : shape[1]] + 0.1 * np.random.default_rng(0).normal(size=shape)
    found = principal_components(values, 3)
    axes, variances = by_svd(values, 3)
    np.testing.assert_allclose(np.abs(found.axes @ axes.T), np.eye(3), atol=1e-6)
    np.testing.assert_allclose(found.variances, variances, rtol=1e-9)
    np.testing.assert_allclose(found.total_variance, values.var(axis=0).sum())
    places = found.project(values)
    np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(places.var(axis=0), variances, rtol=1e-9)


def test_the_same_values_give_the_same_axes_with_the_farthest_entry_positive() -> None:
    values = np.random.default_rng(3).normal(size=(50, 9)) * np.arange(1, 10)
    first, second = principal_components(values), principal_components(values)
    np.testing.assert_array_equal(first.axes, second.axes)
    farthest = np.abs(first.axes).argmax(axis=1)
    assert (first.axes[np.arange(2), farthest] > 0).all()


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
def test_few_values_give_orthogonal_axes_or_none(n: int, features: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(n, features))
    found = principal_components(values)
    product = found.axes @ found.axes.T
    expected = np.diag((np.arange(2) < min(n, features)).astype(float))
    np.testing.assert_allclose(product, expected, atol=1e-9)
    assert 0 <= found.explained.sum() <= 1 + 1e-9


def test_values_that_do_not_vary_have_no_variance_and_no_nan() -> None:
    found = principal_components(np.full((5, 4), 7.0))
    assert found.explained.tolist() == [0, 0]
    assert (found.project(np.full((5, 4), 7.0)) == 0).all()
