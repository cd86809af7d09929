"""Whether a lid was on before a step."""

from __future__ import annotations

from datetime import datetime, timezone
from threading import Lock

# more plates than any lab has on its platform
MOST = 10_000


class LidMemory:
    """What was booked last about each container's lid, by this client.

    The orchestrator books a lid when a step ends, before it logs the step; so only this tells how the lid was when the
    step began.
    """

    def __init__(self) -> None:
        self._last: dict[str, tuple[datetime, bool]] = {}
        self._lock = Lock()

    def booked(self, container_id: str, lidded_before: bool) -> None:
        """A lid is about to be booked as put on or taken off, of a container that had it on or not."""
        with self._lock:
            self._last.pop(container_id, None)
            self._last[container_id] = datetime.now(timezone.utc), lidded_before
            if len(self._last) > MOST:
                del self._last[next(iter(self._last))]

    def last(self, container_id: str) -> tuple[datetime, bool] | None:
        """When a lid was booked last, and whether it was on before."""
        with self._lock:
            return self._last.get(container_id)
