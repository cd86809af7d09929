"""Sends the requests of all operations. `Operations` has the operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from .transport import READS, Transport
from .values import json_body, parameter, segment


class Caller:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._headers: dict[str, str] = {}

    def call(
        self,
        method: str,
        path: tuple[str | int, ...],
        query: Mapping[str, Any] | None = None,
        body: object = None,
        text: str = 'text/plain',
        answers: str = 'application/json',
    ) -> Any:
        """Sends a request and returns the decoded response. `path` has the unescaped segments of the path.

        A body that is a string is sent with the media type `text`, any other body as JSON. `answers` is the media type
        of the response. Raises Problem if the service refuses the request, and Unreachable if it does not respond in
        time.
        """
        target = f'/{"/".join(map(segment, path))}'
        parameters = {name: parameter(value) for name, value in (query or {}).items() if value is not None}
        if parameters:
            target = f'{target}?{urlencode(parameters)}'
        headers = {'accept': f'{answers}, application/problem+json'}
        content: bytes | None = None
        if isinstance(body, str):
            content, headers['content-type'] = body.encode(), text
        elif body is not None and method != 'DELETE':
            content, headers['content-type'] = json_body(body), 'application/json'
        if method not in READS:
            headers['idempotency-key'] = str(uuid4())
        return self._transport.send(method, target, content, {**headers, **self._headers}, answers)
