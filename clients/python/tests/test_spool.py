"""What the service does not take is kept on disk, and sent later, in order."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from platform_status_client import Client
from platform_status_client.settings import service_url

pytest.importorskip('laborchestrator')

from fake import Answer, Asked, Fake, problem
from lab import Lab

from platform_status_client import StatusDB
from platform_status_client.orchestrator import spool


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
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
    assert len(list((tmp_path / 'set-aside').glob('*.json'))) == 1
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


@pytest.mark.parametrize(
    'key', ['hunter2\nhunter3', 'hunter2\rX-Other: x', 'hunter2 hunter3', 'hunter2ä', 'hunter2\x07', '"hunter2"']
)
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(
    key: str, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('PLATFORM_STATUS_KEY', key)
    for make in (lambda: Client(fake.url), lambda: Client(fake.url, key), lambda: StatusDB(fake.url, key)):
        with pytest.raises(ValueError, match='may contain only letters') as refused:
            make()
        assert 'hunter' not in str(refused.value)


@pytest.mark.parametrize('url', ['http://me:hunter2@lab', 'me:hunter2@lab:8000', 'ftp://me:hunter2@lab'])
def test_an_address_with_a_password_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match='must not contain a user or a password') as refused:
        service_url(url)
    assert 'hunter' not in str(refused.value)


@pytest.mark.parametrize('trouble', [problem(500, 'internal-error'), problem(403, 'forbidden'), Answer(dropped=True)])
def test_a_call_that_always_fails_is_set_aside_with_those_that_need_it(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spool, 'FIRST_PAUSE', 0.01)
    monkeypatch.setattr(spool, 'LONGEST_PAUSE', 0.02)
    found = {'id': 'c', 'barcode': None, 'lidded': True}

    def answer(asked: Asked) -> Answer:
        if asked.path.startswith('/api/containers') and asked.method == 'POST' and 'BAD_x' in asked.path + asked.body:
            return trouble
        return Answer(body=found if asked.method == 'GET' else {'container': found})

    fake.answer = answer
    db = StatusDB(fake.url, retry_for=0, spool=tmp_path)
    lab = Lab(db, 'x')
    bad = lab.plate(0, 'BAD')
    db.moved_container(lab.hotel, 0, lab.reader, 0, barcode='BAD_x')
    db.safe_step_to_db(lab.work(bad, seconds=20), bad, 'experiment')
    good = lab.plate(1, 'GOOD')
    db.lidded_container(good)
    assert eventually(lambda: not db.keeper.spool.waiting())

    writes = [asked.path for asked in fake.asked if asked.method == 'POST']
    tries = [asked for asked in fake.asked if 'BAD_x' in asked.body and asked.path == '/api/containers']
    # the first time, when it was kept, and then the tries
    assert len(tries) == 1 + spool.TRIES
    assert writes[-3:] == ['/api/steps', '/api/containers', '/api/containers/c/lid']
    aside = [json.loads(path.read_text()) for path in sorted((tmp_path / 'set-aside').glob('*.json'))]
    assert [kept['call'] for kept in aside] == ['add_container', 'moved_container']
    assert 'failed 8 times while the service takes other calls' in aside[0]['reason']
    assert aside[1]['reason'] == 'an earlier call about container BAD_x was set aside'
    assert 'add_container was set aside, because it failed 8 times' in caplog.text
    # a person moves the file back once the cause is gone
    assert eventually(lambda: db.keeper.spool._sender is None)
    fake.answer = lambda asked: Answer(body=found)
    for path in sorted((tmp_path / 'set-aside').glob('*.json')):
        path.rename(tmp_path / path.name)
    assert db.keeper.spool.flush()
    assert fake.asked[-1].path == '/api/containers/BAD_x/move'
    db.close()


@pytest.mark.parametrize('down', ['/health/ready', '/api/devices'])
def test_while_the_service_takes_no_calls_nothing_is_set_aside(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, down: str
) -> None:
    monkeypatch.setattr(spool, 'FIRST_PAUSE', 0.01)
    monkeypatch.setattr(spool, 'LONGEST_PAUSE', 0.02)
    fake.answer = lambda asked: (
        problem(500, 'internal-error') if asked.path.startswith(('/api/containers', down)) else Answer(body={})
    )
    db = StatusDB(fake.url, retry_for=0, spool=tmp_path)
    Lab(db, 'x').plate(0, 'BC')
    asked_often = 3 * spool.TRIES
    assert eventually(lambda: sum(asked.path == '/api/containers' for asked in fake.asked) > asked_often)
    assert len(db.keeper.spool.waiting()) == 1
    db.close()


def test_a_read_waits_until_the_service_knows_what_was_kept(fake: Fake, tmp_path: Path) -> None:
    fake.answer = lambda asked: Answer(dropped=True)
    db = StatusDB(fake.url, retry_for=0, spool=tmp_path)
    lab = Lab(db, 'x')
    db.moved_container(lab.hotel, 0, lab.reader, 0, barcode='BC_x')
    # the slot would be free for the service, which does not know of the move
    assert db.position_empty(lab.reader, 0) is False
    assert db.get_cont_info_by_barcode('BC_x') is None
    assert db.get_container_at_position(lab.reader, 0) is None
    fake.asked.clear()
    fake.answer = lambda asked: Answer(body={'empty': True, 'container': {'id': 'c'}})
    db.keeper.spool.close()
    assert db.position_empty(lab.reader, 1) is True
    assert [(asked.method, asked.path) for asked in fake.asked][-2:] == [
        ('POST', '/api/containers/BC_x/move'),
        ('GET', f'/api/devices/{lab.reader}/positions/1'),
    ]
    db.close()


def test_reads_about_slots_wait_longer_than_other_calls_unless_retry_for_says_how_long(fake: Fake) -> None:
    fake.answers(Answer(body=[]))
    patient = StatusDB(fake.url)
    assert (patient.client.retry_for, patient.patient.retry_for) == (30, 600)
    short = StatusDB(fake.url, retry_for=5)
    assert (short.client.retry_for, short.patient.retry_for) == (5, 5)


def test_what_is_refused_at_once_at_the_start_is_not_lost(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.answer = lambda asked: Answer(dropped=True)
    first = StatusDB(fake.url, retry_for=0, spool=tmp_path)
    first.close()
    Lab(first, 'x').plate(0, 'BC')
    fake.answer = lambda asked: problem(409, 'barcode-in-use')
    # the sender is faster than the constructor
    monkeypatch.setattr(spool.Spool, '_run', lambda self: self.flush())
    second = StatusDB(fake.url, retry_for=0, spool=tmp_path)
    assert len(list((tmp_path / 'set-aside').glob('*.json'))) == 1
    second.close()
