"""Tells the service what was seen of an orchestrator."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from laborchestrator.structures import ContainerInfo

from ..client import Client
from ..errors import Problem, StatusServiceError
from ..values import rfc3339
from .attempts import Report, Resolution, StateReport, StepReport
from .containers import find_container
from .keeper import Keeper
from .lids import LidMemory, lids_of
from .log import named
from .safely import safely

log = logging.getLogger('platform_status_client')

# more containers than any lab has on its platform
MOST_CONTAINERS = 10_000


class Reports:
    """Sends reports in order. What the service does not take is kept in the folder, and sent later, in order.

    Its spool is not the one of the database: what is told here must never delay what the orchestrator records, because
    the orchestrator chooses slots by that.
    """

    def __init__(self, client: Client, folder: Path, lids: LidMemory, session: str) -> None:
        self.client = client
        self._lids = lids
        self._session = session
        # the ids that containers had when they were found, for the time without service
        self._known: dict[tuple[str, str], str] = {}
        # nothing waits for it, and it is sent as soon as the service is back
        self.keeper = Keeper(self, folder, is_usual=True)
        self.keeper.start()

    def tell(self, report: Report) -> None:
        """Tells one report. Never raises."""
        try:
            if isinstance(report, StepReport):
                body = self._with_containers(report)
                if body is not None:
                    self.tell_step(body)
            elif isinstance(report, Resolution):
                self.tell_resolved(report.step_id)
            elif isinstance(report, StateReport):
                self.tell_state(report.experiment, report.state, rfc3339(report.at), self._session)
        except Exception:
            log.exception('%r could not be told', report)

    @safely(None, kept=True)
    def tell_step(self, body: dict[str, Any]) -> None:
        """Tells the start or the end of a step."""
        self.client.log_step(**body)

    @safely(None, kept=True)
    def tell_resolved(self, step: str) -> None:
        """Tells that a person resolved a failed step."""
        self.client.correct_step(step, status='aborted', reason='It was resolved by hand in the orchestrator.')

    @safely(None, kept=True)
    def tell_state(self, experiment: str, state: str, at: str, session: str) -> None:
        """Tells that an experiment runs, is paused, or is over."""
        try:
            if state == 'paused':
                self.client.pause_experiment(experiment, at=at)
            elif state == 'running':
                self._runs(experiment, at, session)
            else:
                self.client.update_experiment(experiment, status='completed' if state == 'completed' else 'aborted')
        except Problem as problem:
            if problem.code != 'illegal-transition':
                raise
            # somebody else ended it, or the orchestrator tells again what it told before
            log.warning('the experiment %s is not set to %s: %s', experiment, state, problem.detail)

    def _runs(self, experiment: str, at: str, session: str) -> None:
        present = self.client.get_experiment(experiment)
        if present['status'] == 'paused':
            self.client.resume_experiment(experiment, at=at)
        self.client.update_experiment(experiment, status='running', session=session)

    def _with_containers(self, report: StepReport) -> dict[str, Any] | None:
        """The step with its containers and their lid. None if it is the start of a step that was logged since."""
        attempt, body = report.attempt, dict(report.body)
        begins = body['status'] == 'running'
        found = [self._found(attempt.experiment, plate) for plate in report.plates]
        if begins and (attempt.step.finish is not None or attempt.step.start != attempt.start):
            # the containers may have been moved and their lids changed since; the end tells them
            return body
        # an unknown container is named at the end, when the orchestrator may have read its barcode
        pairs = list(zip(report.plates, found, strict=True))
        body['containers'] = [
            one.get('barcode') or one['id'] if one is not None else named(plate, None)
            for plate, one in pairs
            if one is not None or not begins
        ]
        only = found[0] if len(found) == 1 else None
        if body.get('kind') == 'move' and only is not None and 'device' in only:
            body.update(lids_of(attempt.step, only, self._lids, is_over=not begins))
        return body

    def _found(self, experiment: str, plate: ContainerInfo) -> dict[str, Any] | None:
        """The container, or only its id if the service does not answer. None if there is none."""
        key = (experiment, plate.name)
        try:
            found = find_container(self.client, plate)
        except StatusServiceError:
            known = self._known.get(key)
            return None if known is None else {'id': known}
        if found is None:
            return None
        self._known.pop(key, None)
        self._known[key] = found['id']
        if len(self._known) > MOST_CONTAINERS:
            del self._known[next(iter(self._known))]
        return dict(found)
