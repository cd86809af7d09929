"""HTTP: one pool of connections, and tries until there is an answer."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from uuid import uuid4

import urllib3

from .errors import Problem, StatusServiceError, Unreachable, printable
from .values import json_body, parameter, segment

log = logging.getLogger('platform_status_client')

READS = frozenset({'GET', 'HEAD'})
# the service, or what stands before it, is not there for a moment
PASSING = frozenset({408, 429, 502, 503, 504})
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


class Transport:
    """Sends requests to one service; may be used by any number of threads at once.

    A try that brought no answer is repeated for up to `retry_for` seconds. That is safe: each write carries an
    `Idempotency-Key` of its own, so that a repetition of what was done already is answered and not done again.
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
        self._headers = dict(headers)
        self._pool = urllib3.PoolManager(
            maxsize=pool_size,
            block=True,
            retries=False,
            timeout=urllib3.Timeout(connect=connect_timeout, read=read_timeout),
            ca_certs=ca_certs,
        )

    def send(
        self,
        method: str,
        path: tuple[str | int, ...],
        query: Mapping[str, Any] | None,
        body: object,
        text: str,
        answers: str,
        headers: Mapping[str, str],
    ) -> Any:
        """The answer, decoded. Raises Problem for a refusal, Unreachable when there was no answer in time."""
        url = f'{self.url}/{"/".join(map(segment, path))}'
        parameters = {name: parameter(value) for name, value in (query or {}).items() if value is not None}
        if parameters:
            url = f'{url}?{urlencode(parameters)}'
        sent = {**self._headers, 'accept': f'{answers}, application/problem+json'}
        content: bytes | None = None
        if isinstance(body, str):
            content, sent['content-type'] = body.encode(), text
        elif body is not None and method != 'DELETE':
            content, sent['content-type'] = json_body(body), 'application/json'
        if method not in READS:
            sent['idempotency-key'] = str(uuid4())
        return self._until_answered(method, url, content, {**sent, **headers}, answers)

    def _until_answered(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str], answers: str
    ) -> Any:
        deadline = time.monotonic() + self.retry_for
        pause = FIRST_PAUSE
        while True:
            wait = pause * random.uniform(0.5, 1.5)
            error: StatusServiceError
            try:
                # a redirect would take key and body to somebody else
                response = self._pool.request(method, url, body=content, headers=headers, redirect=False)
            except urllib3.exceptions.HTTPError as failure:
                error = Unreachable(printable(f'{method} {url}: {failure}'))
            else:
                if response.status < 400:
                    return _decoded(response, answers, f'{method} {url}')
                error = _problem(response)
                if response.status not in PASSING and error.code != 'idempotency-key-running':
                    raise error
                wait = max(wait, _retry_after(response))
            if time.monotonic() + wait > deadline:
                raise error
            log.info('once more in %.1f s: %s', wait, error)
            time.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE)

    def close(self) -> None:
        """Closes the connections that are not in use."""
        self._pool.clear()


def _decoded(response: urllib3.BaseHTTPResponse, answers: str, asked: str) -> Any:
    """What was answered. Only a 2xx of the type that was asked for is an answer of the service."""
    if response.status == 204:
        return None
    if not 200 <= response.status < 300:
        host = urlsplit(urljoin(asked.split(' ', 1)[1], response.headers.get('location', ''))).netloc.split('@')[-1]
        raise Unreachable(
            printable(f'{asked}: {response.status} sends on to {host}, which is not followed: is this the service?')
        )
    kind = response.headers.get('content-type', '').split(';')[0].strip().lower()
    if kind != answers:
        raise Unreachable(
            printable(
                f'{asked}: {response.status} with {kind or "no type"} instead of {answers}: this is not the service'
            )
        )
    try:
        text = response.data.decode()
        return json.loads(text) if answers == 'application/json' else text
    except ValueError as error:
        raise Unreachable(f'{asked}: the answer is no {answers}') from error


def _problem(response: urllib3.BaseHTTPResponse) -> Problem:
    try:
        members = json.loads(response.data)
    except ValueError:
        members = None
    if isinstance(members, dict):
        return Problem(response.status, members)
    # not of the service: a proxy, or another server
    return Problem(response.status, {'detail': response.data[:200].decode(errors='replace')})


def _retry_after(response: urllib3.BaseHTTPResponse) -> float:
    seconds = response.headers.get('retry-after', '')
    return min(float(seconds), LONGEST_PAUSE) if seconds.isascii() and seconds.isdigit() else 0.0
