"""Converts values for a URL or a body."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote


def in_utc(time: datetime) -> datetime:
    """Converts a time to UTC. A time without a zone is a time of this machine.

    In the hour that is repeated in autumn, `fold` selects the first or the second. `datetime.now()` sets `fold`.
    Times must be compared in UTC: Python compares two times of one zone, or without a zone, as if clocks never changed.
    """
    if time.tzinfo is not None:
        return time.astimezone(timezone.utc)
    # Not astimezone(): of a time that the spring change leaves out it makes one an hour before that, not after it.
    whole = datetime.fromtimestamp(round(time.replace(microsecond=0).timestamp()), timezone.utc)
    return whole.replace(microsecond=time.microsecond)


def rfc3339(time: datetime) -> str:
    """Converts a time to UTC with an offset, as the service expects it."""
    return in_utc(time).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


def segment(value: str | int) -> str:
    """Escapes one segment of a path. Raises ValueError for "", "." and "..", which no URL can contain."""
    text = str(value)
    if text in ('', '.', '..'):
        raise ValueError(f'{text!r} cannot be used in the path of a URL')
    return quote(text, safe='')


def parameter(value: Any) -> str:
    """Converts a query parameter to text."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def json_body(body: object) -> bytes:
    """Converts a body to JSON. Times may be datetimes.

    Raises ValueError for numbers that JSON does not have and for lone surrogates, TypeError for objects that are not
    JSON, such as those of numpy. The message names the member.
    """
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(',', ':'), default=_encoded).encode()
    except (TypeError, ValueError) as error:
        for member, fault in _faults(body, ''):
            kind = ValueError if isinstance(error, ValueError) else TypeError
            raise kind(f'{member or "the body"}: {fault}') from error
        raise


def _faults(value: object, member: str) -> Iterator[tuple[str, str]]:
    """Yields the members that are not JSON, and the reason."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str | int | float | None):
                yield member, f'the name of a member must be text, not {type(key).__name__}'
            yield from _faults(inner, f'{member}.{key}' if member else str(key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _faults(inner, f'{member}[{index}]')
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield member, f'JSON has no number {value}'
    elif isinstance(value, str):
        if any('\ud800' <= letter <= '\udfff' for letter in value):
            yield member, 'the text contains a lone surrogate, which is not valid in JSON'
    elif not isinstance(value, bool | int | datetime | None):
        kind = type(value)
        plain = ' (convert it with tolist())' if kind.__module__.split('.')[0] == 'numpy' else ''
        yield member, f'a {kind.__module__}.{kind.__name__} is not JSON{plain}'


def _encoded(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    raise TypeError(f'{type(value).__name__} is not JSON')
