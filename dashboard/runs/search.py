"""Searches for good settings: each is driven by a thread of its own, which has the run service train.

The pages start, watch and stop them. Which candidates train how far is decided by `mlcore.search`, from
results alone, so the number of workers changes nothing. It knows no Streamlit.
"""

import logging
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from dashboard.runs.kept_search import (
    INTERRUPTED,
    board_of,
    known_results,
    link_of,
    plan_of,
    words_of_board,
    words_of_link,
    words_of_plan,
)
from dashboard.runs.place import NOWHERE, Place
from dashboard.runs.service import RunService
from dashboard.runs.status import DataFacts, NoMemoryNow, NotWritten, RunError, RunStatus
from dashboard.settings_link import SettingsLink
from mlcore import EpochMetrics, Split
from mlcore.errors import DigitLabError
from mlcore.language import N_, _
from mlcore.search.importance import Effect, effects
from mlcore.search.search import Board, Candidate, Result, Results, SearchPlan, Task, ranking, search

_log = logging.getLogger(__name__)

SearchState: TypeAlias = Literal["running", "finished", "stopped", "failed"]
RowState: TypeAlias = Literal["waiting", "training", "out", "finished", "failed"]

ROW_LABELS: dict[RowState, str] = {
    "waiting": N_("Waiting"),
    "training": N_("Training"),
    "out": N_("Stopped early"),
    "finished": N_("Finished"),
    "failed": N_("Failed"),
}

KEPT_RUNS = 3
"""The best runs of a search, which stay with their models; of the others, the results stay."""

KEPT_SEARCHES = 100
"""Searches of all visitors whose results stay; the oldest that have ended go first."""

TRIES = 3
"""How often a run is continued whose worker has ended."""

MOST_RESTARTS = 3
"""How often a search continues after a restart without a comparison in between: it may be what ends them."""

WAIT_FOR_MEMORY = 60.0
"""Seconds that a search waits for memory while none of its runs trains."""

BROKEN = N_("The search ended because of an error on our side. What it had found until then is below.")
CONTINUED = N_(
    "The server was restarted during this search. It continued where it was, and finds the same as without "
    "the restart."
)
NOTHING_VARIES = N_(
    "None of the settings to vary has an effect under the settings of the page Network. Choose another one."
)
ALL_TRIED = N_("There are only {n} different runs among these settings, and all of them were tried.")
OVER_TIME = N_("The search ended after the round in which its time ran out.")


@dataclass(frozen=True)
class Row:
    """A candidate as the board shows it.

    Attributes
    ----------
    candidate : Candidate
    state : str
        A key of `ROW_LABELS`.
    best : EpochMetrics or None
        Its best measurement so far, also while it trains.
    epoch : float
        How far it has trained.
    problem : str
        Why it failed, as a sentence.
    run_id : str or None
        Its run, where the visitor has it.
    """

    candidate: Candidate
    state: RowState
    best: EpochMetrics | None
    epoch: float
    problem: str
    run_id: str | None


@dataclass(frozen=True)
class SearchStatus:
    """A search at one moment.

    Attributes
    ----------
    search_id : str
    state : str
    message : str
        A sentence for the visitor, when there is something to say.
    plan : SearchPlan
    data : DataFacts
    rows : tuple of Row
        All candidates so far, the best first; those without a result last.
    seconds : float
        Since it began, or that it took.
    effects : tuple of Effect
        Which setting mattered, as far as that can be said.
    """

    search_id: str
    state: SearchState
    message: str
    plan: SearchPlan
    data: DataFacts
    rows: tuple[Row, ...]
    seconds: float
    effects: tuple[Effect, ...]

    @property
    def live(self) -> bool:
        """Whether it still tries candidates."""
        return self.state == "running"

    @property
    def best(self) -> Candidate | None:
        """The best candidate so far."""
        ranked = ranking([row.candidate for row in self.rows])
        return ranked[0] if ranked else None


class _Stopped(Exception):
    """The search is to end."""


@dataclass(eq=False)
class _Search:
    """A search as its thread sees it; other threads read it, and write ``is_wanted`` alone.

    Attributes
    ----------
    known : mapping of int to Candidate
        What was compared before the last restart of the server.
    restarts : int
        How often the server was restarted since the last comparison.
    """

    search_id: str
    owner: str
    claim: str
    plan: SearchPlan
    split: Split | None
    data: DataFacts
    link: SettingsLink | None
    name: str
    began: float
    ended: float | None = None
    state: SearchState = "running"
    message: str = ""
    is_wanted: bool = True
    board: Board = ()
    effects: tuple[Effect, ...] = ()
    run_ids: dict[int, str] = field(default_factory=dict)
    training: frozenset[int] = frozenset()
    kept: dict[int, str] = field(default_factory=dict)
    known: Mapping[int, Candidate] = field(default_factory=dict)
    restarts: int = 0


class Searches:
    """All searches of a server; safe to use from any thread.

    Parameters
    ----------
    service : RunService
        Trains the candidates.
    clock : callable
        Seconds.
    """

    def __init__(self, service: RunService, clock: Callable[[], float] = time.monotonic) -> None:
        self._service, self._runs, self._clock = service, service.of_searches, clock
        self._lock = threading.Lock()
        self._searches: dict[str, _Search] = {}
        self._recover()

    # ---- what the pages ask for --------------------------------------------------------------------------

    def start(
        self,
        owner: str,
        split: Split,
        plan: SearchPlan,
        place: Place = NOWHERE,
        link: SettingsLink | None = None,
        name: str = "{n}",
    ) -> str:
        """Start a search and return its id; an older one of this owner that has ended is forgotten.

        Parameters
        ----------
        link : SettingsLink, optional
            Gives what `RunStatus.link` says of each run.
        name : str
            What a run is called that is kept: ``{n}`` is the candidate's number.

        Raises
        ------
        RunError
            When one is running already, there is no dev set, no place for one more run, nothing to vary
            that has an effect, or no way to write files.
        """
        if not plan.varied:
            raise RunError(_(NOTHING_VARIES))
        if not len(split.dev):
            raise RunError(
                _(
                    "A search compares runs by their accuracy on the dev set, and there is no dev set. Set "
                    "its size on Data."
                )
            )
        with self._lock:
            before = self._newest(owner)
            if before is not None and before.state == "running":
                raise RunError(_("Your last search is not finished. Stop it first."))
            claim = self._runs.claim(owner, place)
            made = _Search(
                secrets.token_hex(16),
                owner,
                claim,
                plan,
                split,
                DataFacts.of(split),
                link,
                name,
                self._clock(),
            )
            self._searches[made.search_id] = made
        try:
            self._begin_first(made)
        except RunError:
            self._runs.give_up(claim)
            self._drop_search(made)
            raise
        if before is not None:
            self._drop_search(before)
        with self._lock:
            self._forget_oldest()
        self._set_going(made)
        return made.search_id

    def _drop_search(self, one: _Search) -> None:
        with self._lock:
            self._searches.pop(one.search_id, None)

    def _begin_first(self, one: _Search) -> None:
        """Start the first run at once: the data are kept with it, so the search outlives the server."""
        assert one.split is not None
        one.board, tasks = next(search(one.plan, len(one.split.train)))
        if tasks:
            self._begin(one, tasks[0], is_hungry=False)  # what is wrong with it comes again with its turn

    def _set_going(self, one: _Search) -> None:
        threading.Thread(target=self._drive, args=(one,), name="search", daemon=True).start()

    def newest(self, owner: str) -> SearchStatus | None:
        """Return how an owner's search stands; None when there is none."""
        with self._lock:
            found = self._newest(owner)
        return None if found is None else self._status(found)

    def stop(self, search_id: str, owner: str) -> None:
        """End a search; what it has found stays."""
        with self._lock:
            found = self._searches.get(search_id)
        if found is not None and found.owner == owner:
            found.is_wanted = False
            self._service.wait_for(lambda: found.state != "running", 1.0)

    def forget(self, owner: str) -> None:
        """End and forget all searches of an owner."""
        with self._lock:
            for found in [one for one in self._searches.values() if one.owner == owner]:
                found.is_wanted = False
                del self._searches[found.search_id]

    def _newest(self, owner: str) -> _Search | None:
        mine = [one for one in self._searches.values() if one.owner == owner]
        return mine[-1] if mine else None

    def _forget_oldest(self) -> None:
        ended = [one for one in self._searches.values() if one.state != "running"]
        for one in ended[: max(0, len(self._searches) - KEPT_SEARCHES)]:
            del self._searches[one.search_id]

    # ---- what they see -----------------------------------------------------------------------------------

    def _status(self, one: _Search) -> SearchStatus:
        board, until = one.board, self._clock() if one.ended is None else one.ended
        ranked = ranking(board)
        known = {candidate.number for candidate in ranked}
        rest = [candidate for candidate in board if candidate.number not in known]
        return SearchStatus(
            search_id=one.search_id,
            state=one.state,
            message=one.message,
            plan=one.plan,
            data=one.data,
            rows=tuple(self._row(one, candidate) for candidate in (*ranked, *rest)),
            seconds=until - one.began,
            effects=one.effects,
        )

    def _row(self, one: _Search, candidate: Candidate) -> Row:
        number, result = candidate.number, candidate.result
        run_id, best = one.run_ids.get(number), result.best  # its thread may have dropped the run just now
        epoch = 0.0 if best is None else candidate.fraction * candidate.training.epochs
        state: RowState = "waiting"
        if result.problem:
            state = "failed"
        elif candidate.out:
            state = "finished" if candidate.fraction == 1 else "out"
        elif number in one.training and run_id is not None:
            state = "training"
            with suppress(RunError):
                progress = self._service.status(run_id).progress
                best, epoch = progress.best or best, progress.epoch
        return Row(candidate, state, best, epoch, result.problem, one.kept.get(number))

    # ---- the thread of a search --------------------------------------------------------------------------

    def _drive(self, one: _Search) -> None:
        state: SearchState = "failed"
        try:
            self._go(one)
            state = "finished"
        except _Stopped:
            state = "stopped"
        except DigitLabError as error:
            one.message = str(error)
        except Exception:
            _log.exception("A search failed")
            one.message = _(BROKEN)
        finally:
            one.training, one.split = frozenset(), None
            if not self._service.is_closed:  # the next server does it
                self._hand_over(one)
                with suppress(DigitLabError):
                    self._runs.give_up(one.claim)
            one.ended, one.state = self._clock(), state
            self._keep(one)

    def _go(self, one: _Search) -> None:
        assert one.split is not None
        going, results = search(one.plan, len(one.split.train)), None
        seconds = one.plan.seconds
        while True:
            try:
                board, tasks = going.send(results)
            except StopIteration as end:
                one.board = end.value
                if len(one.board) < one.plan.runs:
                    one.message = _(ALL_TRIED).format(n=len(one.board))
                break
            results = known_results(one.known, tasks)
            if results is not None or (not tasks and len(board) < len(one.known)):
                continue  # as before the restart
            one.board = board
            self._drop(one)
            self._keep(one)
            if tasks:
                results = self._train(one, tasks)
                one.restarts = 0
                continue
            one.effects = tuple(effects(one.plan.varied, one.board))
            if seconds is not None and self._clock() - one.began >= seconds:
                if len(one.board) < one.plan.runs:
                    one.message = _(OVER_TIME)
                break

    def _train(self, one: _Search, tasks: list[Task]) -> Results:
        """Train candidates, as many at a time as there are workers."""
        waiting, going, results = deque(tasks), dict[int, Task](), dict[int, Result]()
        tries: Counter[int] = Counter()
        fed_at = self._clock()
        while waiting or going:
            while waiting and len(going) < self._service.workers:
                task, is_hungry = waiting[0], not going and self._clock() - fed_at >= WAIT_FOR_MEMORY
                problem = self._begin(one, task, is_hungry)
                if problem is None:  # there is no memory now
                    break
                waiting.popleft()
                if problem:
                    results[task.candidate.number] = Result(None, problem)
                else:
                    going[task.candidate.number], fed_at = task, self._clock()
            one.training = frozenset(going)
            self._wait(one)
            for number in [number for number in going if self._service.rests(one.run_ids[number])]:
                status, task = self._service.status(one.run_ids[number]), going[number]
                tries[number] += 1
                is_lost = status.state == "failed" or _is_behind(status, task)
                if is_lost and tries[number] < TRIES:
                    self._runs.train_on(status.run_id, one.claim, task.steps)
                else:
                    results[number] = _result(status, going.pop(number))
        return results

    def _begin(self, one: _Search, task: Task, is_hungry: bool) -> str | None:
        """Have a candidate trained; return why it cannot be, or None when there is no memory for it now.

        Raises
        ------
        NotWritten
            When its files cannot be written: that is no fault of the candidate's, so the search ends.
        """
        try:
            self._send(one, task)
        except NotWritten:
            raise
        except NoMemoryNow as error:
            return str(error) if is_hungry else None
        except DigitLabError as error:
            return str(error)
        return ""

    def _send(self, one: _Search, task: Task) -> None:
        candidate, run_id = task.candidate, one.run_ids.get(task.candidate.number)
        if run_id is None:
            assert one.split is not None
            one.run_ids[candidate.number] = self._service.start(
                one.claim,
                one.split,
                candidate.network,
                candidate.training,
                link=None if one.link is None else one.link.to(candidate.network, candidate.training),
                until=task.steps,
            )
            self._keep(one)  # the next server finds the run
            return
        state = self._service.status(run_id).state
        if state not in ("queued", "running", "finished"):  # it may have stopped early by its patience
            self._runs.train_on(run_id, one.claim, task.steps)

    def _wait(self, one: _Search) -> None:
        """Wait until a run of a search rests; it may have to end meanwhile."""

        def is_over() -> bool:
            return not (one.is_wanted and self._runs.holds(one.claim))

        def is_news() -> bool:
            return is_over() or any(self._service.rests(one.run_ids[number]) for number in one.training)

        self._service.wait_for(is_news, 1.0)
        if is_over():
            raise _Stopped

    # ---- over a restart of the server ----------------------------------------------------------------------

    def _keep(self, one: _Search) -> None:
        """Keep what a search has found; one that is forgotten stays so."""
        with self._lock:
            if one.search_id not in self._searches or self._service.is_closed:
                return
            about = {
                "search_id": one.search_id,
                "claim": one.claim,
                "plan": words_of_plan(one.plan),
                "data": vars(one.data),
                "name": one.name,
                "seconds": (self._clock() if one.ended is None else one.ended) - one.began,
                "state": one.state,
                "message": one.message,
                "board": words_of_board(one.board),
                "run_ids": one.run_ids,
                "kept": one.kept,
                "link": words_of_link(one.link),
                "restarts": one.restarts,
            }
            self._runs.keep(one.owner, about)

    def _recover(self) -> None:
        """Find the searches of the last server again, and continue those that had not ended."""
        going = []
        for owner, about in self._runs.kept():
            try:
                one = _found_again(owner, about)
            except (KeyError, TypeError, ValueError, DigitLabError):
                _log.exception("A kept search could not be read")
                continue
            self._searches[one.search_id] = one
            if one.state == "running" and self._take_up(one):
                going.append(one)
            elif one.state == "running":
                one.state, one.message = "stopped", _(INTERRUPTED)
                self._hand_over(one)
                self._keep(one)
        self._runs.remove_claimed(spared=[one.claim for one in going])
        for one in going:
            self._set_going(one)

    def _take_up(self, one: _Search) -> bool:
        """Make a search ready to be continued; return whether it can be.

        Its data are those of its runs. What is left of them was trained up to the last comparison or saved
        on the way, and trains on from there; what is lost trains once more, to the same end.
        """
        found = dict[int, str]()
        for number, run_id in one.run_ids.items():
            with suppress(RunError):  # it is gone, or of another version
                split = self._service.split(run_id)
                one.split, found[number] = one.split or split, run_id
        if one.split is None or one.restarts >= MOST_RESTARTS:
            return False
        one.run_ids, one.restarts = found, one.restarts + 1
        one.known = {candidate.number: candidate for candidate in one.board}
        one.is_wanted, one.began, one.ended = True, one.began + self._clock(), None
        one.message = _(CONTINUED)
        self._runs.claim_again(one.claim, one.owner)
        self._keep(one)
        return True

    def _drop(self, one: _Search) -> None:
        """Delete the runs that are out and not among the best."""
        best = {candidate.number for candidate in ranking(one.board)[:KEPT_RUNS]}
        for candidate in one.board:
            if candidate.out and candidate.number not in best and candidate.number in one.run_ids:
                with suppress(RunError):
                    self._service.delete(one.run_ids.pop(candidate.number), one.claim)

    def _hand_over(self, one: _Search) -> None:
        """Give the best runs to the visitor, the best one last: it is the newest in a list."""
        for candidate in reversed(ranking(one.board)[:KEPT_RUNS]):
            run_id = one.run_ids.get(candidate.number)
            if run_id is not None:
                with suppress(DigitLabError):  # it is gone, or still trains
                    self._runs.hand_over(run_id, one.claim, one.owner, one.name.format(n=candidate.number))
                    one.kept[candidate.number] = run_id


def _is_behind(status: RunStatus, task: Task) -> bool:
    """Return whether a run was stopped before it was far enough, or lost its last steps with its worker."""
    return status.state == "stopped" and status.progress.step < task.steps


def _result(status: RunStatus, task: Task) -> Result:
    """Return what a run that rests has shown; it was stopped from outside when it is not far enough."""
    if status.state in ("diverged", "failed"):
        return Result(None, status.message)
    if _is_behind(status, task):
        raise _Stopped
    return Result(status.progress.best)


def _found_again(owner: str, about: Mapping[str, Any]) -> _Search:
    """Return the search that `Searches` kept, at rest."""
    plan = plan_of(about["plan"])
    board = board_of(about["board"], plan)
    return _Search(
        about["search_id"],
        owner,
        about["claim"],
        plan,
        None,
        DataFacts(**about["data"]),
        link_of(about.get("link")),
        about["name"],
        began=-about["seconds"],
        ended=0.0,
        state=about["state"],
        message=about["message"],
        is_wanted=False,
        board=board,
        effects=tuple(effects(plan.varied, board)),
        run_ids={int(number): run_id for number, run_id in about["run_ids"].items()},
        kept={int(number): run_id for number, run_id in about["kept"].items()},
        restarts=about.get("restarts", 0),
    )
