"""Remembers whether a lid was on before a step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from threading import Lock
from typing import Any

from laborchestrator.structures import ProcessStep

from .steps import started_before

# more plates than any lab has on its platform
MOST = 10_000


class LidMemory:
    """The last change of the lid of each container that this client recorded.

    When a step ends, the orchestrator records the lid before it logs the step. So the service already has the new state
    when the step is logged. This class remembers the old one.
    """

    def __init__(self) -> None:
        self._last: dict[str, tuple[datetime, bool]] = {}
        self._lock = Lock()

    def lid_changed(self, container_id: str, lidded_before: bool) -> None:
        """Call it before the lid of a container is recorded as put on or taken off."""
        with self._lock:
            self._last.pop(container_id, None)
            self._last[container_id] = datetime.now(timezone.utc), lidded_before
            if len(self._last) > MOST:
                del self._last[next(iter(self._last))]

    def last_change(self, container_id: str) -> tuple[datetime, bool] | None:
        """When the lid was changed last, and whether it was on before. None if no change is known."""
        with self._lock:
            return self._last.get(container_id)


def lids_of(step: ProcessStep, found: Mapping[str, Any], lids: LidMemory, *, is_over: bool) -> dict[str, bool]:
    """The lid before and after a move of this container, as far as it is known."""
    changes = isinstance(step.data, dict) and 'lidded' in step.data
    last = lids.last_change(found['id'])
    made: dict[str, bool] = {}
    if is_over or not changes:
        made['lidded_after'] = found['lidded']
    if is_over and last is not None and started_before(step, last[0]):
        made['lidded_before'] = last[1]
    elif not changes or not is_over:
        # a move that does not change the lid, or has not done so yet
        made['lidded_before'] = found['lidded']
    return made
