"""What a worker does for a study: it computes for a moment at a time, and runs have their turns in between.

`Studies` sends these calls. A study is a generator function of mlcore that yields the fraction that is
done and returns its result.
"""

import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from dashboard.runs.worker import workspace
from mlcore.study.progress import Study

StudyFunction: TypeAlias = Callable[..., Study[Any]]


@dataclass(frozen=True)
class StudyTurn:
    """What comes back from a turn.

    Attributes
    ----------
    fraction : float
        How much is done, from 0 to 1.
    result : object
        What the study found, once it is finished.
    finished : bool
    unknown : bool
        The worker does not have the study: it is a new process, and has to be sent it once more.
    """

    fraction: float = 0.0
    result: Any = None
    finished: bool = False
    unknown: bool = False


def pack(function: StudyFunction, arguments: tuple[Any, ...]) -> bytes:
    """Return a study as it is sent to a worker; it does not change with what the page does afterwards."""
    return pickle.dumps((function, arguments), protocol=pickle.HIGHEST_PROTOCOL)


def compute_study(study_id: str, seconds: float, task: bytes | None = None) -> StudyTurn:
    """Compute for about ``seconds``; from the beginning where the ``task`` is given."""
    studies = workspace().studies
    if task is not None:
        function, arguments = pickle.loads(task)
        studies[study_id] = function(*arguments)
    study = studies.get(study_id)
    if study is None:
        return StudyTurn(unknown=True)
    end = time.perf_counter() + seconds
    try:
        while True:
            fraction = next(study)
            if time.perf_counter() >= end:
                return StudyTurn(fraction)
    except StopIteration as over:
        drop_study(study_id)
        return StudyTurn(1.0, over.value, finished=True)
    except BaseException:
        drop_study(study_id)
        raise


def drop_study(study_id: str) -> None:
    """Free what a study takes, whether it is finished or not."""
    study = workspace().studies.pop(study_id, None)
    if study is not None:
        study.close()
