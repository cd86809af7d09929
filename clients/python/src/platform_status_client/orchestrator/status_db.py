"""The status database that laborchestrator asks and tells, kept by platform-status."""

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
from .runs import RunsPart
from .spool import spool_folder


class StatusDB(LabPart, MovesPart, RunsPart, LogPart, EstimatesPart, StatusDBInterface):
    """Implements laborchestrator's `StatusDBInterface` on the service at `url`; for any number of threads.

    What is called while steps run never raises: it logs (logger `platform_status_client`) and answers what is safest.
    Setting up a lab and adding processes and experiments raise, since somebody is there to see it.

    `is_simulation=True` marks every step as simulated: estimates leave those out.

    laborchestrator puts an estimate in the place of the duration that the author of a process wrote down. So estimates
    come from the same work alone, and none is longer than that ever took as long as it was done too seldom for the
    confidence asked. `near_matches=True` gives the service's own answers: bounds beyond the longest where samples are
    few, and what other programs of the same function took where there are none.

    Without `url` and `api_key`, PLATFORM_STATUS_URL and PLATFORM_STATUS_KEY say them.

    What the service does not take, because it does not answer or refuses the key, is kept in the folder `spool`
    (PLATFORM_STATUS_SPOOL, else one of the user's) and sent later, in order, also by the next process.

    Further arguments are the `Client`'s.
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

    def close(self) -> None:
        """Closes the connections that are not in use, and stops sending what was kept; the next process sends it."""
        self.keeper.spool.close()
        self.client.close()
