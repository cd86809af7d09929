"""Where the service is, and the key: as arguments, or as environment variables."""

from __future__ import annotations

import os
import re

URL_VARIABLE, KEY_VARIABLE = 'PLATFORM_STATUS_URL', 'PLATFORM_STATUS_KEY'


def service_url(url: str | None) -> str:
    """The address of the service: the argument, PLATFORM_STATUS_URL, or this machine. `localhost:8602` is enough."""
    given = (url or os.environ.get(URL_VARIABLE) or 'http://127.0.0.1:8000').strip()
    address = given if re.match(r'[a-z][a-z0-9+.-]*://', given, re.IGNORECASE) else f'http://{given}'
    if not re.match(r'https?://[^/]', address, re.IGNORECASE):
        raise ValueError(
            f'the address of the service must begin with http:// or https://, or be host:port; it is {given!r}'
        )
    return address.rstrip('/')


def service_key(api_key: str | None) -> str | None:
    """The API key: the argument, else PLATFORM_STATUS_KEY, else none."""
    return api_key or os.environ.get(KEY_VARIABLE) or None
