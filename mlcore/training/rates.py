"""The learning rate of each step: a schedule, and what was set by hand on the way.

`TrainingRun` has one `RatePlan`, replaces it when `change` is called, and keeps it in its checkpoint.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from mlcore.config import TrainingConfig
from mlcore.formulas.schedules import SCHEDULES


@dataclass(frozen=True)
class RatePlan:
    """What a schedule's factor is multiplied by, and what the rate never rises above.

    The ceiling is there once a rate was set, or a length changed, on the way (`TrainingRun.change`).
    """

    base: float
    ceiling: float = math.inf

    def rate(self, config: TrainingConfig, step: float, total_steps: int) -> float:
        """Return the rate of a step; after the last one, the rate of the last."""
        return min(self.base * _factor(config, step, total_steps), self.ceiling)

    def limited(self, config: TrainingConfig, step: int, total_steps: int) -> RatePlan:
        """Return the plan with a ceiling: the highest rate that would still be reached from this step on."""
        highest = max(step, SCHEDULES[config.schedule].peak(config.warmup) * total_steps)
        return dataclasses.replace(self, ceiling=self.rate(config, highest, total_steps))

    @classmethod
    def from_here(cls, rate: float, config: TrainingConfig, step: int, total_steps: int) -> RatePlan:
        """Return the plan of a schedule on its way: this is the next rate, and no later one is higher."""
        return cls(rate / _factor(config, step, total_steps), rate)


def _factor(config: TrainingConfig, step: float, total_steps: int) -> float:
    return SCHEDULES[config.schedule].factor(min(step, total_steps - 1), total_steps, config.warmup)
