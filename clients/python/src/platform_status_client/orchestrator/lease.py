"""Signs of life of an orchestrator."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ..client import Client
from ..errors import StatusServiceError

log = logging.getLogger('platform_status_client')

# A lease outlives 45 s without service. An orchestrator that is started again ends the lease of the one before at once.
TTL, PERIOD, RETRY = 60.0, 10.0, 1.0
# a service that is restarted is away for less
WORTH_A_WARNING = 30.0


class Lease:
    """The lease of a session. `lapsed` is called after it had lapsed: the service may have set what runs to `lost`."""

    def __init__(
        self, client: Client, name: str, session: str, state: Callable[[], str], lapsed: Callable[[], None]
    ) -> None:
        self._client = client
        self._name = name
        self._session = session
        self._state = state
        self._lapsed = lapsed
        self._renewed: float | None = None
        self._failing_since: float | None = None
        self._has_warned = False

    def renew(self) -> float:
        """Gives a sign of life. Returns the seconds until the next one is due. Never raises."""
        try:
            self._client.put_orchestrator(self._name, session=self._session, ttl_seconds=TTL, state=self._state())
        except StatusServiceError as error:
            self._failed(error)
            return RETRY
        except Exception:
            log.exception('the sign of life of orchestrator %s failed', self._name)
            return PERIOD
        if self._failing_since is not None:
            log.info('signs of life of orchestrator %s are taken again', self._name)
        self._failing_since, self._has_warned = None, False
        now = time.monotonic()
        if self._renewed is not None and now - self._renewed > TTL:
            self._lapsed()
        self._renewed = now
        return PERIOD

    def _failed(self, error: StatusServiceError) -> None:
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
            log.info('the sign of life of orchestrator %s was not taken, and is repeated: %s', self._name, error)
        elif now - self._failing_since >= WORTH_A_WARNING and not self._has_warned:
            self._has_warned = True
            log.warning(
                'signs of life of orchestrator %s are not taken since %d s, and its steps will be lost: %s',
                self._name,
                now - self._failing_since,
                error,
            )
