"""Logs steps."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from laborchestrator.structures import ContainerInfo, ProcessStep

from ..errors import Problem
from .containers import find_container
from .part import StatusDBPart
from .readable import name_of
from .safely import safely
from .steps import ended_as, logged_step, started_before, was_set_back

if TYPE_CHECKING:
    from ..models import Container, StepCreate, StepEnding

log = logging.getLogger('platform_status_client')


class LogPart(StatusDBPart):
    @safely(None, kept=True)
    def safe_step_to_db(self, step: ProcessStep, container_info: ContainerInfo | None, experiment_uuid: str) -> None:
        """Logs a finished step. Calls for several containers of the same step make one step."""
        found = None if container_info is None else find_container(self.client, container_info)
        named = [] if container_info is None else [_named(container_info, found)]
        made = logged_step(step, '' if experiment_uuid is None else str(experiment_uuid), named, self.is_simulation)
        if made is None:
            log.warning('safe_step_to_db: %s was not logged, because it has no device or has not finished', step.name)
            return
        # a step has one lid state, so it is set only for steps with one container
        if made.get('kind') == 'move' and len(step.cont_names) <= 1 and container_info is not None:
            self._tell_lids(made, step, container_info, found)
        ending, unknown = ended_as(step.status)
        if unknown is not None:
            log.warning('safe_step_to_db: the status %r of %s is not known', unknown, step.name)
        if was_set_back(step):
            self._log_skewed(made, step, ending)
        else:
            self.client.log_step(**made)

    def _log_skewed(self, made: StepCreate, step: ProcessStep, ending: StepEnding) -> None:
        """Logs a step that is said to have ended before it began, as one that runs and then ends.

        The service takes it so, and does not learn from it.
        """
        log.warning('safe_step_to_db: %s ended before it began; the clock was set back', step.name)
        made['finish'] = made['status'] = None
        logged = self.client.log_step(**made)
        try:
            self.client.finish_step(logged['id'], finish=step.finish, status=ending)
        except Problem as problem:
            # told before, for another container of the step
            if problem.code != 'step-ended':
                raise

    def _tell_lids(self, made: StepCreate, step: ProcessStep, info: ContainerInfo, found: Container | None) -> None:
        after = bool(info.lidded) if found is None else found['lidded']
        made['lidded_after'] = after
        last = None if found is None else self.lids.last_change(found['id'])
        if last is not None and started_before(step, last[0]):
            made['lidded_before'] = last[1]
        elif not (isinstance(step.data, dict) and 'lidded' in step.data):
            # a move that does not change the lid
            made['lidded_before'] = after


def _named(info: ContainerInfo, found: Container | None) -> str:
    if found is None:
        return name_of(info.barcode or info.name)
    return found['barcode'] or found['id']
