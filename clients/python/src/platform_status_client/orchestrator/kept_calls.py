"""Calls of the orchestrator as JSON, so that they can be kept on disk, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from laborchestrator.structures import ContainerInfo, MoveStep, ProcessStep, StepStatus, UsedDevice

from ..values import in_utc
from .containers import barcode_or_none
from .readable import readable, readable_data

CONTAINER = (
    'name', 'current_device', 'current_pos', 'filled', 'content', 'labware_type', 'barcode', 'lidded', 'lid_site',
    'is_reagent',
)  # fmt: skip


def encoded(value: Any) -> Any:
    """An argument as JSON."""
    if isinstance(value, ContainerInfo):
        start = value.start_device
        members = {name: readable(getattr(value, name, None)) for name in CONTAINER}
        return {'container': {**members, 'start_device': readable(start.name or start.preferred) if start else None}}
    if isinstance(value, ProcessStep):
        return {'step': _encoded_step(value)}
    return {'value': readable(value)}


def decoded(kept: dict[str, Any]) -> Any:
    """The argument again."""
    if 'container' in kept:
        members = dict(kept['container'])
        start = members.pop('start_device')
        return ContainerInfo(start_device=UsedDevice(device_type=None, name=start, preferred=start), **members)
    return _decoded_step(kept['step']) if 'step' in kept else kept['value']


def objects_of(name: str, arguments: dict[str, Any]) -> set[str]:
    """The containers that a call is about: by their barcode, or by their place when they have none.

    A step is about none. The service takes it whatever it knows of the containers.
    """
    if name == 'safe_step_to_db':
        return set()
    found: set[str] = set()
    for value in arguments.values():
        if isinstance(value, ContainerInfo):
            found |= _one(value.barcode, (value.current_device, value.current_pos))
            if name == 'set_barcode':
                found |= _one(None, (value.current_device, value.current_pos))
    if name == 'moved_container':
        ends = [(arguments[f'{end}_device'], arguments[f'{end}_pos']) for end in ('source', 'target')]
        found |= _one(arguments.get('barcode'), *ends)
    if name == 'set_barcode_at_position':
        found |= _one(arguments['barcode']) | _one(None, (arguments['device'], arguments['pos']))
    return found


def _one(barcode: Any, *places: tuple[Any, Any]) -> set[str]:
    text = barcode_or_none(barcode)
    return {f'container {text}'} if text is not None else {f'{device}[{position}]' for device, position in places}


def _encoded_step(step: ProcessStep) -> dict[str, Any]:
    status = step.status
    return {
        'name': step.name,
        'cont_names': [str(name) for name in step.cont_names],
        'function': str(step.function),
        'duration': readable(step.duration),
        'start': _encoded_time(step.start),
        'finish': _encoded_time(step.finish),
        'status': status.name if isinstance(status, StepStatus) else readable(status),
        'known_status': isinstance(status, StepStatus),
        'data': readable_data(step.data),
        'used_devices': [
            {'name': readable(used.name), 'preferred': readable(used.preferred), 'tag': readable(used.tag)}
            for used in step.used_devices
        ],
        'move': {'origin_pos': readable(step.origin_pos), 'destination_pos': readable(step.destination_pos)}
        if isinstance(step, MoveStep)
        else None,
    }


def _decoded_step(kept: dict[str, Any]) -> ProcessStep:
    members: dict[str, Any] = {name: kept[name] for name in ('name', 'cont_names', 'function', 'duration', 'data')}
    members['used_devices'] = [UsedDevice(device_type=None, **used) for used in kept['used_devices']]
    step = ProcessStep(**members) if kept['move'] is None else MoveStep(**members, **kept['move'])
    step.start, step.finish = _decoded_time(kept['start']), _decoded_time(kept['finish'])
    step.status = StepStatus[kept['status']] if kept['known_status'] else kept['status']
    return step


def _encoded_time(time: datetime | None) -> str | None:
    # in UTC: the zone of this machine may be another one when it is read
    return None if time is None else in_utc(time).isoformat()


def _decoded_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
