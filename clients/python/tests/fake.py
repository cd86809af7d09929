"""A fake service. It responds as a test tells it to, and stores the requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: str
    client: tuple[str, int]


@dataclass
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    # closes the connection without a response
    dropped: bool = False


@dataclass
class Fake:
    url: str = ''
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], Answer] = lambda asked: Answer(body={})

    def answers(self, *answers: Answer) -> None:
        """Sends these responses in order, and the last one again for all later requests."""
        left = list(answers)
        self.answer = lambda asked: left.pop(0) if len(left) > 1 else left[0]


def problem(status: int, code: str, **members: Any) -> Answer:
    return Answer(status, {'status': status, 'code': code, 'detail': 'as told', **members})


@contextmanager
def a_fake_service() -> Iterator[Fake]:
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get('content-length', '0'))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body, self.client_address)
            fake.asked.append(asked)
            answer = fake.answer(asked)
            if answer.dropped:
                self.close_connection = True
                return
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            kind = 'text/html' if isinstance(answer.body, str) else 'application/json'
            self.send_response(answer.status)
            for name, value in {
                'content-type': kind,
                'content-length': str(len(text.encode())),
                **answer.headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    fake.url = f'http://127.0.0.1:{server.server_port}'
    Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01}, daemon=True).start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
