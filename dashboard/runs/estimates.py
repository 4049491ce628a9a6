"""How many seconds a run will take from its start to its end, judged by what earlier runs and trials took.

The run service answers `expect` with it, and notes with each new run what was promised.
"""

from collections.abc import Iterable
from dataclasses import replace

from dashboard.runs import worker
from dashboard.runs.run import Run
from dashboard.runs.scheduler import Scheduler
from dashboard.runs.trials import BEGIN_SECONDS, LEAST_TO_LEARN, Question, Trials, images_to_see
from mlcore import NetworkConfig, Split, TrainingConfig, settings_of


class Estimates:
    """What is known about the time of runs; only `seconds` is called without the service's lock.

    Parameters
    ----------
    trials : Trials
    scheduler : Scheduler
        Says whether a run that started now would be alone, and who shares its worker.
    """

    def __init__(self, trials: Trials, scheduler: Scheduler) -> None:
        self._trials, self._scheduler = trials, scheduler

    def question(self, split: Split, network: NetworkConfig, training: TrainingConfig) -> Question:
        """Return what is asked about a run that would start now."""
        shape, n_classes = split.train.image_shape, len(split.train.class_names)
        timed = _as_timed(training, len(split.train))
        return Question(network, timed, shape, n_classes, self._scheduler.rests)

    def seconds(self, question: Question, training: TrainingConfig, split: Split, load: float) -> float:
        """Return how long the run would take, by a trial where that is quick.

        Parameters
        ----------
        load : float
            How many runs would share its worker; see `Scheduler.load`.

        Raises
        ------
        RunError
            When the workers do not answer.
        """
        return _whole_run(self._trials.seconds(question), training, split, load)

    def promise(self, question: Question, training: TrainingConfig, split: Split) -> float | None:
        """Return what `seconds` would say now, as far as it is known without a trial."""
        seconds = self._trials.guess(question)
        return None if seconds is None else _whole_run(seconds, training, split, self._scheduler.load)

    def learn(self, runs: Iterable[Run]) -> None:
        """Learn from the runs that have ended how long an image takes."""
        for run in runs:
            self.learn_from(run)

    def learn_from(self, run: Run) -> None:
        """Learn from one run, once, when it has ended and trained long enough to tell."""
        question, run.question = run.question, None if not run.live else run.question
        if run.live or question is None or not run.progress.step or run.seconds_trained < LEAST_TO_LEARN:
            return
        so_far = replace(run.training, iterations=run.progress.step)
        images = images_to_see(so_far, run.data.n_train, run.data.n_dev)
        self._trials.learn(question, run.seconds_trained / images)


def _whole_run(an_image: float, training: TrainingConfig, split: Split, load: float) -> float:
    """Return the seconds of a run, by those of an image and by how many runs share a worker with it."""
    return BEGIN_SECONDS + load * an_image * images_to_see(training, len(split.train), len(split.dev))


def _as_timed(training: TrainingConfig, n_train: int) -> TrainingConfig:
    """Return the config with everything at its default that does not change how long an image takes."""
    usual = TrainingConfig()
    timeless = [name for name, about in settings_of(training).items() if not about.changes_step_time]
    return replace(
        training,
        batch_size=min(training.images_per_step(n_train), worker.TRIAL_IMAGES),
        weight_decay=float(training.weight_decay > 0),
        **{name: getattr(usual, name) for name in timeless},
    )
