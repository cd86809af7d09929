"""Base class of the parts of StatusDB."""

from __future__ import annotations

from ..client import Client
from .lids import LidMemory


class StatusDBPart:
    """The client, the options and the caches that all parts use."""

    def __init__(self, client: Client, *, is_simulation: bool, near_matches: bool) -> None:
        self.client = client
        self.is_simulation = is_simulation
        self.near_matches = near_matches
        self.lids = LidMemory()
        self.sources: dict[str, str] = {}
