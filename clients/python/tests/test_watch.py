"""Following the event log, on the real service."""

from __future__ import annotations

import threading
from itertools import islice

import pytest

from platform_status_client import Client, Problem


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


def test_a_refusal_is_raised(client: Client) -> None:
    with pytest.raises(Problem, match='device-not-found'):
        next(client.watch(device='no such device'))
