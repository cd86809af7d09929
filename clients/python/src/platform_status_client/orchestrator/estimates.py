"""How long steps will take."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from laborchestrator.structures import ProcessStep

from .part import StatusDBPart
from .safely import safely
from .steps import planned_step

if TYPE_CHECKING:
    from ..models import Estimate, PlannedStep

# the maximum number of steps in one request
MOST_STEPS = 5000
# levels whose samples are from different protocols, or from moves between different places
MIXED_LEVELS = frozenset({'device_function', 'function', 'mover_destination'})


class EstimatesPart(StatusDBPart):
    def get_estimated_duration(self, step: ProcessStep, confidence: float = 0.95) -> float | None:
        """Seconds in which the step will end, with this confidence. None if no similar step was ever done."""
        return self.get_estimated_durations([step], confidence)[0]

    @safely(lambda steps, confidence=0.95: [None] * len(steps))
    def get_estimated_durations(self, steps: list[ProcessStep], confidence: float = 0.95) -> list[float | None]:
        """The same as `get_estimated_duration` for many steps, in order, with as few requests as possible."""
        ask = self._estimates if self.near_matches else self._estimates_of_the_same
        estimates: list[float | None] = [None] * len(steps)
        planned = iter([(index, plan) for index, step in enumerate(steps) if (plan := planned_step(step)) is not None])
        while batch := list(islice(planned, MOST_STEPS)):
            answers = ask([plan for _, plan in batch], confidence)
            for (index, _), answer in zip(batch, answers, strict=True):
                estimates[index] = answer and answer['duration_seconds']
        return estimates

    def _estimates(self, plans: list[PlannedStep], confidence: float) -> Sequence[Estimate | None]:
        return self.client.estimate_steps(steps=plans, confidence=confidence)['estimates']

    def _estimates_of_the_same(self, plans: list[PlannedStep], confidence: float) -> Sequence[Estimate | None]:
        """Uses only the same work. If there are too few samples for the confidence, uses the longest sample."""
        answers = self._estimates(plans, confidence)
        estimates = [None if answer is None or answer['level'] in MIXED_LEVELS else answer for answer in answers]
        few = [
            index for index, answer in enumerate(estimates) if answer is not None and answer['method'] == 'substitute'
        ]
        if few:
            longest = self.client.estimate_steps(steps=[plans[index] for index in few], statistic='max')['estimates']
            for index, answer in zip(few, longest, strict=True):
                estimates[index] = answer
        return estimates
