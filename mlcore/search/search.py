"""A search for good settings as pure arithmetic: which candidates train how far, given how the others did.

Its driver trains what is asked for, in any order and on any number of workers, and hands the results back;
the server does so with `dashboard.runs.search`, and `train_here` in a notebook.
"""

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.split import Split
from mlcore.errors import SettingError, TrainingDiverged
from mlcore.language import _
from mlcore.search.halving import fractions, steps_at, survivors
from mlcore.search.outcome import Outcome
from mlcore.search.proposals import KINDS, Proposer
from mlcore.search.same_run import plain_values
from mlcore.search.space import Dimension, Values, idle_settings, settings_with
from mlcore.training.records import EpochMetrics, standing
from mlcore.training.run import TrainingRun, train

ROUND = 8
"""Candidates that are proposed together. A fixed number, whatever the number of workers: it decides what is
compared with what, and what Optuna knows when it proposes."""

MOST_RUNS = 200


@dataclass(frozen=True)
class SearchPlan:
    """What is to be searched.

    Attributes
    ----------
    space : tuple of Dimension
        What is varied.
    network, training
        All other settings.
    kind : str
        A key of `KINDS`.
    runs : int
        Candidates to try at most.
    seconds : float or None
        No round begins after this time; who drives the search reads the clock.
    seed : int
        Of the proposals; the seed of the training is one of its settings.
    halving : bool
        Whether hopeless candidates are stopped early.

    Raises
    ------
    SettingError
        When there is nothing to vary, or a number is out of bounds.
    """

    space: tuple[Dimension, ...]
    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    kind: str = "random"
    runs: int = 24
    seconds: float | None = None
    seed: int = 0
    halving: bool = True

    def __post_init__(self) -> None:
        """Check it."""
        if not self.space:
            raise SettingError(_("Choose at least one setting to vary."))
        if self.kind not in KINDS:
            message = _("Kind of search: choose one of {names}.")
            raise SettingError(message.format(names=", ".join(KINDS)))
        if not 1 <= self.runs <= MOST_RUNS:
            raise SettingError(_("Runs: choose a number from 1 to {most}.").format(most=MOST_RUNS))

    @property
    def varied(self) -> tuple[Dimension, ...]:
        """What of the space has an effect under the settings that stay; nothing else is varied."""
        idle = idle_settings(self.space, self.network, self.training)
        return tuple(one for one in self.space if one.name not in idle)

    def plain(self, values: Values, n_train: int) -> Values:
        """Return what a candidate varies as its plainest equal does (see `plain_values`)."""
        return plain_values(self.network, self.training, values, n_train)

    def proposer(self, n_train: int) -> Proposer:
        """Return who proposes, with this many training images."""
        trim = partial(self.plain, n_train=n_train)
        return KINDS[self.kind].make(self.varied, self.runs, self.seed, trim)

    def n_different(self, n_train: int) -> int:
        """Return how many different runs there are to try, as far as they can be counted; ``runs`` at most.

        >>> optimizer = Dimension("optimizer", values=("adam", "adamw", "rmsprop"))
        >>> SearchPlan((optimizer,)).n_different(300)
        2
        """
        if self.kind != "grid" and any(one.low is not None for one in self.varied):
            return self.runs
        return len(replace(self, kind="grid").proposer(n_train).propose(self.runs))


@dataclass(frozen=True)
class Result:
    """How far a candidate has come, and how well it did.

    Attributes
    ----------
    best : EpochMetrics or None
        The best measurement up to there; None when there was none, or it diverged.
    problem : str
        Why it trains no further, as a sentence; empty when all is well.
    """

    best: EpochMetrics | None
    problem: str = ""

    @property
    def standing(self) -> tuple[float, float]:
        """What makes one better than another; last is what has diverged."""
        if self.best is None or self.problem:
            return -math.inf, -math.inf
        return standing(self.best)


@dataclass(frozen=True)
class Candidate:
    """Settings that are tried.

    Attributes
    ----------
    number : int
        From 1, in the order of the proposals.
    values : dict
        What makes it differ from others.
    network, training
        All its settings.
    results : tuple of Result
        One for each comparison so far.
    out : bool
        Whether it trains no further: it was stopped early, has come to its end, or failed.
    fraction : float
        The part of its training that is done.
    """

    number: int
    values: Values
    network: NetworkConfig
    training: TrainingConfig
    results: tuple[Result, ...] = ()
    out: bool = False
    fraction: float = 0.0

    @property
    def result(self) -> Result:
        """The last one."""
        return self.results[-1] if self.results else Result(None)

    @property
    def outcome(self) -> Outcome:
        """What its proposer learns of it."""
        score = self.result.standing[0]
        return Outcome(score if math.isfinite(score) else None, self.fraction)


@dataclass(frozen=True)
class Task:
    """Train this candidate up to this step, from where it stands."""

    candidate: Candidate
    steps: int


Results = Mapping[int, Result]
"""By the candidate's number."""

Board = tuple[Candidate, ...]
"""All candidates so far, by their numbers."""


def search(plan: SearchPlan, n_train: int) -> Generator[tuple[Board, list[Task]], Results | None, Board]:
    """Go through a search.

    It yields all candidates so far and what is to be trained now; each time the results of all of that are
    sent in. What is yielded without a task is the end of a round: the next one begins with ``None``.

    Parameters
    ----------
    n_train : int
        Training images: an epoch has as many.
    """
    proposer = plan.proposer(n_train)
    parts = fractions(plan.training, n_train) if plan.halving else (1.0,)
    board: dict[int, Candidate] = {}
    while len(board) < plan.runs:
        proposals = proposer.propose(min(ROUND, plan.runs - len(board)))
        if not proposals:
            break
        numbers = [_note(board, plan, values) for values in proposals]
        for part in parts:
            tasks = [
                Task(board[n], steps_at(part, board[n].training, n_train))
                for n in numbers
                if not board[n].out
            ]
            if tasks:
                results = yield tuple(board.values()), tasks
                assert results is not None
                _compare(board, tasks, results, part)
        proposer.learn([board[n].outcome for n in numbers])
        yield tuple(board.values()), []
    return tuple(board.values())


def _note(board: dict[int, Candidate], plan: SearchPlan, values: Values) -> int:
    """Add a proposal to the board and return its number; one that cannot be is out at once."""
    number = len(board) + 1
    try:
        network, training = settings_with(plan.network, plan.training, values)
    except SettingError as error:
        result = Result(None, str(error))
        board[number] = Candidate(number, values, plan.network, plan.training, (result,), out=True)
    else:
        board[number] = Candidate(number, values, network, training)
    return number


def _compare(board: dict[int, Candidate], tasks: Sequence[Task], results: Results, part: float) -> None:
    """Note the results of a comparison, and which candidates train on."""
    for task in tasks:
        number = task.candidate.number
        candidate, result = board[number], results[number]
        board[number] = replace(
            candidate, results=(*candidate.results, result), fraction=part, out=bool(result.problem)
        )
    alive = [board[task.candidate.number] for task in tasks if not board[task.candidate.number].out]
    stay = [] if part == 1 or not alive else survivors(alive, [one.result.standing for one in alive])
    for candidate in alive:
        if candidate not in stay:
            board[candidate.number] = replace(candidate, out=True)


def ranking(board: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that have a result, the best first; of equals the earlier one."""
    known = [candidate for candidate in board if math.isfinite(candidate.result.standing[0])]
    return sorted(known, key=lambda candidate: candidate.result.standing, reverse=True)


def train_here(plan: SearchPlan, split: Split) -> Board:
    """Search in this process, one candidate after the other; a budget in seconds does not count.

    >>> from mlcore import load_dataset, split_dataset
    >>> split = split_dataset(load_dataset("digits-8x8"), dev_size=200, train_size=200)
    >>> space = (Dimension("learning_rate", 1e-5, 1e-2),)
    >>> plan = SearchPlan(space, NetworkConfig(hidden_sizes=(8,)), kind="grid", runs=3)
    >>> ranking(train_here(plan, split))[0].values
    {'learning_rate': 0.01}
    """
    going, runs = search(plan, len(split.train)), dict[int, TrainingRun]()
    results: Results | None = None
    try:
        while True:
            _board, tasks = going.send(results)
            results = {task.candidate.number: _train(runs, task, split) for task in tasks} or None
    except StopIteration as end:
        board: Board = end.value
        return board


def _train(runs: dict[int, TrainingRun], task: Task, split: Split) -> Result:
    candidate = task.candidate
    run = runs.setdefault(candidate.number, TrainingRun(candidate.network, candidate.training))
    try:
        for _record in train(run, split, task.steps - run.step):
            pass
    except TrainingDiverged as error:
        return Result(None, str(error))
    return Result(run.best)
