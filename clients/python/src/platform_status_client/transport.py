"""HTTP: one connection pool, with retries."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import urllib3

from .errors import Problem, StatusServiceError, Unreachable, printable

log = logging.getLogger('platform_status_client')

READS = frozenset({'GET', 'HEAD'})
# the service or its proxy is temporarily unavailable
RETRY_STATUSES = frozenset({408, 429, 502, 503, 504})
# an orchestrator waits for its calls: when the service is back, they go on within a second or two
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
LONGEST_RETRY_AFTER = 5.0


class Transport:
    """Sends requests to one service. Any number of threads may use it at once.

    If there is no response, the request is sent again for up to `retry_for` seconds. This is safe, because each write
    has its own `Idempotency-Key`. So a retry returns the original response, and nothing is done twice.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        connect_timeout: float,
        read_timeout: float,
        retry_for: float,
        pool_size: int,
        ca_certs: str | None,
    ) -> None:
        self.url = url.rstrip('/')
        self.retry_for = retry_for
        self._connect_timeout = connect_timeout
        self._ca_certs = ca_certs
        self._headers = dict(headers)
        self._pool = urllib3.PoolManager(
            maxsize=pool_size,
            block=True,
            retries=False,
            timeout=urllib3.Timeout(connect=connect_timeout, read=read_timeout),
            ca_certs=ca_certs,
        )

    def send(self, method: str, target: str, content: bytes | None, headers: Mapping[str, str], answers: str) -> Any:
        """Returns the decoded response of media type `answers`. Raises Problem or Unreachable."""
        url = f'{self.url}{target}'
        headers = {**self._headers, **headers}
        deadline = time.monotonic() + self.retry_for
        pause = FIRST_PAUSE
        while True:
            wait = pause * random.uniform(0.5, 1.5)
            error: StatusServiceError
            try:
                # Following a redirect would send the key and the body to another server.
                response = self._pool.request(method, url, body=content, headers=headers, redirect=False)
            except urllib3.exceptions.HTTPError as failure:
                error = Unreachable(printable(f'{method} {url}: {failure}'))
            else:
                if response.status < 400:
                    return _decoded(response, answers, f'{method} {url}')
                error = _problem(response)
                if response.status not in RETRY_STATUSES and error.code != 'idempotency-key-running':
                    raise error
                wait = max(wait, _retry_after(response))
            if time.monotonic() + wait > deadline:
                raise error
            log.info('retrying in %.1f s: %s', wait, error)
            time.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE)

    def stream(self, target: str, headers: Mapping[str, str], silence: float) -> Iterator[tuple[str, str, str]]:
        """Yields (event, id, data) of a stream of Server-Sent Events until it ends. Raises Problem or Unreachable."""
        url = f'{self.url}{target}'
        accept = {'accept': 'text/event-stream, application/problem+json'}
        # A pool of its own: a stream keeps its connection.
        with urllib3.PoolManager(retries=False, ca_certs=self._ca_certs) as pool:
            try:
                response = pool.request(
                    'GET',
                    url,
                    headers={**self._headers, **headers, **accept},
                    redirect=False,
                    preload_content=False,
                    timeout=urllib3.Timeout(connect=self._connect_timeout, read=silence),
                )
                try:
                    if response.status >= 400:
                        raise _problem(response)
                    kind = response.headers.get('content-type', '').split(';')[0].strip().lower()
                    if response.status != 200 or kind != 'text/event-stream':
                        raise Unreachable(printable(f'GET {url}: not the service, {response.status} with {kind}'))
                    yield from _frames(response)
                finally:
                    response.close()
            except urllib3.exceptions.HTTPError as failure:
                raise Unreachable(printable(f'GET {url}: {failure}')) from failure

    def close(self) -> None:
        """Closes the connections that are not in use."""
        self._pool.clear()


def _decoded(response: urllib3.BaseHTTPResponse, answers: str, call: str) -> Any:
    """Decodes the response. Only a 2xx with the media type `answers` comes from the service."""
    if response.status == 204:
        return None
    if not 200 <= response.status < 300:
        host = urlsplit(urljoin(call.split(' ', 1)[1], response.headers.get('location', ''))).netloc.split('@')[-1]
        raise Unreachable(printable(f'{call}: {response.status} redirects to {host}, and redirects are not followed'))
    kind = response.headers.get('content-type', '').split(';')[0].strip().lower()
    if kind != answers:
        raise Unreachable(
            printable(f'{call}: not the service, {response.status} with {kind or "no media type"} instead of {answers}')
        )
    try:
        text = response.data.decode()
        return json.loads(text) if answers == 'application/json' else text
    except ValueError as error:
        raise Unreachable(f'{call}: the response is not valid {answers}') from error


def _frames(response: urllib3.BaseHTTPResponse) -> Iterator[tuple[str, str, str]]:
    event, identity = '', ''
    data: list[str] = []
    for line in _lines(response):
        if not line:
            if data:
                yield event or 'message', identity, '\n'.join(data)
            event, data = '', []
            continue
        name, _, value = line.partition(':')
        value = value.removeprefix(' ')
        if name == 'event':
            event = value
        elif name == 'id':
            identity = value
        elif name == 'data':
            data.append(value)


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[str]:
    rest = b''
    for chunk in response.stream(65_536):
        *lines, rest = (rest + chunk).split(b'\n')
        for line in lines:
            yield line.decode(errors='replace')


def _problem(response: urllib3.BaseHTTPResponse) -> Problem:
    try:
        members = json.loads(response.data)
    except ValueError:
        members = None
    if isinstance(members, dict):
        return Problem(response.status, members)
    # Not from the service, but from a proxy or another server.
    return Problem(response.status, {'detail': response.data[:200].decode(errors='replace')})


def _retry_after(response: urllib3.BaseHTTPResponse) -> float:
    seconds = response.headers.get('retry-after', '')
    return min(float(seconds), LONGEST_RETRY_AFTER) if seconds.isascii() and seconds.isdigit() else 0.0
