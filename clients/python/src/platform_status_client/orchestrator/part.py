"""Base class of the parts of StatusDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..client import Client
from .lids import LidMemory

if TYPE_CHECKING:
    from .orchestrator_watch import OrchestratorWatch


class StatusDBPart:
    """The client, the options and the caches that all parts use."""

    def __init__(self, client: Client, patient: Client, *, is_simulation: bool, near_matches: bool) -> None:
        self.client = client
        # for reads that the orchestrator cannot go on without
        self.patient = patient
        self.is_simulation = is_simulation
        self.near_matches = near_matches
        self.lids = LidMemory()
        self.sources: dict[str, str] = {}
        self.watches: list[OrchestratorWatch] = []

    def settle(self, seconds: float) -> None:
        """Waits before a read until the service knows what was recorded. Raises Unreachable if it does not."""

    def told_at_start(self, step: str | None) -> dict[str, Any]:
        """What a watch told at the start of a step, and its end must say as well."""
        return next((told for watch in list(self.watches) if (told := watch.told_at_start(step))), {})
