"""Containers: what appears, goes and is found."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from laborchestrator.structures import ContainerInfo

from .connected import Connected
from .containers import by_barcode, by_place, container_info, meant, place, usable
from .readable import name_of, readable
from .safely import safely

if TYPE_CHECKING:
    from ..models import Container, ContainerCreate, Place

log = logging.getLogger('platform_status_client')


class LabwarePart(Connected):
    @safely(None)
    def get_container_at_position(self, device: str, pos: int) -> ContainerInfo | None:
        """The container that stands there; None if none does."""
        found = by_place(self.client, device, pos)
        return None if found is None else container_info(found)

    @safely(None)
    def get_cont_info_by_barcode(self, barcode: str) -> ContainerInfo | None:
        """The container on the platform with this barcode; None for an unknown one, and for none."""
        found = by_barcode(self.client, barcode)
        return None if found is None else container_info(found)

    @safely(None, kept=True)
    def add_container(self, cont: ContainerInfo) -> None:
        """A container appears on the platform. Where something stands already nothing is added."""
        where = place(cont.current_device, cont.current_pos)
        if where is None:
            log.error('add_container: %s has no place', cont.name)
            return
        wish: ContainerCreate = {
            'device': where['device'],
            'position': where['position'],
            'name': name_of(cont.name),
            'barcode': usable(cont.barcode),
            'lidded': bool(cont.lidded),
            'filled': bool(cont.filled),
            'content': _text(cont.content),
            'labware_type': _text(cont.labware_type),
            'is_reagent': bool(cont.is_reagent),
        }
        lid = lid_site(cont.lid_site)
        if not cont.lidded and lid is not None:
            wish['lid'] = {'device': lid['device'], 'position': lid['position']}
        self.client.add_container(**wish)

    @safely(None, kept=True)
    def remove_container(self, cont: ContainerInfo) -> None:
        """A container was taken off the platform."""
        found = self.found(cont, 'remove_container')
        if found is not None:
            self.client.remove_container(found['id'])

    @safely(None, kept=True)
    def set_barcode(self, cont: ContainerInfo) -> None:
        """The barcode of the container at this place was read; it may have had another one before."""
        self.set_barcode_at_position(cont.barcode, cont.current_device, cont.current_pos)

    @safely(None, kept=True)
    def set_barcode_at_position(self, barcode: str, device: str, pos: int) -> None:
        """The barcode of the container at a place was read."""
        text = usable(barcode)
        if text is None:
            log.error('set_barcode: %r is no barcode that can be kept', barcode)
            return
        standing = by_place(self.client, device, pos)
        if standing is None:
            log.error('set_barcode: no container stands at %s[%s] to bear %s', device, pos, text)
        elif standing['barcode'] != text:
            self.client.update_container(standing['id'], barcode=text)

    def found(self, info: ContainerInfo, wish: str) -> Container | None:
        found = meant(self.client, info)
        if found is None:
            where = f'{info.current_device}[{info.current_pos}]'
            log.error('%s: neither barcode %s nor place %s leads to %s', wish, info.barcode, where, info.name)
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
