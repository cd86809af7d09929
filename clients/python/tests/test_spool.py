"""What the service does not take is kept on disk, and sent later, in order."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from platform_status_client import Client
from platform_status_client.settings import service_url

pytest.importorskip('laborchestrator')

from fake import Answer, Asked, Fake, problem
from lab import Lab

from platform_status_client import StatusDB


def eventually(holds: object, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    'trouble', [Answer(dropped=True), problem(401, 'unauthorized'), problem(503, 'database-unavailable')]
)
def test_it_is_sent_later_in_order(fake: Fake, tmp_path: Path, trouble: Answer) -> None:
    fake.answer = lambda asked: trouble
    db = StatusDB(fake.url, retry_for=0, spool=tmp_path)
    lab = Lab(db, 'x')
    plate = lab.plate(0, 'BC')
    db.moved_container(lab.hotel, 0, lab.reader, 0, barcode='BC_x')
    work = lab.work(plate, seconds=20)
    db.safe_step_to_db(work, plate, 'experiment')
    kept = db.keeper.spool.waiting()
    assert len(kept) == 3
    fake.asked.clear()

    found = {'id': 'c', 'barcode': 'BC_x', 'lidded': True}

    def answer(asked: Asked) -> Answer:
        return Answer(body=found if asked.method == 'GET' else {'container': found})

    fake.answer = answer
    assert eventually(lambda: not db.keeper.spool.waiting())
    writes = [asked.path for asked in fake.asked if asked.method != 'GET']
    assert writes == ['/api/containers', '/api/containers/BC_x/move', '/api/steps']
    db.close()


def test_the_next_process_sends_it_and_a_refused_call_is_set_aside(fake: Fake, tmp_path: Path) -> None:
    fake.answer = lambda asked: Answer(dropped=True)
    first = StatusDB(fake.url, retry_for=0, spool=tmp_path)
    first.close()
    lab = Lab(first, 'x')
    lab.plate(0, 'BC')
    lab.plate(1, 'BD')
    assert len(first.keeper.spool.waiting()) == 2
    refusals = [problem(409, 'barcode-in-use')]
    fake.answer = lambda asked: refusals.pop() if refusals and asked.path == '/api/containers' else Answer(body={})
    second = StatusDB(fake.url, retry_for=0, spool=tmp_path)
    assert eventually(lambda: not second.keeper.spool.waiting())
    assert [asked.path for asked in fake.asked if asked.path == '/api/containers']
    assert len(list((tmp_path / 'refused').glob('*.json'))) == 1
    second.close()


def test_the_environment_says_where_the_service_is(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.answers(Answer(body={'items': []}))
    monkeypatch.setenv('PLATFORM_STATUS_URL', fake.url.removeprefix('http://'))
    monkeypatch.setenv('PLATFORM_STATUS_KEY', 'ps_key')
    Client().list_containers()
    assert fake.asked[-1].headers['authorization'] == 'Bearer ps_key'
    assert service_url('localhost:8602') == 'http://localhost:8602'
    with pytest.raises(ValueError, match='http://'):
        service_url('ftp://lab')
