"""What is seen of an orchestrator: each case in which a step begins, ends, fails, is repeated or resolved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

pytest.importorskip('laborchestrator')

from laborchestrator.structures import StepStatus
from orchestrator import FakeOrchestrator

from platform_status_client.orchestrator.attempts import Resolution, StateReport, StepReport, error_of
from platform_status_client.orchestrator.looks import Looks
from platform_status_client.orchestrator.steps import step_id
from platform_status_client.values import rfc3339


class Seen:
    """An orchestrator, and who looks at it."""

    def __init__(self, *, looked: bool = True, **process: Any) -> None:
        self.lab = FakeOrchestrator()
        self.process = self.lab.process(**process)
        self.looks = Looks(self.lab, 'session', is_simulation=False)
        if looked:
            self.look()

    def look(self) -> list[Any]:
        """What is reported: steps as (name, attempt, status), experiments as (experiment, state)."""
        self.reports: list[Any] = list(self.looks.look(self.lab.after(0.2)))
        return [_short(report) for report in self.reports]

    def body(self) -> dict[str, Any]:
        (report,) = (report for report in self.reports if isinstance(report, StepReport))
        return dict(report.body)


def _short(report: Any) -> Any:
    if isinstance(report, StepReport):
        return report.body['name'], report.body['attempt'], report.body['status']
    return ('resolved', report.step_id) if isinstance(report, Resolution) else (report.experiment, report.state)


def test_a_step_is_told_once_when_it_begins_with_the_plan_of_the_orchestrator() -> None:
    seen = Seen(plates=2)
    step = seen.lab.begins(seen.process.steps[0])
    assert seen.look() == [('P1_0', 1, 'running')]
    assert seen.body() == {
        'id': step_id(step, 'experiment'),
        'name': 'P1_0',
        'device': 'Reader',
        'data': {'fct': 'read'},
        'start': rfc3339(step.start),
        'status': 'running',
        'containers': [],
        'is_simulation': False,
        'experiment_id': 'experiment',
        'session': 'session',
        'attempt': 1,
        'expected_seconds': 10.0,
    }
    assert [plate.barcode for plate in seen.reports[0].plates] == ['BC0', 'BC1']
    assert seen.look() == []


def test_a_move_is_told_when_its_target_is_chosen() -> None:
    seen = Seen()
    move = seen.lab.move(seen.process, target=0)
    seen.lab.begins(move, handled=False)
    assert seen.look() == []
    move.destination_pos = 7
    seen.lab.worker.observation_handlers[move.name] = object()
    assert seen.look() == [('P1_move', 1, 'running')]
    assert seen.body()['destination'] == {'device': 'Reader', 'position': 7}


def test_a_step_without_handler_runs_after_two_seconds_since_executing_it_may_have_failed() -> None:
    seen = Seen()
    seen.lab.begins(seen.process.steps[0], handled=False)
    assert seen.look() == []
    seen.lab.after(2)
    assert seen.look() == [('P1_0', 1, 'running')]


def test_an_end_that_the_orchestrator_logs_is_not_told_again() -> None:
    seen = Seen()
    step = seen.lab.begins(seen.process.steps[0])
    seen.look()
    seen.looks.logged(step, 'experiment')
    seen.lab.has_finished(step)
    assert [report for report in seen.look() if 'experiment' not in report] == []


@pytest.mark.parametrize('looked', [True, False])
def test_an_end_that_nobody_logs_is_told_also_when_it_came_between_two_looks(looked: bool) -> None:
    seen = Seen(plates=0)
    step = seen.lab.begins(seen.process.steps[0])
    if looked:
        seen.look()
    seen.lab.has_finished(step)
    assert seen.look()[0] == ('P1_0', 1, 'completed')
    assert seen.body()['finish'] == rfc3339(step.finish)
    assert seen.look() == []


def test_a_failure_is_told_with_its_error_which_is_set_after_the_status() -> None:
    seen = Seen()
    step = seen.lab.begins(seen.process.steps[0])
    seen.look()
    seen.lab.fails(step)
    assert seen.look() == []
    failed_at = seen.lab.now
    step.result = 'protocol error: no plate\n', None
    assert seen.look() == [('P1_0', 1, 'failed')]
    assert seen.body()['error'] == 'protocol error: no plate'
    assert seen.body()['finish'] == rfc3339(failed_at)
    assert seen.look() == []


def test_a_failed_step_that_is_repeated_is_another_attempt() -> None:
    seen = Seen()
    step = seen.lab.begins(seen.process.steps[0])
    seen.look()
    seen.lab.fails(step)
    seen.look()
    first = step_id(step, 'experiment')
    assert seen.look() == [('P1_0', 1, 'failed')]
    seen.lab.repeats(step)
    assert seen.look() == []
    seen.lab.begins(step)
    assert seen.look() == [('P1_0', 2, 'running')]
    assert seen.body()['id'] != first


@pytest.mark.parametrize('seen_waiting', [True, False])
@pytest.mark.parametrize(('failed', 'ending'), [(False, 'aborted'), (True, 'failed')])
def test_an_attempt_ends_when_the_step_is_repeated_before_its_end_was_seen(
    seen_waiting: bool, failed: bool, ending: str
) -> None:
    seen = Seen()
    step = seen.lab.begins(seen.process.steps[0])
    seen.look()
    begun = seen.body()
    if failed:
        seen.lab.fails(step)
        assert seen.look() == []
    seen.lab.repeats(step)
    told = seen.look() if seen_waiting else []
    ended = seen.body() if seen_waiting else None
    seen.lab.begins(step)
    told += seen.look()
    assert told == [('P1_0', 1, ending), ('P1_0', 2, 'running')]
    if ended is not None:
        assert {name: ended[name] for name in ('id', 'device', 'start')} == {
            name: begun[name] for name in ('id', 'device', 'start')
        }


def test_a_step_that_a_person_resolves_is_aborted_and_does_not_end_in_the_future() -> None:
    seen = Seen()
    step = seen.lab.begins(seen.process.steps[0])
    seen.look()
    seen.lab.resolves(step)
    assert seen.look()[0] == ('P1_0', 1, 'aborted')
    assert seen.body()['error'] == 'It was resolved by hand.'
    assert seen.body()['finish'] == rfc3339(seen.lab.now)


def test_a_failed_step_that_a_person_resolves_needs_no_attention_any_more() -> None:
    seen = Seen()
    step = seen.lab.begins(seen.process.steps[0])
    seen.lab.fails(step)
    seen.look()
    assert seen.look() == [('P1_0', 1, 'failed')]
    seen.lab.resolves(step)
    assert seen.look()[0] == ('resolved', step_id(step, 'experiment'))
    assert [report for report in seen.look() if report[0] == 'resolved'] == []


def test_a_step_that_never_ran_and_is_skipped_by_hand_is_not_told() -> None:
    seen = Seen(steps=2)
    seen.lab.resolves(seen.process.steps[0])
    assert seen.look() == []


def test_a_step_of_a_removed_process_ends_when_its_device_does() -> None:
    seen = Seen()
    seen.lab.starts(seen.process)
    step = seen.lab.begins(seen.process.steps[0])
    seen.look()
    seen.lab.removes(seen.process)
    assert seen.look() == [('experiment', 'aborted')]
    # laborchestrator sets the finish, and then looks for the step by its name, in vain, again and again
    step.finish = seen.lab.after(5)
    first = step.finish
    assert seen.look() == [('P1_0', 1, 'completed')]
    assert seen.body()['finish'] == rfc3339(first)
    step.finish = seen.lab.after(5)
    assert seen.look() == []


def test_a_process_with_the_name_of_a_removed_one_is_another() -> None:
    seen = Seen()
    seen.lab.starts(seen.process)
    seen.lab.begins(seen.process.steps[0])
    seen.look()
    seen.lab.removes(seen.process)
    again = seen.lab.process(experiment='second')
    seen.lab.starts(again)
    seen.lab.begins(again.steps[0])
    assert seen.look() == [('P1_0', 1, 'running'), ('second', 'running'), ('experiment', 'aborted')]
    assert seen.body()['experiment_id'] == 'second'


def test_states_of_processes_are_told_when_they_change() -> None:
    seen = Seen()
    assert seen.look() == []
    seen.lab.starts(seen.process)
    assert (seen.look(), seen.looks.state()) == ([('experiment', 'running')], 'running')
    assert seen.look() == []
    seen.lab.pauses(seen.process)
    assert (seen.look(), seen.looks.state()) == ([('experiment', 'paused')], 'paused')
    seen.lab.starts(seen.process)
    assert seen.look() == [('experiment', 'running')]
    seen.lab.has_finished(seen.lab.begins(seen.process.steps[0]))
    assert seen.look()[1:] == [('experiment', 'completed')]
    assert seen.looks.state() == 'idle'
    seen.lab.removes(seen.process)
    assert seen.look() == []


def test_a_process_that_was_paused_between_two_looks_was_started() -> None:
    seen = Seen()
    seen.lab.starts(seen.process)
    seen.lab.pauses(seen.process)
    assert seen.look() == [('experiment', 'running'), ('experiment', 'paused')]


def test_states_are_told_again_when_the_service_may_have_taken_the_orchestrator_for_dead() -> None:
    seen = Seen()
    seen.lab.starts(seen.process)
    seen.look()
    seen.looks.tell_states_again()
    assert seen.look() == [('experiment', 'running')]
    assert seen.look() == []


def test_what_was_over_before_anybody_looked_is_not_told_and_what_runs_is() -> None:
    seen = Seen(looked=False, steps=3)
    done, fails, runs = seen.process.steps
    seen.lab.has_finished(seen.lab.begins(done))
    seen.lab.begins(runs)
    seen.lab.fails(seen.lab.begins(fails))
    over = seen.lab.process('P2', 'second', steps=0)
    assert over.status.name == 'FINISHED'
    assert seen.look() == [('P1_2', 1, 'running')]
    assert seen.look() == [('P1_1', 1, 'failed')]


def test_the_end_says_of_the_device_what_the_start_said() -> None:
    seen = Seen()
    step = seen.lab.begins(seen.process.steps[0])
    seen.look()
    # a new schedule assigns another device
    step.used_devices[0].name = 'Reader 2'
    told = seen.looks.told_at_start(step_id(step, 'experiment'))
    assert told == {'device': 'Reader', 'session': 'session', 'attempt': 1, 'expected_seconds': 10.0}
    seen.lab.fails(step)
    seen.look()
    seen.look()
    assert seen.body()['device'] == 'Reader'


def test_a_step_that_is_not_understood_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    seen = Seen(steps=2)
    odd, _ = map(seen.lab.begins, seen.process.steps)
    odd.start = 'yesterday'
    assert seen.look() == [('P1_1', 1, 'running')]
    assert seen.look() == []
    assert [record.getMessage() for record in caplog.records] == ['the step P1_0 of the orchestrator is not understood']
    odd.start = seen.lab.now
    assert seen.look() == [('P1_0', 1, 'running')]


def test_nothing_of_what_is_over_and_removed_is_kept() -> None:
    seen = Seen()
    for number in range(5):
        process = seen.lab.process(f'Q{number}', f'experiment {number}')
        step = seen.lab.begins(process.steps[0])
        seen.look()
        seen.looks.logged(step, f'experiment {number}')
        seen.lab.has_finished(step)
        seen.look()
        seen.lab.removes(process)
        seen.look()
    assert (len(seen.looks._attempts), len(seen.looks._by_id), len(seen.looks._logged)) == (0, 0, 0)
    assert len(seen.looks._processes) == 1


def test_the_id_of_a_step_does_not_depend_on_its_finish_or_device() -> None:
    seen = Seen()
    step = seen.lab.begins(seen.process.steps[0])
    told = step_id(step, 'experiment')
    step.finish, step.used_devices[0].name = step.start + timedelta(seconds=5), 'Reader 2'
    assert step_id(step, 'experiment') == told
    step.start += timedelta(milliseconds=1)
    assert step_id(step, 'experiment') != told


@pytest.mark.parametrize(
    ('result', 'error'),
    [
        (None, None),
        ('', None),
        (('protocol error: x\n', None), 'protocol error: x'),
        (ValueError('no plate'), 'no plate'),
        ('a\x07b\r\n\n c\x00', 'a b\nc\ufffd'),
        ('x' * 5000, 'x' * 2000),
    ],
)
def test_the_error_of_a_step_is_text(result: Any, error: str | None) -> None:
    assert error_of(result) == error


def test_reports_of_states_have_the_time_at_which_they_were_seen() -> None:
    seen = Seen()
    seen.lab.starts(seen.process)
    seen.look()
    assert seen.reports == [StateReport('experiment', 'running', seen.lab.now)]


def test_status_numbers_are_those_of_the_orchestrator() -> None:
    # steps of subclasses and of other threads may have the number
    seen = Seen()
    step = seen.lab.begins(seen.process.steps[0])
    step.status = int(StepStatus.RUNNING)
    assert seen.look() == [('P1_0', 1, 'running')]
