"""Converts containers for laborchestrator, and finds them."""

from __future__ import annotations

import logging
import operator
import re
from typing import TYPE_CHECKING, Any

from laborchestrator.structures import ContainerInfo, UsedDevice

from ..client import Client
from ..errors import Problem

if TYPE_CHECKING:
    from ..models import Container, Place

log = logging.getLogger('platform_status_client')

UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', re.IGNORECASE)


def container_info(container: Container) -> ContainerInfo:
    """Converts a container of the service for laborchestrator: lid site as [device, slot], names as text."""
    lid = container['lid']
    start = container['starting_device']
    return ContainerInfo(
        name=container['name'],
        current_device=container['device'],
        current_pos=container['position'],
        start_device=UsedDevice(device_type=None, name=start, preferred=start),
        filled=container['filled'],
        content=container['content'] or '',
        labware_type=container['labware_type'] or '',
        barcode=container['barcode'],
        lidded=container['lidded'],
        lid_site=None if lid is None else [lid['device'], lid['position']],
        is_reagent=container['is_reagent'],
    )


def barcode_or_none(barcode: Any) -> str | None:
    """The barcode as text. None if there is none, or if the service does not accept it as a barcode."""
    if barcode is None:
        return None
    text = str(barcode).strip()
    return None if text in ('', '.', '..') or UUID.fullmatch(text) else text


def slot(position: Any) -> int | None:
    """The slot number as an int. None if the value is not a slot number."""
    try:
        number = operator.index(position)
    except TypeError:
        return None
    return number if 0 <= number <= 9999 else None


def place(device: Any, position: Any) -> Place | None:
    """Converts a device and a position of laborchestrator to a place. None if one of them is missing."""
    number = slot(position)
    return (
        None if device is None or str(device) == '' or number is None else {'device': str(device), 'position': number}
    )


def by_barcode(client: Client, barcode: Any, *, former: bool = False) -> Container | None:
    """The container on the platform that has this barcode. None if there is none.

    With `former`, otherwise the last one that had it.
    """
    text = barcode_or_none(barcode)
    if text is None:
        return None
    try:
        return client.get_container(text)
    except Problem as problem:
        if not problem.says_absent:
            raise
        return by_former_label(client, problem, None) if former else None


def by_former_label(client: Client, problem: Problem, where: Place | None) -> Container | None:
    """The container on the platform that had the barcode which a problem says nobody has.

    If several had it, the one at a place.
    """
    bearers = [one for one in problem.members.get('relabelled') or () if one['removed_at'] is None]
    there = [one for one in bearers if where == {'device': one['device'], 'position': one['position']}]
    for one in there or bearers:
        found = client.get_container(one['id'])
        log.warning('a former label names container %s: %s', found['barcode'] or found['id'], problem.detail)
        return found
    return None


def by_place(client: Client, device: Any, position: Any) -> Container | None:
    """The container at this place. None if the slot is empty or has only a lid in it."""
    where = place(device, position)
    if where is None:
        return None
    try:
        found = client.get_position(where['device'], where['position'])
    except (Problem, ValueError) as error:
        if isinstance(error, Problem) and not error.says_absent:
            raise
        return None
    return found['occupant'] if found['occupied_by'] == 'container' else None


def disposes(client: Client, where: Place) -> bool:
    """Whether what is put at this place is disposed of. A slot says so itself; where it has none, its device does."""
    for says in (_slot_disposes, _device_disposes):
        try:
            return says(client, where)
        except (Problem, ValueError) as error:
            if isinstance(error, Problem) and not error.says_absent:
                raise
    return False


def _slot_disposes(client: Client, where: Place) -> bool:
    return client.get_position(where['device'], where['position'])['disposes']


def _device_disposes(client: Client, where: Place) -> bool:
    return client.get_device(where['device'])['disposes']


def find_container(client: Client, info: ContainerInfo) -> Container | None:
    """Finds a container by its barcode, or otherwise by its place.

    If the container at the place has another barcode, it is a different container, and None is returned.
    """
    found = by_barcode(client, info.barcode, former=True)
    if found is not None:
        return found
    standing = by_place(client, info.current_device, info.current_pos)
    if standing is not None and standing['barcode'] is not None and barcode_or_none(info.barcode) is not None:
        return None
    return standing
