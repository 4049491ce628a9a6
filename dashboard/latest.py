"""Results that are kept for all visitors: each worked out once, and the latest kept while they fit.

Evaluate and Inside keep what a model makes of images.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar
from weakref import WeakValueDictionary

Key = tuple[str, ...]
"""What a result depends on, such as the fingerprints of a model and of a data set."""


class HasSize(Protocol):
    """What knows how much memory it takes."""

    @property
    def nbytes(self) -> int:
        """Bytes."""


T = TypeVar("T", bound=HasSize)


class Latest(Generic[T]):
    """The latest results, as many as fit into so many bytes; safe from any thread."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, T] = OrderedDict()
        self._being_made: WeakValueDictionary[Key, threading.Lock] = WeakValueDictionary()

    def known(self, key: Key) -> T | None:
        """Return what is kept under this key; None when there is nothing."""
        with self._lock:
            return self._kept.get(key)

    def get(self, key: Key, make: Callable[[], T]) -> T:
        """Return what is kept under this key; who asks first makes it, while others wait."""
        with self._lock:
            being_made = self._being_made.setdefault(key, threading.Lock())
        with being_made:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            made = make()
            with self._lock:
                self._kept[key] = made
                while sum(kept.nbytes for kept in self._kept.values()) > self._most_bytes:
                    self._kept.popitem(last=False)
            return made
