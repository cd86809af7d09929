"""Methods that are called while steps run return safe values, whatever happens to the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip('laborchestrator')

from fake import Answer, Fake, problem
from lab import Lab

from platform_status_client import StatusDB

CALLS: dict[str, tuple[Callable[[StatusDB, Lab, Any], Any], Any]] = {
    'get_all_positions': (lambda db, lab, plate: db.get_all_positions(lab.hotel), []),
    # if nothing is known, the slot counts as occupied
    'position_empty': (lambda db, lab, plate: db.position_empty(lab.hotel, 0), False),
    'get_container_at_position': (lambda db, lab, plate: db.get_container_at_position(lab.hotel, 0), None),
    'get_cont_info_by_barcode': (lambda db, lab, plate: db.get_cont_info_by_barcode('BC'), None),
    'add_container': (lambda db, lab, plate: db.add_container(plate), None),
    'remove_container': (lambda db, lab, plate: db.remove_container(plate), None),
    'set_barcode': (lambda db, lab, plate: db.set_barcode(plate), None),
    'set_barcode_at_position': (lambda db, lab, plate: db.set_barcode_at_position('BC', lab.hotel, 0), None),
    'moved_container': (lambda db, lab, plate: db.moved_container(lab.hotel, 0, lab.reader, 0, barcode='BC'), None),
    'unlidded_container': (lambda db, lab, plate: db.unlidded_container(plate, lab.lids, 0), None),
    'lidded_container': (lambda db, lab, plate: db.lidded_container(plate, None, None), None),
    'update_lid_position': (lambda db, lab, plate: db.update_lid_position(plate), None),
    'safe_step_to_db': (lambda db, lab, plate: db.safe_step_to_db(lab.work(plate), plate, 'experiment'), None),
    'get_estimated_duration': (lambda db, lab, plate: db.get_estimated_duration(lab.work()), None),
    'get_estimated_durations': (
        lambda db, lab, plate: db.get_estimated_durations([lab.work(), lab.work()]),
        [None, None],
    ),
    'write_server_certificate': (lambda db, lab, plate: db.write_server_certificate(lab.reader, 'PEM'), None),
    'get_server_certificate': (lambda db, lab, plate: db.get_server_certificate(lab.reader), ''),
    'health_check': (lambda db, lab, plate: db.health_check(), False),
}

TROUBLES = {
    'gone': Answer(dropped=True),
    'failing': problem(500, 'internal-error'),
    'refusing': problem(409, 'world-conflict'),
    'somebody else': Answer(200, '<h1>It works!</h1>'),
    'of another shape': Answer(200, [1]),
}


@pytest.mark.parametrize('trouble', TROUBLES)
@pytest.mark.parametrize('name', CALLS)
def test_it_logs_and_answers_safely(fake: Fake, caplog: pytest.LogCaptureFixture, name: str, trouble: str) -> None:
    fake.answers(TROUBLES[trouble])
    lab = Lab(StatusDB(fake.url, retry_for=0), 'x')
    plate = lab.plate(0, 'BC')
    caplog.clear()
    call, safe = CALLS[name]
    assert call(lab.db, lab, plate) == safe
    # a write that does not read the response may take any response as success
    assert caplog.records or TROUBLES[trouble].status == 200


@pytest.mark.parametrize('name', CALLS)
def test_it_takes_what_is_no_plate_and_no_place(fake: Fake, name: str) -> None:
    fake.answers(problem(404, 'container-not-found'))
    lab = Lab(StatusDB(fake.url, retry_for=0), 'x')
    plate = lab.plate(0)
    plate.current_device, plate.current_pos, plate.lid_site, plate.lidded = None, None, 'nowhere', False
    call, safe = CALLS[name]
    assert call(lab.db, lab, plate) == safe


def test_a_moment_without_the_service_is_waited_out(fake: Fake) -> None:
    fake.answers(Answer(dropped=True), Answer(body={'empty': True}))
    assert StatusDB(fake.url).position_empty('Hotel', 0) is True
