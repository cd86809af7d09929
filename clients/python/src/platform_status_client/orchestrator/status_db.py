"""The status database of laborchestrator, on top of platform-status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from laborchestrator.database_integration import StatusDBInterface

from ..client import Client
from ..settings import service_url
from .estimates import EstimatesPart
from .keeper import Keeper
from .lab import LabPart
from .log import LogPart
from .moves import MovesPart
from .processes import ProcessesPart
from .spool import spool_folder


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
    (PLATFORM_STATUS_SPOOL, else one of the user's) and sent later, in order, also by the next process.

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
        super().__init__(Client(url, api_key, **options), is_simulation=is_simulation, near_matches=near_matches)
        self.keeper = Keeper(self, Path(spool) if spool is not None else spool_folder(service_url(url)))
        self.keeper.start()

    def close(self) -> None:
        """Closes the connections that are not in use, and stops sending what was kept; the next process sends it."""
        self.keeper.spool.close()
        self.client.close()
