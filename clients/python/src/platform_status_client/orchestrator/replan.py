"""Tells the scheduler of an orchestrator how long steps that are late will still take."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from laborchestrator.structures import ProcessStep, StepStatus

from ..client import Client
from ..errors import StatusServiceError
from ..values import in_utc
from .attempts import Attempt

log = logging.getLogger('platform_status_client')

# laborchestrator schedules again by itself, a few seconds more each time, when a step is more than a second late
LATE = 0.5
# each new plan is longer by this at least, so that a step that hangs causes few of them
GROWTH, LONGER = 1.25, 2.0


class Replan:
    """Lengthens the planned duration of late steps, and makes the schedule invalid, once for all of them."""

    def __init__(self, orchestrator: Any, client: Client) -> None:
        self._orchestrator = orchestrator
        self._client = client

    def replan(self, running: list[Attempt], now: datetime) -> None:
        """Never raises. If the service does not answer, the orchestrator goes on by itself."""
        try:
            late = [attempt for attempt in running if _elapsed(attempt, now) >= attempt.step.duration + LATE]
            if not late:
                return
            seconds = self._remaining([attempt.id for attempt in late])
            planned = [self._lengthen(attempt, seconds[attempt.id], now) for attempt in late if attempt.id in seconds]
            if any(planned):
                self._orchestrator.schedule_manager.mark_schedule_invalid()
        except StatusServiceError as error:
            log.info('the remaining time of late steps is not known: %s', error)
        except Exception:
            log.exception('late steps could not be planned again')

    def _remaining(self, ids: list[str]) -> dict[str, float | None]:
        answer = self._client.estimate_remaining(step_ids=ids)
        return {item['step_id']: item['remaining_seconds'] for item in answer['items']}

    def _lengthen(self, attempt: Attempt, remaining: float | None, now: datetime) -> bool:
        """Sets the planned duration. False if the step has ended by now."""
        step, planned = attempt.step, attempt.step.duration
        # longer than all that is known: nobody knows how long
        wanted = 2 * planned if remaining is None else _elapsed(attempt, now) + remaining
        if not _goes_on(attempt, step):
            return False
        step.duration = max(wanted, GROWTH * planned, planned + LONGER)
        if not _goes_on(attempt, step):
            # it ended in this moment, and laborchestrator set its real duration
            if step.start == attempt.start and step.finish is not None:
                step.duration = (in_utc(step.finish) - in_utc(step.start)).total_seconds()
            return False
        log.info('%s is late; it is planned with %.1f s instead of %.1f s', step.name, step.duration, planned)
        return True


def _goes_on(attempt: Attempt, step: ProcessStep) -> bool:
    return step.start == attempt.start and step.finish is None and step.status == StepStatus.RUNNING


def _elapsed(attempt: Attempt, now: datetime) -> float:
    return (in_utc(now) - in_utc(attempt.start)).total_seconds()
