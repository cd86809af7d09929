"""Adds, removes and finds containers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from laborchestrator.structures import ContainerInfo

from .containers import barcode_or_none, by_barcode, by_place, container_info, find_container, place
from .part import StatusDBPart
from .readable import barcode_name_of, readable
from .safely import safely

if TYPE_CHECKING:
    from ..models import Container, ContainerCreate, Place

log = logging.getLogger('platform_status_client')


class LabwarePart(StatusDBPart):
    @safely(None)
    def get_container_at_position(self, device: str, pos: int) -> ContainerInfo | None:
        """The container at this place. None if there is none."""
        self.settle(self.client.retry_for)
        found = by_place(self.client, device, pos)
        return None if found is None else container_info(found)

    @safely(None)
    def get_cont_info_by_barcode(self, barcode: str) -> ContainerInfo | None:
        """The container on the platform with this barcode. None if there is none, or if it has another one now."""
        self.settle(self.client.retry_for)
        found = by_barcode(self.client, barcode)
        return None if found is None else container_info(found)

    @safely(None, kept=True)
    def add_container(self, cont: ContainerInfo) -> None:
        """Adds a container. If the slot is occupied, adds nothing and logs an error."""
        where = place(cont.current_device, cont.current_pos)
        if where is None:
            log.error('add_container: %s has no place', cont.name)
            return
        container: ContainerCreate = {
            'device': where['device'],
            'position': where['position'],
            'name': barcode_name_of(cont.name),
            'barcode': barcode_or_none(cont.barcode),
            'lidded': bool(cont.lidded),
            'filled': bool(cont.filled),
            'content': _text(cont.content),
            'labware_type': _text(cont.labware_type),
            'is_reagent': bool(cont.is_reagent),
        }
        lid = lid_site(cont.lid_site)
        if not cont.lidded and lid is not None:
            container['lid'] = {'device': lid['device'], 'position': lid['position']}
        self.client.add_container(**container)

    @safely(None, kept=True)
    def remove_container(self, cont: ContainerInfo) -> None:
        """Records that a container was removed from the platform."""
        found = self.found(cont, 'remove_container')
        if found is not None:
            self.client.remove_container(found['id'])

    @safely(None, kept=True)
    def set_barcode(self, cont: ContainerInfo) -> None:
        """Records the barcode that was read from the container at this place. It replaces an earlier barcode."""
        self.set_barcode_at_position(cont.barcode, cont.current_device, cont.current_pos)

    @safely(None, kept=True)
    def set_barcode_at_position(self, barcode: str, device: str, pos: int) -> None:
        """Records the barcode that was read from the container at a place."""
        text = barcode_or_none(barcode)
        if text is None:
            log.error('set_barcode: %r cannot be stored as a barcode', barcode)
            return
        standing = by_place(self.client, device, pos)
        if standing is None:
            log.error('set_barcode: there is no container at %s[%s]; barcode %s was not stored', device, pos, text)
        elif standing['barcode'] != text:
            self.client.update_container(standing['id'], barcode=text)

    def found(self, info: ContainerInfo, method: str) -> Container | None:
        found = find_container(self.client, info)
        if found is None:
            where = f'{info.current_device}[{info.current_pos}]'
            log.error('%s: container %s not found by barcode %s or place %s', method, info.name, info.barcode, where)
        return found


def lid_site(told: Any) -> Place | None:
    try:
        device, position = told
    except (TypeError, ValueError):
        return None
    return place(device, position)


def _text(value: Any) -> str | None:
    text = '' if value is None else str(readable(value)).strip()
    return text[:2000] or None
