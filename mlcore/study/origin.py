"""What one number of a training step was made of: its formula with indices, and the summands that give it.

`walk_through_step` puts an origin to each value that it can explain; the Inside page shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlcore.language import _

MOST_SUMMANDS = 5


@dataclass(frozen=True)
class Origin:
    """How one number came about.

    Attributes
    ----------
    formula : str
        With the number's own indices.
    summands : tuple of (str, float)
        What is added up, each with its name; the largest first where there are many. Their sum is the number.
    """

    formula: str
    summands: tuple[tuple[str, float], ...]


Position: TypeAlias = tuple[int, ...]
FindOrigin: TypeAlias = Callable[[Position], Origin]


def indexed(symbol: str, position: Position) -> str:
    """Return a symbol with its indices, from 0.

    >>> indexed("W₁", (12, 3))
    'W₁[12, 3]'
    """
    return f"{symbol}[{', '.join(map(str, position))}]"


def weighted_sum(
    formula: str,
    left: NDArray[Any],
    right: NDArray[Any],
    name: Callable[[int, int], str],
    scale: float,
    plus: tuple[str, NDArray[Any]] | None = None,
) -> FindOrigin:
    """Return the origin of numbers that are scale · Σ left[i] right[i, j] + plus[j], at j.

    Parameters
    ----------
    formula : str
        With ``{j}`` for the index.
    left, right : float arrays (n,) and (n, m)
    name : callable
        ``name(i, j)`` is what a product is called.
    scale : float
    plus : (str, float array (m,)), optional
        What is added at the end, and its symbol.
    """

    def find(position: Position) -> Origin:
        (j,) = position
        products = scale * left.astype(np.float64) * right[:, j]
        ends = () if plus is None else ((indexed(plus[0], position), float(plus[1][j])),)
        return add_up(formula.format(j=j), products, lambda at: name(at[0], j), ends)

    return find


def add_up(
    formula: str,
    products: NDArray[Any],
    name: Callable[[Position], str],
    ends: tuple[tuple[str, float], ...] = (),
) -> Origin:
    """Return the origin of a sum of products: the largest by name, the others together, then the ends.

    Parameters
    ----------
    products : float array of any shape
    name : callable
        ``name(position)`` is what the product at a position is called.
    ends : tuple of (str, float)
        What is added besides.
    """
    flat = products.ravel()
    order = np.argsort(-np.abs(flat), kind="stable")
    places = (tuple(int(k) for k in np.unravel_index(at, products.shape)) for at in order[:MOST_SUMMANDS])
    summands = [(name(place), float(products[place])) for place in places]
    rest = order[MOST_SUMMANDS:]
    if len(rest):
        summands.append((_("the other {n:,} together").format(n=len(rest)), float(flat[rest].sum())))
    return Origin(formula, (*summands, *ends))


def product(symbol: str, factors: Callable[[Position], tuple[tuple[str, float], ...]]) -> FindOrigin:
    """Return the origin of numbers that are products; the factors have names and values."""

    def find(position: Position) -> Origin:
        found = factors(position)
        words = " × ".join(f"{value:.4g}" for _name, value in found)
        formula = f"{indexed(symbol, position)} = {' '.join(name for name, _value in found)}"
        return Origin(formula, ((words, float(np.prod([value for _name, value in found]))),))

    return find


def changed(symbol: str, before: NDArray[Any], after: NDArray[Any], why: str, was: str = "") -> FindOrigin:
    """Return the origin of numbers that were something else before: that, and the change."""

    def find(position: Position) -> Origin:
        here = indexed(symbol, position)
        old, new = float(before[position]), float(after[position])
        name = was or _("{symbol} before").format(symbol=here)
        return Origin(f"{here} ← {here} + {why}", ((name, old), (why, new - old)))

    return find


def function(symbol: str, words: Callable[[Position], tuple[str, str]], values: NDArray[Any]) -> FindOrigin:
    """Return the origin of numbers that are a function of others: its formula, and that with numbers."""

    def find(position: Position) -> Origin:
        formula, numbers = words(position)
        return Origin(f"{indexed(symbol, position)} = {formula}", ((numbers, float(values[position])),))

    return find
