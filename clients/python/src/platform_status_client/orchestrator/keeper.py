"""Keeps calls that the service did not take, and makes them again."""

from __future__ import annotations

import logging
import threading
import time
from inspect import signature
from pathlib import Path
from typing import Any

from ..errors import StatusServiceError, Unreachable
from .kept_calls import decoded, encoded, objects_of
from .spool import Spool, may_pass

log = logging.getLogger('platform_status_client')

PAUSE = 0.5


class Keeper:
    """The spool of one status database."""

    def __init__(self, database: Any, folder: Path, *, is_usual: bool = False) -> None:
        self._database = database
        # whether nobody has to know that a call is kept
        self._is_usual = is_usual
        self._replaying = threading.local()
        self.spool = Spool(folder, self._replay, self._takes_calls)

    def start(self) -> None:
        """Sends what an earlier process left behind. The database must know this keeper by then: it asks `replays`."""
        self.spool.start()

    def replays(self) -> bool:
        """Whether this thread makes a kept call again: then what goes wrong must be seen."""
        return getattr(self._replaying, 'now', False)

    def keeps_behind(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Keeps the call when earlier ones wait, so that the order stays."""
        if not self.spool.waiting() or not self._put(name, args, kwargs):
            return False
        log.log(
            logging.INFO if self._is_usual else logging.WARNING,
            '%s waits for earlier calls; it is kept in %s',
            name,
            self.spool.folder,
        )
        return True

    def keeps(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> bool:
        """Keeps the call when it may succeed later."""
        if not may_pass(error) or not self._put(name, args, kwargs):
            return False
        level = logging.INFO if self._is_usual else logging.ERROR
        log.log(level, '%s was not taken (%s); it is kept in %s and sent later', name, error, self.spool.folder)
        return True

    def settle(self, seconds: float) -> None:
        """Sends what waits before a read, for so long at most. Raises Unreachable if something waits still.

        The service does not know yet what is kept. An orchestrator that reads in between would put a container in a
        slot that is taken, or move one from where it was before.
        """
        if self.replays():
            return
        until = time.monotonic() + seconds
        while self.spool.waiting() and not self.spool.flush():
            if time.monotonic() >= until:
                raise Unreachable(f'earlier calls are still kept in {self.spool.folder}')
            time.sleep(PAUSE)

    def _put(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        try:
            arguments = {
                'args': list(map(encoded, args)),
                'kwargs': {key: encoded(value) for key, value in kwargs.items()},
            }
            named = signature(getattr(self._database, name)).bind(*args, **kwargs).arguments
            self.spool.put(name, arguments, objects_of(name, named))
        except Exception:
            log.exception('%s could not be kept in %s', name, self.spool.folder)
            return False
        return True

    def _takes_calls(self) -> bool:
        client = self._database.client
        try:
            # the first says whether writes work, the second whether this key is known
            client.get_ready()
            client.list_devices(limit=1)
        except StatusServiceError:
            return False
        return True

    def _replay(self, name: str, arguments: dict[str, Any]) -> None:
        self._replaying.now = True
        try:
            kwargs = {key: decoded(value) for key, value in arguments['kwargs'].items()}
            getattr(self._database, name)(*map(decoded, arguments['args']), **kwargs)
        finally:
            self._replaying.now = False
