"""The log of steps."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from laborchestrator.structures import ContainerInfo, ProcessStep

from .connected import Connected
from .containers import meant
from .readable import name_of
from .safely import safely
from .steps import logged_step, started_before

if TYPE_CHECKING:
    from ..models import Container, StepCreate

log = logging.getLogger('platform_status_client')


class LogPart(Connected):
    @safely(None, kept=True)
    def safe_step_to_db(self, step: ProcessStep, container_info: ContainerInfo | None, experiment_uuid: str) -> None:
        """Logs a finished step. Reported once per container it is one step that involved them all."""
        found = None if container_info is None else meant(self.client, container_info)
        named = [] if container_info is None else [_named(container_info, found)]
        made = logged_step(step, '' if experiment_uuid is None else str(experiment_uuid), named, self.is_simulation)
        if made is None:
            log.warning('safe_step_to_db: %s has no device, or is not over', step.name)
            return
        # of several containers each has a lid of its own, and a step but one
        if made.get('kind') == 'move' and len(step.cont_names) <= 1 and container_info is not None:
            self._tell_lids(made, step, container_info, found)
        self.client.log_step(**made)

    def _tell_lids(self, made: StepCreate, step: ProcessStep, info: ContainerInfo, found: Container | None) -> None:
        after = bool(info.lidded) if found is None else found['lidded']
        made['lidded_after'] = after
        last = None if found is None else self.lids.last(found['id'])
        if last is not None and started_before(step, last[0]):
            made['lidded_before'] = last[1]
        elif not (isinstance(step.data, dict) and 'lidded' in step.data):
            # a move that does nothing to the lid
            made['lidded_before'] = after


def _named(info: ContainerInfo, found: Container | None) -> str:
    if found is None:
        return name_of(info.barcode or info.name)
    return found['barcode'] or found['id']
