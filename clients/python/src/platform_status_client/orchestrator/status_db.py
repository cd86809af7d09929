"""The status database of laborchestrator, on top of platform-status."""

from __future__ import annotations

from typing import Any

from laborchestrator.database_integration import StatusDBInterface

from ..client import Client
from .estimates import EstimatesPart
from .lab import LabPart
from .log import LogPart
from .moves import MovesPart
from .processes import ProcessesPart


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

    Further arguments are those of `Client`.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        is_simulation: bool = False,
        near_matches: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(Client(url, api_key, **options), is_simulation=is_simulation, near_matches=near_matches)

    def close(self) -> None:
        """Closes the connections that are not in use."""
        self.client.close()
