"""Follows the event log: Server-Sent Events, with reconnects."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .errors import Problem, StatusServiceError
from .transport import RETRY_STATUSES, Transport
from .values import parameter

log = logging.getLogger('platform_status_client')

# Two heartbeats and more: without a frame for so long, the connection is lost.
SILENCE = 40.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0


@dataclass(frozen=True)
class Change:
    """What one command changed, or, with `reset`, that the log was replaced by a backup: read the lab again.

    `events` is None for a revision with more than 200 events: read them with `list_events(after=change.revision - 1)`.
    """

    revision: int
    recorded_at: str | None
    actor: str | None
    request_id: str | None
    events: list[dict[str, Any]] | None
    reset: bool = False


def watch(
    transport: Transport, headers: Mapping[str, str], filters: Mapping[str, Any], after: int | None
) -> Iterator[Change]:
    """Yields each change once, in order. Connects again when the connection is lost.

    Raises Problem if it is refused.
    """
    pause = FIRST_PAUSE
    log_id: str | None = None
    restored = -1
    while True:
        query = {name: parameter(value) for name, value in {**filters, 'after': after}.items() if value is not None}
        try:
            for event, identity, data in transport.stream(f'/api/events/stream?{urlencode(query)}', headers, SILENCE):
                pause = FIRST_PAUSE
                if event == 'hello':
                    hello = json.loads(data)
                    # To a reader that is ahead of the log, the next frame says `reset`.
                    is_ahead = int(identity) > hello['revision']
                    if not is_ahead and log_id is not None and hello['log_id'] != log_id:
                        # A restored backup is another log: read the lab again, as of its newest revision.
                        restored = hello['revision']
                        yield Change(restored, None, None, None, None, reset=True)
                        after = max(after or 0, restored)
                    if not is_ahead:
                        log_id = hello['log_id']
                if event in ('revision', 'reset'):
                    members = json.loads(data)
                    if event == 'reset':
                        log_id, restored = members['log_id'], -1
                    if event == 'revision' and members['revision'] <= restored:
                        continue
                    yield Change(
                        members['revision'],
                        members.get('recorded_at'),
                        members.get('actor'),
                        members.get('request_id'),
                        members.get('events'),
                        reset=event == 'reset',
                    )
                # Behind the yield: a reader that stops in its loop body has not lost what it was given.
                if identity.isdigit():
                    after = int(identity)
        except Problem as refusal:
            if refusal.status not in RETRY_STATUSES:
                raise
            log.info('watching again in a moment: %s', refusal)
        except StatusServiceError as lost:
            log.info('watching again in a moment: %s', lost)
        time.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(2 * pause, LONGEST_PAUSE)
