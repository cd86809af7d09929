"""Where the service is, and the key: as arguments, or as environment variables."""

from __future__ import annotations

import os
import re

URL_VARIABLE, KEY_VARIABLE = 'PLATFORM_STATUS_URL', 'PLATFORM_STATUS_KEY'


def service_url(url: str | None) -> str:
    """The address of the service: the argument, PLATFORM_STATUS_URL, or this machine. `localhost:8602` is enough."""
    given = (url or os.environ.get(URL_VARIABLE) or 'http://127.0.0.1:8000').strip()
    if '@' in given:
        # not shown: what stands before an @ can be a password
        raise ValueError('the address of the service must not contain a user or a password (@): use the API key')
    address = given if re.match(r'[a-z][a-z0-9+.-]*://', given, re.IGNORECASE) else f'http://{given}'
    if not re.match(r'https?://[^/]', address, re.IGNORECASE):
        raise ValueError(
            f'the address of the service must begin with http:// or https://, or be host:port; it is {given!r}'
        )
    return address.rstrip('/')


def service_key(api_key: str | None) -> str | None:
    """The API key: the argument, else PLATFORM_STATUS_KEY, else none."""
    key = (api_key or os.environ.get(KEY_VARIABLE) or '').strip()
    if key and not re.fullmatch(r'[A-Za-z0-9._~+/-]+=*', key):
        # checked here, because an error of the HTTP library would show the key
        raise ValueError(
            f'the API key (api_key or {KEY_VARIABLE}) may contain only letters, digits and - . _ ~ + /, '
            'and = at its end; it is not shown here'
        )
    return key or None
