"""What every operation is sent with: `Operations` has the operations, this class the one way to call them."""

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
        """Sends a request and returns the answer, decoded; `path` is its segments, not quoted.

        A body that is a text travels as media type `text`, any other as JSON. Raises Problem for a refusal, Unreachable
        when there was no answer in time.
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
