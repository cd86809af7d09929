"""Sees what a laborchestrator does, by looking at its data.

It has no hooks for starts and failures, and labs override the methods in which steps run. So everything is read, again
and again, and what differs from the look before is reported. Nothing runs in the threads of the orchestrator.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from copy import copy
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from laborchestrator.structures import ContainerInfo, ProcessStep, StepStatus

from ..values import in_utc, rfc3339
from .attempts import Attempt, Report, Resolution, StateReport, StepReport, error_of
from .steps import begun_step, step_id

if TYPE_CHECKING:
    from ..models import StepCreate, StepEnding

log = logging.getLogger('platform_status_client')

# the status of a step is set before its target is chosen and its handler is there; without a handler it runs as well
WITHOUT_HANDLER = timedelta(seconds=2)
# by the names of ProcessExecutionState; what was not started is not told
STATES = {'RUNNING': 'running', 'PAUSED': 'paused', 'FINISHED': 'completed'}
FINAL = frozenset({'completed', 'aborted'})
# what is known better at the end of a step
OF_THE_END = ('data', 'origin', 'destination', 'barcode_read')
# more steps than any lab logs between two looks
MOST = 10_000


class Looks:
    """What was seen of one orchestrator. One thread looks; others may call `logged`, `told_at_start` and `running`."""

    def __init__(self, orchestrator: Any, session: str, *, is_simulation: bool) -> None:
        self._orchestrator = orchestrator
        self._session = session
        self._is_simulation = is_simulation
        self._lock = Lock()
        # by id(), so that a step with the name of a removed one is another step
        self._attempts: dict[int, Attempt] = {}
        self._by_id: dict[str, Attempt] = {}
        self._processes: dict[int, tuple[Any, str | None]] = {}
        # steps that the orchestrator logged itself, oldest first
        self._logged: dict[str, None] = {}
        self._is_first = True
        self._odd: set[int] = set()

    def look(self, now: datetime) -> list[Report]:
        """What happened since the look before, in order. `now` is local and without a zone, as in the orchestrator."""
        jssp = self._orchestrator.jssp
        # before the steps: a process has finished only when its steps have
        states = list(self._states(list(jssp.process_by_name.values()), now))
        steps: list[ProcessStep] = list(jssp.step_by_id.values())
        reports: list[Report] = []
        for step in steps:
            if step.start is not None or id(step) in self._attempts:
                self._see(step, now, reports, is_there=True)
        there = set(map(id, steps))
        for key, attempt in list(self._attempts.items()):
            if key not in there:
                self._see(attempt.step, now, reports, is_there=False)
                if attempt.step.start is None or attempt.ending is not None:
                    self._forget(key)
        self._is_first = False
        return [*reports, *states]

    def logged(self, step: ProcessStep, experiment: str) -> None:
        """The orchestrator logs the end of this step itself."""
        if step.start is None:
            return
        self._logged[step_id(step, experiment)] = None
        if len(self._logged) > MOST:
            del self._logged[next(iter(self._logged))]

    def told_at_start(self, step: str | None) -> dict[str, Any]:
        """What the start of a step said, and its end must not contradict or would leave out."""
        attempt = None if step is None else self._by_id.get(step)
        if attempt is None or attempt.begun is None:
            return {}
        begun: dict[str, Any] = dict(attempt.begun)
        return {name: begun[name] for name in ('device', 'session', 'attempt', 'expected_seconds') if name in begun}

    def running(self) -> list[Attempt]:
        """The attempts that were told and go on."""
        return [
            attempt
            for attempt in list(self._attempts.values())
            if attempt.begun is not None and attempt.ending is None and attempt.step.finish is None
        ]

    def state(self) -> str:
        """What the orchestrator does, in a word."""
        told = {state for _, state in list(self._processes.values())}
        return next((state for state in ('running', 'paused') if state in told), 'idle')

    def tell_states_again(self) -> None:
        """The service may have taken this orchestrator for dead: its experiments are told again."""
        with self._lock:
            for key, (process, state) in list(self._processes.items()):
                if state is not None and state not in FINAL:
                    self._processes[key] = (process, None)

    def _states(self, processes: list[Any], now: datetime) -> Iterator[StateReport]:
        with self._lock:
            for process in processes:
                state = STATES.get(process.status.name)
                _, told = self._processes.setdefault(id(process), (process, state if self._is_over(state) else None))
                # a finished process that was started again runs in the same experiment, which is over
                if state is not None and state != told and told not in FINAL:
                    self._processes[id(process)] = (process, state)
                    yield from self._changed(process, told, state, now)
            there = set(map(id, processes))
            for key, (process, told) in list(self._processes.items()):
                if key not in there:
                    # nothing else says that a process was removed
                    del self._processes[key]
                    if told not in FINAL:
                        ended = 'completed' if process.status.name == 'FINISHED' else 'aborted'
                        yield from self._changed(process, told, ended, now)

    def _is_over(self, state: str | None) -> bool:
        # what had ended before anybody looked was told by whoever ran it
        return self._is_first and state in FINAL

    def _changed(self, process: Any, told: str | None, state: str, now: datetime) -> Iterator[StateReport]:
        experiment = _experiment(process)
        if experiment == '':
            return
        if told is None and state in ('paused', 'completed'):
            # it was started, and paused or over, between two looks
            yield StateReport(experiment, 'running', now)
        yield StateReport(experiment, state, now)

    def _see(self, step: ProcessStep, now: datetime, reports: list[Report], *, is_there: bool) -> None:
        """One step that is not understood must not hide the others. It is looked at again the next time."""
        try:
            reports.extend(self._seen(step, now, is_there=is_there))
        except Exception:
            if id(step) not in self._odd:
                self._odd.add(id(step))
                log.exception('the step %s of the orchestrator is not understood', getattr(step, 'name', step))

    def _seen(self, step: ProcessStep, now: datetime, *, is_there: bool) -> Iterator[Report]:
        start = step.start
        attempt = self._attempts.get(id(step))
        if attempt is not None and attempt.start != start:
            # it is repeated: laborchestrator takes the start away first
            if attempt.ending is None and attempt.failed_at is not None:
                yield from self._ended(attempt, 'failed', attempt.failed_at, error_of(step.result))
            elif attempt.ending is None:
                yield from self._ended(attempt, 'aborted', now, 'It was interrupted, to be tried again.')
            self._by_id.pop(attempt.id, None)
            self._logged.pop(attempt.id, None)
        if start is None:
            return
        if attempt is None or attempt.start != start:
            attempt = self._new_attempt(step, start, attempt)
        if attempt.ending is None:
            yield from self._progress(attempt, now, is_there=is_there)
        elif attempt.ending == 'failed' and step.status == StepStatus.FINISHED and not self._has_handler(step):
            attempt.ending = 'aborted'
            yield Resolution(attempt.id)

    def _new_attempt(self, step: ProcessStep, start: datetime, before: Attempt | None) -> Attempt:
        if before is not None:
            experiment = before.experiment
        else:
            process = self._orchestrator.jssp.process_by_name.get(step.process_name)
            experiment = '' if process is None else _experiment(process)
        number = 1 if before is None else before.number + 1
        made = Attempt(step, start, number, step_id(step, experiment), experiment)
        if self._is_first and step.status == StepStatus.FINISHED:
            # it ended before anybody looked
            made.ending = 'completed'
        self._attempts[id(step)] = self._by_id[made.id] = made
        return made

    def _progress(self, attempt: Attempt, now: datetime, *, is_there: bool) -> Iterator[Report]:
        step, status = attempt.step, attempt.step.status
        if attempt.id in self._logged:
            attempt.ending = 'completed'
            return
        has_handler = self._has_handler(step)
        if attempt.begun is None and status == StepStatus.RUNNING and step.finish is None:
            if has_handler or in_utc(now) - in_utc(attempt.start) > WITHOUT_HANDLER:
                yield from self._begun(attempt)
        elif status == StepStatus.ERROR:
            if attempt.failed_at is None:
                # its result is set after its status
                attempt.failed_at = now
            else:
                yield from self._ended(attempt, 'failed', attempt.failed_at, error_of(step.result))
        elif status == StepStatus.FINISHED and not has_handler:
            if attempt.begun is None:
                # a person skipped it; it never ran
                attempt.ending = 'aborted'
            else:
                yield from self._ended(attempt, 'aborted', _earlier(step.finish, now), 'It was resolved by hand.')
        elif status == StepStatus.FINISHED or (step.finish is not None and not is_there):
            # of the steps that end as they should, those without containers, or of a removed process
            yield from self._ended(attempt, 'completed', _earlier(step.finish, now), None)

    def _has_handler(self, step: ProcessStep) -> bool:
        return step.name in self._orchestrator.worker.observation_handlers

    def _begun(self, attempt: Attempt) -> Iterator[Report]:
        made = begun_step(attempt.step, attempt.experiment, [], self._is_simulation)
        if made is None:
            return
        made['session'], made['attempt'] = self._session, attempt.number
        made['expected_seconds'] = _seconds(attempt.step.duration)
        plates = self._plates(attempt.step)
        attempt.begun = made
        yield StepReport(attempt, made, plates)

    def _ended(self, attempt: Attempt, ending: StepEnding, at: datetime, error: str | None) -> Iterator[Report]:
        whole = begun_step(attempt.step, attempt.experiment, [], self._is_simulation)
        # a repeated step has no start any more, and perhaps other data
        if whole is not None and whole['id'] != attempt.id:
            whole = None
        plates = self._plates(attempt.step)
        attempt.ending = ending
        if attempt.begun is not None:
            # what the start said of the device stays, and what has come to be known since then is added
            since = {name: value for name, value in (whole or {}).items() if name in OF_THE_END}
            made = cast('StepCreate', {**attempt.begun, **since})
        elif whole is not None:
            made = {**whole, 'session': self._session, 'attempt': attempt.number}
        else:
            return
        made['status'] = ending
        made['finish'] = rfc3339(max(in_utc(attempt.start), in_utc(at)))
        if error is not None:
            made['error'] = error
        yield StepReport(attempt, made, plates)

    def _plates(self, step: ProcessStep) -> list[ContainerInfo]:
        known = self._orchestrator.jssp.container_info_by_name
        return [copy(known[name]) for name in step.cont_names if name in known]

    def _forget(self, key: int) -> None:
        attempt = self._attempts.pop(key)
        self._by_id.pop(attempt.id, None)
        self._logged.pop(attempt.id, None)


def _experiment(process: Any) -> str:
    return '' if process.experiment_uuid is None else str(process.experiment_uuid)


def _earlier(finish: datetime | None, now: datetime) -> datetime:
    # a step that is resolved by hand ends in a second, by the orchestrator
    return now if finish is None else min(finish, now, key=in_utc)


def _seconds(duration: Any) -> float | None:
    try:
        seconds = float(duration)
    except (TypeError, ValueError):
        return None
    return round(seconds, 3) if 0 <= seconds <= 31_536_000 else None
