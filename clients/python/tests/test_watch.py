"""Following the event log, on the real service."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from itertools import islice
from typing import cast

import pytest

from platform_status_client import Client, Problem
from platform_status_client.transport import Transport
from platform_status_client.watch import watch


def test_every_change_is_yielded_once_and_in_order(client: Client, tag: str) -> None:
    client.add_device(name=f'Hotel {tag}', capacity=4)
    start = client.get_lab()['revision']
    for number in range(3):
        client.add_container(device=f'Hotel {tag}', barcode=f'{tag} {number}')
    changes = list(islice(client.watch(after=start, device=f'Hotel {tag}'), 3))
    assert [(change.events or [])[0]['after']['barcode'] for change in changes] == [f'{tag} 0', f'{tag} 1', f'{tag} 2']
    assert sorted({change.revision for change in changes}) == [change.revision for change in changes]
    assert all(change.recorded_at and not change.reset for change in changes)


def test_what_happens_next_is_yielded_as_it_happens(client: Client, tag: str) -> None:
    client.add_device(name=f'Hotel {tag}', capacity=1)
    later = threading.Timer(1.0, lambda: client.add_container(device=f'Hotel {tag}', barcode=tag))
    later.start()
    change = next(client.watch(device=f'Hotel {tag}'))
    assert (change.events or [])[0]['kind'] == 'added'
    later.join()


def test_after_a_restore_it_says_reset(client: Client) -> None:
    assert next(client.watch(after=10**12)).reset


class TwoLogs:
    """A stream that is lost after revision 73. When it is back, a backup was restored, and the log goes on to 75."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def stream(self, path: str, headers: object, silence: float) -> Iterator[tuple[str, str, str]]:
        self.asked.append(path)
        old = len(self.asked) == 1
        yield 'hello', '71', json.dumps({'revision': 71 if old else 74, 'log_id': 'old' if old else 'new'})
        for revision in [72, 73] if old else [74, 75]:
            yield 'revision', str(revision), json.dumps({'revision': revision, 'events': []})


def test_a_backup_that_was_restored_while_the_connection_was_lost_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('platform_status_client.watch.time.sleep', lambda seconds: None)
    logs = TwoLogs()
    changes = list(islice(watch(cast(Transport, logs), {}, {}, 71), 4))
    told = [(change.revision, change.reset) for change in changes]
    assert told == [(72, False), (73, False), (74, True), (75, False)]


class ReplacedLog:
    """A log that is replaced while the stream is open. Then the connection is lost, and 51 and 52 come meanwhile."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def stream(self, path: str, headers: object, silence: float) -> Iterator[tuple[str, str, str]]:
        self.asked.append(path)
        first = len(self.asked) == 1
        yield (
            'hello',
            '72' if first else '50',
            json.dumps({'revision': 72 if first else 52, 'log_id': 'old' if first else 'new'}),
        )
        if first:
            yield 'reset', '50', json.dumps({'revision': 50, 'log_id': 'new'})
        else:
            for revision in [51, 52]:
                yield 'revision', str(revision), json.dumps({'revision': revision, 'events': []})


def test_a_log_that_is_replaced_while_the_stream_is_open_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('platform_status_client.watch.time.sleep', lambda seconds: None)
    log = ReplacedLog()
    changes = list(islice(watch(cast(Transport, log), {}, {}, 72), 3))
    assert [(change.revision, change.reset) for change in changes] == [(50, True), (51, False), (52, False)]
    assert log.asked[1].endswith('after=50')


class ShorterLog:
    """A stream that is lost. When it is back, a backup was restored that ends before what was read."""

    def __init__(self) -> None:
        self.first = True

    def stream(self, path: str, headers: object, silence: float) -> Iterator[tuple[str, str, str]]:
        if self.first:
            self.first = False
            yield 'hello', '72', json.dumps({'revision': 72, 'log_id': 'old'})
        else:
            yield 'hello', '72', json.dumps({'revision': 50, 'log_id': 'new'})
            yield 'reset', '50', json.dumps({'revision': 50, 'log_id': 'new'})
            yield 'revision', '51', json.dumps({'revision': 51, 'events': []})


def test_a_backup_that_is_shorter_than_what_was_read_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('platform_status_client.watch.time.sleep', lambda seconds: None)
    changes = list(islice(watch(cast(Transport, ShorterLog()), {}, {}, 72), 2))
    assert [(change.revision, change.reset) for change in changes] == [(50, True), (51, False)]


def test_a_refusal_is_raised(client: Client) -> None:
    with pytest.raises(Problem, match='device-not-found'):
        next(client.watch(device='no such device'))
