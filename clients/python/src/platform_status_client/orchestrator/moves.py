"""Moves and lids: what robots did to containers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from laborchestrator.structures import ContainerInfo

from ..errors import Problem
from .containers import by_place, place, usable
from .labware import LabwarePart, lid_site
from .safely import safely

if TYPE_CHECKING:
    from ..models import Place

log = logging.getLogger('platform_status_client')


class MovesPart(LabwarePart):
    @safely(None, kept=True)
    def moved_container(
        self,
        source_device: str,
        source_pos: int,
        target_device: str,
        target_pos: int,
        barcode: str | None = None,
    ) -> None:
        """A container was moved. Told by barcode, else by place; told again it changes nothing."""
        source, target = place(source_device, source_pos), place(target_device, target_pos)
        if source is None or target is None:
            ends = f'{source_device}[{source_pos}] to {target_device}[{target_pos}]'
            log.error('moved_container: no container can go from %s', ends)
            return
        text = usable(barcode)
        if text is not None and self._moved(text, source, target):
            return
        standing = by_place(self.client, source['device'], source['position'])
        if standing is None:
            log.error('moved_container: no container stands at %s[%s]', source['device'], source['position'])
        elif text is not None and standing['barcode'] is not None:
            # another plate than the one that was moved
            log.error('moved_container: %s stands at %s, not %s', standing['barcode'], source, text)
        else:
            self._moved(standing['id'], source, target)

    def _moved(self, container: str, source: Place, target: Place) -> bool:
        """Whether there is such a container; then it is at the target now."""
        try:
            self.client.move_container(
                container,
                source_device=source['device'],
                source_pos=source['position'],
                target_device=target['device'],
                target_pos=target['position'],
            )
        except Problem as problem:
            if problem.code == 'container-not-found':
                return False
            # it was told before, and only the answer got lost
            if problem.code != 'source-mismatch' or problem.members.get('actual') != target:
                raise
        return True

    @safely(None, kept=True)
    def unlidded_container(self, cont_info: ContainerInfo, lid_device: str | None, lid_pos: int | None) -> None:
        """The lid was taken off and put there, where nothing else can stand from now on."""
        site = place(lid_device, lid_pos)
        found = self.found(cont_info, 'unlidded_container')
        if found is None:
            return
        self.lids.booked(found['id'], found['lidded'])
        if site is not None:
            self.client.unlid_container(found['id'], lid_device=site['device'], lid_pos=site['position'])
            return
        # as it is when no slot was free for it
        log.warning('unlidded_container: nobody knows where the lid of %s lies', cont_info.name)
        self.client.correct_container(
            found['id'], lidded=False, lid=None, reason='Told to be off, but not where it lies.'
        )

    @safely(None, kept=True)
    def lidded_container(
        self, cont_info: ContainerInfo, lid_device: str | None = None, lid_pos: int | None = None
    ) -> None:
        """The lid is on; also when it was thought to lie elsewhere than where it was taken from, which is logged."""
        found = self.found(cont_info, 'lidded_container')
        if found is None:
            return
        self.lids.booked(found['id'], found['lidded'])
        site = place(lid_device, lid_pos)
        if site is not None:
            try:
                self.client.lid_container(found['id'], lid_device=site['device'], lid_pos=site['position'])
                return
            except Problem as problem:
                if problem.code not in ('lid-mismatch', 'device-not-found', 'position-not-found'):
                    raise
                log.warning('lidded_container: %s', problem.detail)
        self.client.lid_container(found['id'])

    @safely(None, kept=True)
    def update_lid_position(self, cont: ContainerInfo) -> None:
        """The lid is as this container says."""
        site = lid_site(cont.lid_site)
        if cont.lidded:
            self.lidded_container(cont)
        else:
            self.unlidded_container(cont, *(site['device'], site['position']) if site else (None, None))
