"""Values on their way into a URL or a body."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
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
    """A body as JSON; times may be datetimes.

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
