"""Values on their way into a URL or a body."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote


def rfc3339(time: datetime) -> str:
    """A time as the service takes it: UTC with an offset. A naive one is read in this machine's zone.

    Of an hour that the autumn change repeats, `fold` tells which is meant; `datetime.now()` sets it.
    """
    return time.astimezone(timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


def segment(value: str | int) -> str:
    """One segment of a path. Names that no URL can carry are a ValueError: "", "." and ".."."""
    text = str(value)
    if text in ('', '.', '..'):
        raise ValueError(f'{text!r} cannot stand in the path of a URL')
    return quote(text, safe='')


def parameter(value: Any) -> str:
    """A query parameter."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def json_body(body: object) -> bytes:
    """A body as JSON; times may be datetimes. Numbers that JSON does not have are a ValueError."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(',', ':'), default=_encoded).encode()


def _encoded(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    raise TypeError(f'{type(value).__name__} is not JSON')
