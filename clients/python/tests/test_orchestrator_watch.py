"""What a watch of an orchestrator tells the service: in order, once, and whatever happens to the service."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip('laborchestrator')

from fake import Answer, Asked, Fake, problem
from lab import Lab
from laborchestrator.structures import ProcessStep
from orchestrator import FakeOrchestrator

from platform_status_client import StatusDB, Unreachable
from platform_status_client.orchestrator import lease, orchestrator_watch, spool
from platform_status_client.orchestrator.attempts import Attempt
from platform_status_client.orchestrator.lease import Lease
from platform_status_client.orchestrator.looks import Looks
from platform_status_client.orchestrator.replan import Replan

PLATE = {'id': 'the-id', 'barcode': None, 'lidded': True, 'device': 'Hotel', 'position': 0}


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


class Told:
    """An orchestrator that is watched, and a fake service that is told."""

    def __init__(self, fake: Fake, folder: Path, **options: Any) -> None:
        self.fake = fake
        fake.answer = self.answer
        self.is_away = False
        self.lab = FakeOrchestrator()
        self.process = self.lab.process()
        self.db = StatusDB(fake.url, retry_for=0, spool=folder)
        self.db.watch(self.lab, name='cage 2', **options)

    def answer(self, asked: Asked) -> Answer:
        if self.is_away:
            return Answer(dropped=True)
        if asked.path.startswith('/api/containers'):
            return Answer(body={**PLATE, 'barcode': asked.path.rpartition('/')[2]})
        return Answer(body={'status': 'created', 'id': 'x', 'items': []})

    def writes(self) -> list[tuple[str, str]]:
        """What was told of steps and experiments: (what, status)."""
        return [
            (told.get('name', asked.path.removeprefix('/api/')), told.get('status', ''))
            for asked in list(self.fake.asked)
            if asked.method in ('POST', 'PATCH')
            for told in [json.loads(asked.body)]
        ]

    def kept(self) -> list[Path]:
        return self.db.watches[0]._reports.keeper.spool.waiting()


@pytest.fixture
def told(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    monkeypatch.setattr(orchestrator_watch, 'LOOK_EVERY', 0.02)
    monkeypatch.setattr(lease, 'RETRY', 0.05)
    monkeypatch.setattr(spool, 'FIRST_PAUSE', 0.05)
    made = Told(fake, tmp_path)
    yield made
    made.db.close()


def runs_and_fails(told: Told) -> None:
    """One step that is logged, and one that fails."""
    told.lab.starts(told.process)
    step = told.lab.begins(told.process.steps[0])
    told.db.watches[0].look()
    told.lab.has_finished(step, told.db)
    step = told.lab.begins(told.lab.move(told.process))
    told.db.watches[0].look()
    told.lab.fails(step)
    told.db.watches[0].look()
    told.db.watches[0].look()


def test_what_happens_is_told_in_order_with_a_lease(told: Told) -> None:
    runs_and_fails(told)
    assert eventually(lambda: len(told.writes()) == 5)
    of_the_watch = [write for write in told.writes() if write != ('P1_0', 'completed')]
    assert of_the_watch == [
        ('P1_0', 'running'),
        ('experiments/experiment', 'running'),
        ('P1_move', 'running'),
        ('P1_move', 'failed'),
    ]
    assert eventually(lambda: any(asked.method == 'PUT' for asked in told.fake.asked))
    sign = next(asked for asked in told.fake.asked if asked.method == 'PUT')
    assert sign.path == '/api/orchestrators/cage%202'
    session = told.db.watches[0].session
    assert json.loads(sign.body)['session'] == session
    steps = [json.loads(asked.body) for asked in told.fake.asked if asked.path == '/api/steps']
    assert {step['session'] for step in steps} == {session}
    assert len({step['id'] for step in steps}) == 2
    assert all(step['containers'] == ['BC0'] for step in steps if step['status'] != 'running')
    move = next(step for step in steps if step['name'] == 'P1_move' and step['status'] == 'running')
    assert (move['lidded_before'], move['lidded_after']) == (True, True)


def test_without_service_everything_is_kept_on_disk_and_told_in_order_when_it_is_back(told: Told) -> None:
    told.is_away = True
    runs_and_fails(told)
    assert eventually(lambda: len(told.kept()) == 4)
    told.fake.asked.clear()
    told.is_away = False
    assert eventually(lambda: not told.kept() and not told.db.keeper.spool.waiting())
    of_the_watch = [write for write in told.writes() if write != ('P1_0', 'completed')]
    assert of_the_watch == [
        ('P1_0', 'running'),
        ('experiments/experiment', 'running'),
        ('P1_move', 'running'),
        ('P1_move', 'failed'),
    ]
    # by its barcode, although nobody could look for it
    steps = [json.loads(asked.body) for asked in told.fake.asked if asked.path == '/api/steps']
    assert [step['containers'] for step in steps if step['status'] == 'failed'] == [['BC0']]


def test_what_an_orchestrator_left_untold_is_told_by_the_next_one(fake: Fake, tmp_path: Path) -> None:
    first = Told(fake, tmp_path)
    first.is_away = True
    runs_and_fails(first)
    first.db.close()
    assert len(first.kept()) == 4
    first.fake.asked.clear()
    second = Told(fake, tmp_path)
    assert eventually(lambda: not second.kept())
    sessions = {
        json.loads(asked.body)['session']
        for asked in fake.asked
        if asked.path == '/api/steps' and 'P1_move' in asked.body
    }
    assert sessions == {first.db.watches[0].session}
    assert sessions != {second.db.watches[0].session}
    second.db.close()


def test_what_the_orchestrator_records_does_not_wait_for_what_the_watch_could_not_tell(told: Told) -> None:
    told.is_away = True
    told.lab.starts(told.process)
    assert eventually(lambda: len(told.kept()) == 1)
    told.is_away = False
    # while something is kept, a call of the orchestrator is made at once, because it reads the slots behind it
    told.db.lidded_container(told.process.containers[0])
    assert told.db.keeper.spool.waiting() == []
    assert any(asked.path.endswith('/lid') for asked in told.fake.asked)


def test_containers_are_found_by_their_place_and_remembered_for_the_time_without_service(told: Told) -> None:
    told.process.containers[0].barcode = None
    answer = told.answer
    told.fake.answer = lambda asked: (
        Answer(body={'occupied_by': 'container', 'occupant': PLATE})
        if asked.path == '/api/devices/Hotel/positions/0' and not told.is_away
        else answer(asked)
    )
    step = told.lab.begins(told.process.steps[0])
    assert eventually(lambda: ('P1_0', 'running') in told.writes())
    told.is_away = True
    told.lab.fails(step)
    assert eventually(lambda: len(told.kept()) == 1)
    told.is_away = False
    assert eventually(lambda: ('P1_0', 'failed') in told.writes())
    steps = [json.loads(asked.body) for asked in told.fake.asked if asked.path == '/api/steps']
    assert {tuple(step['containers']) for step in steps} == {('the-id',)}


def test_a_container_that_is_not_known_is_named_only_at_the_end(told: Told) -> None:
    answer = told.answer
    told.fake.answer = lambda asked: (
        problem(404, 'container-not-found')
        if asked.path.startswith(('/api/containers', '/api/devices'))
        else answer(asked)
    )
    step = told.lab.begins(told.process.steps[0])
    assert eventually(lambda: ('P1_0', 'running') in told.writes())
    told.lab.fails(step)
    assert eventually(lambda: ('P1_0', 'failed') in told.writes())
    steps = [json.loads(asked.body) for asked in told.fake.asked if asked.path == '/api/steps']
    assert [step['containers'] for step in steps] == [[], ['BC0']]


def test_a_start_that_is_told_after_the_end_names_no_container_since_it_may_have_moved(told: Told) -> None:
    step = told.lab.begins(told.process.steps[0])
    (report,) = Looks(told.lab, 'session', is_simulation=False).look(told.lab.now)
    step.finish = told.lab.after(1)
    told.db.watches[0]._reports.tell(report)
    steps = [
        json.loads(asked.body) for asked in told.fake.asked if '"session"' in asked.body and asked.path == '/api/steps'
    ]
    assert ('running', []) in [(step['status'], step['containers']) for step in steps if step['session'] == 'session']


def test_a_failed_step_that_is_resolved_by_hand_is_corrected(told: Told) -> None:
    step = told.lab.begins(told.process.steps[0])
    told.lab.fails(step)
    assert eventually(lambda: ('P1_0', 'failed') in told.writes())
    told.lab.resolves(step)
    assert eventually(lambda: any(asked.method == 'PATCH' and '/steps/' in asked.path for asked in told.fake.asked))
    patch = json.loads(
        next(asked.body for asked in told.fake.asked if asked.method == 'PATCH' and '/steps/' in asked.path)
    )
    assert patch == {'status': 'aborted', 'reason': 'It was resolved by hand in the orchestrator.'}


def test_pauses_have_the_time_at_which_they_began(told: Told) -> None:
    told.is_away = True
    told.lab.starts(told.process)
    told.db.watches[0].look()
    told.lab.pauses(told.process)
    told.db.watches[0].look()
    paused_at = datetime.now()
    assert eventually(lambda: len(told.kept()) == 2)
    told.is_away = False
    assert eventually(lambda: any(asked.path.endswith('/pause') for asked in told.fake.asked))
    at = json.loads(next(asked.body for asked in told.fake.asked if asked.path.endswith('/pause')))['at']
    assert datetime.fromisoformat(at.replace('Z', '+00:00')) <= paused_at.astimezone()


def test_at_most_so_many_reports_wait_in_memory(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orchestrator_watch, 'MOST_REPORTS', 0)
    told.lab.begins(told.process.steps[0])
    told.db.watches[0].look()
    assert not told.db.watches[0]._waiting
    monkeypatch.setattr(orchestrator_watch, 'MOST_REPORTS', 10)
    # nothing was missed
    assert eventually(lambda: ('P1_0', 'running') in told.writes())


def test_an_orchestrator_that_cannot_be_read_is_logged_once_and_looked_at_again(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    jssp, told.lab.jssp = told.lab.jssp, SimpleNamespace()
    assert eventually(lambda: 'the orchestrator could not be looked at' in caplog.text)
    time.sleep(0.2)
    assert caplog.text.count('the orchestrator could not be looked at') == 1
    told.lab.jssp = jssp
    told.lab.begins(told.process.steps[0])
    assert eventually(lambda: ('P1_0', 'running') in told.writes())


def test_it_watches_an_orchestrator_once_and_nothing_else(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    told.db.watch(told.lab)
    assert 'this orchestrator is watched already' in caplog.text
    assert len(told.db.watches) == 1
    with pytest.raises(TypeError, match='SimpleNamespace has no jssp, worker, schedule_manager'):
        told.db.watch(SimpleNamespace())


def test_a_lease_that_had_lapsed_says_so_and_a_lost_sign_of_life_is_repeated_soon(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, 'platform_status_client')
    clock, answers = [0.0], [True, False, False, True, True]
    lapses: list[float] = []
    monkeypatch.setattr(time, 'monotonic', lambda: clock[0])

    def put_orchestrator(name: str, **body: Any) -> None:
        assert (name, body) == ('cage', {'session': 's', 'ttl_seconds': lease.TTL, 'state': 'running'})
        if not answers.pop(0):
            raise Unreachable('no response')

    client: Any = SimpleNamespace(put_orchestrator=put_orchestrator)
    made = Lease(client, 'cage', 's', lambda: 'running', lambda: lapses.append(clock[0]))
    pauses = []
    for now in (0, 10, 40, 45, 106):
        clock[0] = now
        pauses.append(made.renew())
    assert pauses == [lease.PERIOD, lease.RETRY, lease.RETRY, lease.PERIOD, lease.PERIOD]
    # between the answers at 0 and at 45 it lasted, and before the one at 106 it did not
    assert lapses == [106]
    assert [(record.levelname, record.getMessage().partition(':')[0]) for record in caplog.records] == [
        ('INFO', 'the sign of life of orchestrator cage was not taken, and is repeated'),
        ('WARNING', 'signs of life of orchestrator cage are not taken since 30 s, and its steps will be lost'),
        ('INFO', 'signs of life of orchestrator cage are taken again'),
    ]


class Planned:
    """Steps that run since ten seconds, and a service that knows how long they will take."""

    def __init__(self, *durations: float) -> None:
        self.lab = FakeOrchestrator()
        self.process = self.lab.process(steps=len(durations))
        self.remaining: dict[str, float | None] = {}
        self.asked: list[list[str]] = []
        client: Any = SimpleNamespace(estimate_remaining=self._estimate)
        self.plan = Replan(self.lab, client)
        self.attempts = [
            self._attempt(step, duration) for step, duration in zip(self.process.steps, durations, strict=True)
        ]

    def _attempt(self, step: ProcessStep, duration: float) -> Attempt:
        self.lab.begins(step)
        step.start, step.duration = self.lab.now, duration
        return Attempt(step, step.start, 1, step.name, 'experiment')

    def _estimate(self, *, step_ids: list[str]) -> dict[str, Any]:
        self.asked.append(step_ids)
        items = [
            {'step_id': step, 'remaining_seconds': self.remaining[step]} for step in step_ids if step in self.remaining
        ]
        return {'items': items}

    def replan(self, elapsed: float) -> list[float]:
        self.plan.replan(self.attempts, self.attempts[0].start + timedelta(seconds=elapsed))
        return [step.duration for step in self.process.steps]


def test_steps_that_are_late_get_the_expected_duration_and_the_schedule_is_made_again_once() -> None:
    planned = Planned(10, 10, 30)
    planned.remaining = {'P1_0': 25.0, 'P1_1': None}
    # laborchestrator lets a step be a second late
    for elapsed in (5, 10.4):
        assert planned.replan(elapsed) == [10, 10, 30]
    assert (planned.asked, planned.lab.reschedules) == ([], 0)
    # the second took longer than all before it: nobody knows, so its plan is doubled
    assert [round(seconds) for seconds in planned.replan(11.6)] == [37, 20, 30]
    assert (planned.asked, planned.lab.reschedules) == ([['P1_0', 'P1_1']], 1)
    assert [round(seconds) for seconds in planned.replan(12)] == [37, 20, 30]
    assert planned.lab.reschedules == 1


def test_a_step_that_hangs_causes_few_schedules() -> None:
    planned = Planned(2)
    # always as if it would end at once
    planned.remaining = {'P1_0': 0.0}
    for tenths in range(20, 600):
        planned.replan(tenths / 10)
    assert planned.lab.reschedules < 16


def test_a_step_that_has_ended_keeps_its_real_duration() -> None:
    planned = Planned(10)
    planned.remaining = {'P1_0': 25.0}
    step = planned.process.steps[0]
    step.finish = step.start
    assert planned.replan(11) == [10]
    assert planned.lab.reschedules == 0


def test_without_service_the_orchestrator_plans_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    planned = Planned(10)

    def fail(**_: Any) -> None:
        raise Unreachable('no response')

    # it is no client, and has only what is called
    planned.plan._client = SimpleNamespace(estimate_remaining=fail)  # type: ignore[assignment]
    assert planned.replan(11) == [10]
    assert planned.lab.reschedules == 0


def test_a_step_is_told_at_its_start_and_logged_at_its_end_and_is_one(url: str, tag: str, tmp_path: Path) -> None:
    db = StatusDB(url)
    lab = Lab(db, tag).set_up(tmp_path)
    experiment = lab.experiment()
    orchestrator = FakeOrchestrator()
    process = orchestrator.process(experiment=experiment)
    plate = lab.plate(0)
    plate.name = process.containers[0].name
    process.containers[0] = orchestrator.jssp.container_info_by_name[plate.name] = plate
    (step,) = process.steps
    step.used_devices[0].name = lab.reader
    db.watch(orchestrator, name=f'orchestrator {tag}')
    orchestrator.starts(process)
    orchestrator.begins(step)
    assert eventually(lambda: len(lab.steps(experiment)) == 1)
    (told,) = lab.steps(experiment)
    assert (told['status'], told['attempt'], told['expected_seconds'], told['finish']) == ('running', 1, 10, None)
    assert [container['id'] is not None for container in told['containers']] == [True]
    assert db.client.get_experiment(experiment)['status'] == 'running'
    plate.barcode = f'BC_{tag}'
    db.set_barcode(plate)
    orchestrator.has_finished(step, db)
    (ended,) = lab.steps(experiment)
    assert (ended['id'], ended['status'], ended['attempt']) == (told['id'], 'completed', 1)
    assert [container['barcode'] for container in ended['containers']] == [plate.barcode]
    assert ended['warnings'] == []
    assert eventually(lambda: db.client.get_experiment(experiment)['status'] == 'completed')
    db.close()


def test_an_experiment_that_was_taken_for_lost_runs_again(url: str, tag: str) -> None:
    db = StatusDB(url)
    experiment = db.create_experiment(process_id=db.add_process_to_db(name=tag, src=f'# {tag}\n'))
    orchestrator = FakeOrchestrator()
    process = orchestrator.process(experiment=experiment)
    db.watch(orchestrator, name=f'orchestrator {tag}')

    def becomes(state: str) -> bool:
        return eventually(lambda: db.client.get_experiment(experiment)['status'] == state)

    for state, does in (('running', orchestrator.starts), ('paused', orchestrator.pauses)):
        does(process)
        assert becomes(state)
        # another session with the name begins, as if the lease had lapsed
        db.client.put_orchestrator(f'orchestrator {tag}', session=f'other {state} {tag}', ttl_seconds=5)
        assert becomes('lost')
        db.watches[0]._lease.renew()
        db.watches[0]._looks.tell_states_again()
        assert becomes(state)
    db.close()


def test_the_steps_of_an_orchestrator_that_died_are_lost_when_it_is_started_again(
    url: str, tag: str, tmp_path: Path
) -> None:
    db = StatusDB(url)
    lab = Lab(db, tag).set_up(tmp_path)
    experiment = lab.experiment()
    orchestrator = FakeOrchestrator()
    process = orchestrator.process(experiment=experiment, plates=0)
    process.steps[0].used_devices[0].name = lab.reader
    db.watch(orchestrator, name=f'orchestrator {tag}')
    orchestrator.starts(process)
    orchestrator.begins(process.steps[0])
    assert eventually(lambda: [step['status'] for step in lab.steps(experiment)] == ['running'])
    assert eventually(lambda: db.client.get_experiment(experiment)['session'] == db.watches[0].session)
    again = StatusDB(url, spool=tmp_path / 'again')
    again.watch(FakeOrchestrator(), name=f'orchestrator {tag}')
    assert eventually(lambda: [step['status'] for step in lab.steps(experiment)] == ['lost'])
    assert db.client.get_experiment(experiment)['status'] == 'lost'
    again.close()
    db.close()
