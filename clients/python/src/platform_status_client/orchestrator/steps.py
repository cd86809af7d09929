"""Converts steps of laborchestrator to steps of the service."""

from __future__ import annotations

import json
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from laborchestrator.structures import MoveStep, ProcessStep, StepStatus, UsedDevice

from ..values import in_utc, rfc3339
from .containers import slot
from .readable import name_of, readable_data

if TYPE_CHECKING:
    from ..models import PlannedStep, StepCreate, StepEnd, StepEnding

# how a step ended, by words of orchestrators
ENDINGS: dict[str, StepEnding] = {
    'waiting': 'completed',
    'running': 'completed',
    'done': 'completed',
    'finished': 'completed',
    'completed': 'completed',
    'error': 'failed',
    'failed': 'failed',
    'cancelled': 'aborted',
    'canceled': 'aborted',
    'aborted': 'aborted',
}
# the namespace of the ids of steps: the UUIDv5 of urn:platform-status:client:step
STEPS = UUID('d51dc1c7-0b23-52ec-b118-9b775de600d2')


def device_name(used: UsedDevice | None) -> str | None:
    """The assigned device, or the preferred device if none is assigned yet."""
    if used is None:
        return None
    named = used.name or used.preferred
    return None if not named else str(named)


def step_id(step: ProcessStep, experiment: str) -> str:
    """The id of a step that has begun. It is the same each time the step is reported, by any process.

    The finish is no part of it, because it is not known at the start, and laborchestrator changes it when it repeats
    the end of a step. The device is none either, because a new schedule may assign another one.
    """
    return str(uuid5(STEPS, json.dumps([experiment, name_of(step.name), rfc3339(step.start)])))


def logged_step(step: ProcessStep, experiment: str, containers: list[str], is_simulation: bool) -> StepCreate | None:
    """Converts a finished step for the service. None if it has no device or no times."""
    made = None if step.finish is None else begun_step(step, experiment, containers, is_simulation)
    if made is None:
        return None
    # if the clock was set back during the step, the finish is the start, as in the service
    made['finish'] = rfc3339(max(in_utc(step.start), in_utc(step.finish)))
    made['status'], word = ended_as(step.status)
    if word is not None:
        made['data'] = {**(made['data'] or {}), 'reported_status': word}
    return made


def begun_step(step: ProcessStep, experiment: str, containers: list[str], is_simulation: bool) -> StepCreate | None:
    """Converts a step that has begun for the service, as one that runs. None if it has no device or no start."""
    device = device_name(step.main_device)
    if device is None or step.start is None:
        return None
    made: StepCreate = {
        'id': step_id(step, experiment),
        'name': name_of(step.name),
        'device': device,
        'data': readable_data(step.data),
        'start': rfc3339(step.start),
        'status': 'running',
        'containers': containers,
        'is_simulation': is_simulation,
    }
    if experiment:
        made['experiment_id'] = experiment
    ends = move_ends(step, with_slots=True)
    if ends is not None:
        made['kind'], (made['origin'], made['destination']) = 'move', ends
        made['barcode_read'] = bool(_member(step, 'read_barcode'))
    return made


def ended_as(status: Any) -> tuple[StepEnding, str | None]:
    """How a step ended, by the orchestrator's status or by a word; and the word, if it is not understood.

    When a step is logged, the orchestrator's own record still says that it is running or waiting.
    """
    if status is None:
        return 'completed', None
    if isinstance(status, int) and not isinstance(status, Enum) and status in iter(StepStatus):
        status = StepStatus(status)
    word = status.name if isinstance(status, Enum) else name_of(status)
    ending = ENDINGS.get(word.rpartition('.')[2].strip().casefold())
    return ('completed', word) if ending is None else (ending, None)


def was_set_back(step: ProcessStep) -> bool:
    """Whether the clock says that a step was over before it began, since it was set back in between."""
    return in_utc(step.finish) < in_utc(step.start)


def planned_step(step: ProcessStep) -> PlannedStep | None:
    """Converts a planned step for an estimate. None if it has no device.

    The name is left out because it is only a number. The slots are left out because they are chosen when a move begins.
    """
    device = device_name(step.main_device)
    if device is None:
        return None
    planned: PlannedStep = {'device': device, 'data': readable_data(step.data)}
    ends = move_ends(step, with_slots=False)
    if ends is not None:
        planned['kind'], (planned['origin'], planned['destination']) = 'move', ends
        planned['barcode_read'] = bool(_member(step, 'read_barcode'))
    return planned


def move_ends(step: ProcessStep, with_slots: bool) -> tuple[StepEnd, StepEnd] | None:
    """Where a move begins and ends. None if the step is not a move, or if it names only one end."""
    if not isinstance(step, MoveStep):
        return None
    origin, target = device_name(step.origin_device), device_name(step.target_device)
    if origin is None or target is None:
        return None
    if not with_slots:
        return {'device': origin}, {'device': target}
    return _end(origin, step.origin_pos), _end(target, step.destination_pos)


def started_before(step: ProcessStep, time: datetime) -> bool:
    """Whether a step began at or before a time (with a zone)."""
    return step.start is not None and in_utc(step.start) <= in_utc(time)


def _end(device: str, position: Any) -> StepEnd:
    number = slot(position)
    return {'device': device} if number is None else {'device': device, 'position': number}


def _member(step: ProcessStep, name: str) -> Any:
    return step.data.get(name) if isinstance(step.data, dict) else None
