"""The checks of data sets on this server: each worked out once, in a thread of its own, one after the other.

The Data page asks here instead of `mlcore.check_health`, which takes a second for MNIST: no page waits.
"""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

from dashboard.budget import Budget
from mlcore import Dataset, Health, check_health

MOST_KEPT = 64
"""Results; of a data set of 60,000 images, one takes 0.5 MB."""

BYTES = 32_000_000
BYTES_AN_IMAGE = 400
"""Of memory while a data set is checked, beside its images: 60,000 take 34 MB in all."""


class Checks:
    """The health of data sets, known or being worked out; safe from any thread.

    Parameters
    ----------
    budget : callable
        Returns the memory that has to have room for a check.
    check : callable
        Works out the health of a data set.
    """

    def __init__(
        self, budget: Callable[[], Budget], check: Callable[[Dataset], Health] = check_health
    ) -> None:
        self._budget = budget
        self._check = check
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._known: OrderedDict[str, Future[Health]] = OrderedDict()

    def find(self, dataset: Dataset) -> Health | None:
        """Return the health of a data set, or None while it is worked out, which begins with the first call.

        Raises
        ------
        Exception
            What has ended the check: `dashboard.budget.NoRoom` when there was no memory for it.
        """
        fingerprint = dataset.fingerprint
        with self._lock:
            future = self._known.get(fingerprint)
            if future is None:
                future = self._known[fingerprint] = Future()
                # A data set that its visitor has left is not kept for the sake of its check.
                arguments = (weakref.ref(dataset), fingerprint, future)
                threading.Thread(target=self._work, args=arguments, name="check", daemon=True).start()
            self._known.move_to_end(fingerprint)
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return future.result() if future.done() else None

    def forget(self, dataset: Dataset) -> None:
        """Let a data set be checked once more."""
        with self._lock:
            self._known.pop(dataset.fingerprint, None)

    def _work(self, reference: weakref.ref[Dataset], fingerprint: str, future: "Future[Health]") -> None:
        with self._turn:
            dataset = reference()
            if dataset is None:
                with self._lock:
                    self._known.pop(fingerprint, None)
                return
            try:
                with self._budget().reserve(BYTES + BYTES_AN_IMAGE * len(dataset)):
                    future.set_result(self._check(dataset))
            except Exception as error:
                future.set_exception(error)
