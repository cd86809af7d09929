"""Runs a process in a real laborchestrator to its end, and writes what the status database has at the end to a file.

The reader, the scheduler, and the threads of worker and observer are real. Only the devices are simulated. It fails if
a step does not end, if the database and the orchestrator do not agree, or if the database logged a warning or an error.

    python run.py LAB.yaml RESULT.json [URL]      without URL: Platform Status DB
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import time
from typing import Any

from assay import Assay
from databases import Row, the_former, the_service
from laborchestrator.orchestrator_implementation import Orchestrator
from laborchestrator.structures import StepStatus
from labscheduler.sila_server import Client as SchedulerClient
from labscheduler.sila_server import Server as SchedulerServer
from told import Begun
from worker import LabWorker

NAME = 'P1'
LONGEST = 90.0
SPEED = 60
# the default algorithm needs ortools; without ortools nothing would be scheduled
ALGORITHM = 'LPTFPD'


class Troubles(logging.Handler):
    """The warnings and errors that the status database logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def start_scheduler() -> SchedulerClient:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    server = SchedulerServer()
    assert server.scheduler_interface.select_algorithm(ALGORITHM), f'the scheduler has no {ALGORITHM}'
    server.start_insecure('127.0.0.1', port, enable_discovery=False)
    return SchedulerClient('127.0.0.1', port, insecure=True)


def start_orchestrator(db: Any, lab_file: str) -> Orchestrator:
    scheduler = start_scheduler()
    orchestrator = Orchestrator(reader='PythonLab', worker_type=LabWorker)
    # before it searches for a scheduler in the network
    orchestrator.schedule_manager._scheduler_client = scheduler
    orchestrator.inject_db_interface(db)
    assert orchestrator.db_client is db, 'the orchestrator refused the database, and went on with its dummy'
    orchestrator.add_lab_resources_from_file(lab_file)
    return orchestrator


def add_process(orchestrator: Orchestrator) -> Any:
    name = orchestrator.add_process(process_object=Assay(), name=NAME)
    found, missing = orchestrator.check_labware_presence([name])
    assert not found, f'already there: {found}'
    orchestrator.add_labware(missing)
    _, missing = orchestrator.check_labware_presence([name])
    assert not missing, f'added, but not found: {missing}'
    return orchestrator.jssp.process_by_name[name]


def run_to_the_end(orchestrator: Orchestrator, process: Any) -> None:
    orchestrator.simulate_all_processes(SPEED)
    until = time.monotonic() + LONGEST
    while not orchestrator.process_finished(NAME):
        statuses = {step.name: step.status.name for step in process.steps if step.status != StepStatus.FINISHED}
        assert StepStatus.ERROR.name not in statuses.values(), f'steps failed: {statuses}'
        assert time.monotonic() < until, f'not over after {LONGEST} s: {statuses}'
        time.sleep(0.1)
    # a step counts as finished before its thread has logged it
    time.sleep(1)


def plates_agree(db: Any, process: Any) -> dict[str, Any]:
    """Every plate in the database. It must be as in the orchestrator."""
    plates = {}
    for plate in process.containers:
        by_place = db.get_container_at_position(plate.current_device, plate.current_pos)
        by_barcode = db.get_cont_info_by_barcode(plate.barcode)
        for found in (by_place, by_barcode):
            assert found is not None, f'{plate} is not found'
            # Platform Status DB returns its device objects instead of names
            site = found.lid_site and [str(found.lid_site[0]), found.lid_site[1]]
            here = (found.barcode, found.current_device, found.current_pos, found.lidded, site)
            there = (plate.barcode, plate.current_device, plate.current_pos, plate.lidded, plate.lid_site)
            assert here == there, f'the database has {here}, the orchestrator {there}'
        plates[plate.barcode] = {
            'device': plate.current_device,
            'lidded': plate.lidded,
            'lid': plate.lid_site and plate.lid_site[0],
        }
    return plates


def taken_slots(db: Any, process: Any, devices: list[str]) -> dict[str, int]:
    """How many slots of each device are not empty. They must be those with a plate or a lid of the process.

    The slots differ from one execution to the next, because it varies which of two plates is faster.
    """
    taken = {
        device: [slot for slot in db.get_all_positions(device) if not db.position_empty(device, slot)]
        for device in devices
    }
    places = [(plate.current_device, plate.current_pos) for plate in process.containers]
    lids = [tuple(plate.lid_site) for plate in process.containers if plate.lid_site]
    wanted = {device: sorted(slot for where, slot in [*places, *lids] if where == device) for device in devices}
    assert taken == wanted, f'taken are {taken}, where plates and lids are {wanted}'
    return {device: len(slots) for device, slots in taken.items()}


def log_is_whole(rows: list[Row], process: Any) -> list[Row]:
    """The step log. It must have every step once for each plate of the step."""
    wanted = sum(len(step.cont_names) for step in process.steps)
    assert len(rows) == wanted, f'{len(rows)} rows of the log, not {wanted}'
    return sorted(rows, key=lambda row: json.dumps(row))


def estimates_of_the_next_run(orchestrator: Orchestrator, db: Any) -> dict[str, Any]:
    """What a second call for the same process returns. It must not create another process."""
    before = len(db.get_available_processes())
    again = orchestrator.jssp.process_by_name[orchestrator.add_process(process_object=Assay(), name='P2')]
    assert len(db.get_available_processes()) == before, 'the same process again is another one'
    seconds = db.get_estimated_durations(again.steps)
    known = [(step.data['fct'], estimate is not None) for step, estimate in zip(again.steps, seconds, strict=True)]
    # a step takes 0.3 s, and laborchestrator notices its end within half a second
    assert all(estimate is None or 0.2 < estimate < 5 for estimate in seconds), f'estimates are {seconds}'
    return {'known': sorted(known)}


def main(lab_file: str, state_file: str, url: str | None = None) -> None:
    troubles = Troubles()
    logging.getLogger('platform_status_client').addHandler(troubles)
    db, rows = the_former() if url is None else the_service(url)
    db.wipe_lab()
    db.create_lab_from_config(lab_file)
    orchestrator = start_orchestrator(db, lab_file)
    begun = None if url is None else Begun(db, orchestrator, url)
    process = add_process(orchestrator)
    run_to_the_end(orchestrator, process)
    if begun is not None:
        begun.agree_with(process)
    devices = ['Hotel1', 'Hotel2', 'Hotel3', 'GenericArm', 'Human', 'Greeter']
    state = {
        'plates': plates_agree(db, process),
        'taken': taken_slots(db, process, devices),
        'log': log_is_whole(rows(process.experiment_uuid), process),
        'estimates': estimates_of_the_next_run(orchestrator, db),
    }
    assert troubles.messages == [], f'the database complained: {troubles.messages}'
    with open(state_file, 'w') as file:
        json.dump(state, file, indent=1)
    print(f'{len(process.steps)} steps, {len(state["log"])} rows of the log, {len(process.containers)} plates')


if __name__ == '__main__':
    try:
        main(*sys.argv[1:])
    except Exception as error:
        logging.exception('the run failed: %s', error)
        code = 1
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    # the threads of laborchestrator never end by themselves
    os._exit(code)
