"""Watches an orchestrator, in threads of its own, and tells the service what it does."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from laborchestrator.structures import ProcessStep

from ..client import Client
from .attempts import Report
from .lease import Lease
from .lids import LidMemory
from .looks import Looks
from .replan import Replan
from .reports import Reports

log = logging.getLogger('platform_status_client')

LOOK_EVERY, REPLAN_EVERY = 0.2, 0.2
# reports that wait in memory; beyond them nothing is looked at until some were sent or are on the disk
MOST_REPORTS = 10_000
CLOSING = 5.0


class OrchestratorWatch:
    """One thread looks, one sends what was seen, one gives signs of life, and one plans again, if that is wanted.

    `client` must not wait for the service: what it does not take at once is kept in the folder.
    """

    def __init__(
        self,
        orchestrator: Any,
        client: Client,
        folder: Path,
        lids: LidMemory,
        *,
        name: str,
        replan: bool,
        is_simulation: bool,
    ) -> None:
        self.orchestrator = orchestrator
        self.session = str(uuid4())
        self._looks = Looks(orchestrator, self.session, is_simulation=is_simulation)
        self._reports = Reports(client, folder, lids, self.session)
        self._lease = Lease(client, name, self.session, self._looks.state, self._looks.tell_states_again)
        self._replan = Replan(orchestrator, client) if replan else None
        self._waiting: deque[Report] = deque()
        self._seen = threading.Event()
        self._stopped = threading.Event()
        self._look_lock = threading.Lock()
        self._look_fails = False
        self._threads = [
            self._thread('look', self._look_for_ever),
            self._thread('tell', self._tell_for_ever),
            self._thread('lease', self._renew_for_ever),
            *([self._thread('replan', self._replan_for_ever)] if replan else []),
        ]

    def logged(self, step: ProcessStep, experiment: Any) -> None:
        """The orchestrator logs the end of this step itself. Never raises."""
        try:
            self._looks.logged(step, '' if experiment is None else str(experiment))
        except Exception:
            log.exception('the end of a step could not be noted')

    def told_at_start(self, step: str | None) -> dict[str, Any]:
        """What the start of this step said, and its end must say as well."""
        return self._looks.told_at_start(step)

    def look(self) -> None:
        """Looks at the orchestrator once. Never raises."""
        try:
            with self._look_lock:
                if len(self._waiting) < MOST_REPORTS:
                    self._waiting.extend(self._looks.look(datetime.today()))
            self._look_fails = False
        except Exception:
            # once, not five times a second
            if not self._look_fails:
                log.exception('the orchestrator could not be looked at')
            self._look_fails = True
        if self._waiting:
            self._seen.set()

    def close(self) -> None:
        """Looks for the last time, and tells or keeps what was seen."""
        if self._stopped.is_set():
            return
        self.look()
        self._stopped.set()
        self._seen.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(CLOSING)
        self._reports.keeper.spool.close()

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        made = threading.Thread(target=work, name=f'platform-status-{name}', daemon=True)
        made.start()
        return made

    def _look_for_ever(self) -> None:
        while not self._stopped.wait(LOOK_EVERY):
            self.look()

    def _tell_for_ever(self) -> None:
        while True:
            self._seen.wait()
            self._seen.clear()
            while self._waiting:
                self._reports.tell(self._waiting.popleft())
            if self._stopped.is_set():
                return

    def _renew_for_ever(self) -> None:
        pause = self._lease.renew()
        while not self._stopped.wait(pause):
            pause = self._lease.renew()

    def _replan_for_ever(self) -> None:
        while self._replan is not None and not self._stopped.wait(REPLAN_EVERY):
            self._replan.replan(self._looks.running(), datetime.today())
