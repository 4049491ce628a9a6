"""What a search has proposed so far, so that it tries nothing twice.

Every `Proposer` keeps one.
"""

from typing import Any

from mlcore.search.space import Values


class Seen:
    """The proposals of a search so far.

    >>> seen = Seen()
    >>> seen.is_new({"seed": 1}), seen.is_new({"seed": 1})
    (True, False)
    """

    def __init__(self) -> None:
        self._points: set[tuple[tuple[str, Any], ...]] = set()

    def is_new(self, values: Values) -> bool:
        """Return whether a proposal is the first of its kind, and note it."""
        point = tuple(sorted(values.items()))
        is_new = point not in self._points
        self._points.add(point)
        return is_new
