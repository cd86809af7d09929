"""The status database of laborchestrator, on top of platform-status."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from laborchestrator.database_integration import StatusDBInterface
from laborchestrator.structures import ContainerInfo, ProcessStep

from ..client import Client
from ..settings import service_url
from .estimates import EstimatesPart
from .keeper import Keeper
from .lab import LabPart
from .log import LogPart
from .moves import MovesPart
from .orchestrator_watch import OrchestratorWatch
from .processes import ProcessesPart
from .readable import name_of
from .spool import spool_folder

log = logging.getLogger('platform_status_client')

# of what a watch asks and tells: it is repeated or kept on disk, and nobody waits for it
WATCH_TIMEOUT = 5.0
# Without an answer about slots a plate would be moved to no slot. So these reads wait until the service is back.
PATIENCE = 600.0
PARTS = ('jssp', 'worker', 'schedule_manager')


class StatusDB(LabPart, MovesPart, ProcessesPart, LogPart, EstimatesPart, StatusDBInterface):
    """Implements `StatusDBInterface` of laborchestrator with the service at `url`. Any number of threads may use it.

    Methods that laborchestrator calls while steps run never raise. They log the error (logger `platform_status_client`)
    and return a safe value. Methods that set up a lab, or add processes and experiments, raise errors, because a person
    sees them.

    `is_simulation=True` marks every step as simulated. Estimates do not use simulated steps.

    laborchestrator replaces the planned duration of a step by the estimate. So estimates use only the same work. If
    there are too few samples for the confidence, the estimate is the longest sample. `near_matches=True` returns the
    estimates of the service unchanged: with few samples they may be longer than the longest sample, and without samples
    they use other protocols of the same function.

    Without `url` and `api_key`, PLATFORM_STATUS_URL and PLATFORM_STATUS_KEY say them.

    What the service does not take, because it does not answer or refuses the key, is kept in the folder `spool`
    (PLATFORM_STATUS_SPOOL, else one of the user's) and sent later, in order, also by the next process. Without an
    answer, reads about slots wait for ten minutes, other calls for half a minute; `retry_for` is for both.

    Further arguments are those of `Client`.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        spool: str | Path | None = None,
        is_simulation: bool = False,
        near_matches: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            Client(url, api_key, **options),
            Client(url, api_key, **{'retry_for': PATIENCE, **options}),
            is_simulation=is_simulation,
            near_matches=near_matches,
        )
        impatient = {**options, 'retry_for': 0, 'read_timeout': WATCH_TIMEOUT}
        self._impatient: Callable[[], Client] = lambda: Client(url, api_key, **impatient)
        self.keeper = Keeper(self, Path(spool) if spool is not None else spool_folder(service_url(url)))
        self.keeper.start()

    def watch(self, orchestrator: Any, *, name: str | None = None, replan: bool = False) -> None:
        """Tells the service what a laborchestrator does, as it happens: steps that start, fail, are repeated or
        interrupted, and processes that run, are paused, finished or removed. Call it once, after `inject_db_interface`.

        `name` is the name of the orchestrator, by default that of this machine. If several run here, each needs a name
        of its own: two with the same name take each other for dead. An orchestrator that is started again must have
        the name of before. Without signs of life for a minute, its running steps become `lost`.

        `replan=True` also changes the plan of the orchestrator: a step that is late gets the duration that the service
        expects, and the orchestrator schedules again once, not every few seconds.

        Threads of its own do all of this. Nothing is raised or waits in the threads of the orchestrator. What the
        service does not take is kept in the spool.
        """
        absent = [part for part in PARTS if not hasattr(orchestrator, part)]
        if absent:
            raise TypeError(f'watch() needs an orchestrator; {type(orchestrator).__name__} has no {", ".join(absent)}')
        if any(watch.orchestrator is orchestrator for watch in self.watches):
            log.warning('watch: this orchestrator is watched already')
            return
        self.watches.append(
            OrchestratorWatch(
                orchestrator,
                self._impatient(),
                self.keeper.spool.folder / 'watch',
                self.lids,
                name=name_of(name or socket.gethostname()),
                replan=replan,
                is_simulation=self.is_simulation,
            )
        )

    def settle(self, seconds: float) -> None:
        """Waits before a read until the service knows what was recorded. Raises Unreachable if it does not."""
        self.keeper.settle(seconds)

    def safe_step_to_db(self, step: ProcessStep, container_info: ContainerInfo | None, experiment_uuid: str) -> None:
        """Logs a finished step. Calls for several containers of the same step make one step."""
        for watch in self.watches:
            watch.logged(step, experiment_uuid)
        super().safe_step_to_db(step, container_info, experiment_uuid)

    def close(self) -> None:
        """Closes the connections that are not in use, and stops sending what was kept; the next process sends it."""
        for watch in self.watches:
            watch.close()
        self.keeper.spool.close()
        self.patient.close()
        self.client.close()
