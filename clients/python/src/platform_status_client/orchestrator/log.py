"""Logs steps."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from laborchestrator.structures import ContainerInfo, ProcessStep

from ..errors import Problem
from .containers import find_container
from .lids import lids_of
from .part import StatusDBPart
from .readable import barcode_name_of
from .safely import safely
from .steps import ended_as, logged_step, was_set_back

if TYPE_CHECKING:
    from ..models import Container, StepCreate, StepEnding

log = logging.getLogger('platform_status_client')


class LogPart(StatusDBPart):
    @safely(None, kept=True)
    def safe_step_to_db(self, step: ProcessStep, container_info: ContainerInfo | None, experiment_uuid: str) -> None:
        """Logs a finished step. Calls for several containers of the same step make one step."""
        found = None if container_info is None else find_container(self.client, container_info)
        names = [] if container_info is None else [named(container_info, found)]
        made = logged_step(step, '' if experiment_uuid is None else str(experiment_uuid), names, self.is_simulation)
        if made is None:
            log.warning('safe_step_to_db: %s was not logged, because it has no device or has not finished', step.name)
            return
        made = cast('StepCreate', {**made, **self.told_at_start(made.get('id'))})
        # a step has one lid state, so it is set only for steps with one container
        if made.get('kind') == 'move' and len(step.cont_names) <= 1 and container_info is not None:
            plate = found or {'id': '', 'lidded': bool(container_info.lidded)}
            made = cast('StepCreate', {**made, **lids_of(step, plate, self.lids, is_over=True)})
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


def named(info: ContainerInfo, found: Container | None) -> str:
    """The name under which a step is told of a container."""
    if found is None:
        return barcode_name_of(info.barcode or info.name)
    return found['barcode'] or found['id']
