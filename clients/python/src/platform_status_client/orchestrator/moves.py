"""Records moves, and lids that were put on or taken off."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from laborchestrator.structures import ContainerInfo

from ..errors import Problem
from .containers import barcode_or_none, by_barcode, by_former_label, by_place, disposes, place
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
        """Records a move of a container, by its barcode or otherwise by its place. A repeated call changes nothing.

        What is moved to a device or slot that disposes (waste) is off the platform. A missing container is found: it is
        moved by its barcode, without a source. A former label moves its container.
        """
        source, target = place(source_device, source_pos), place(target_device, target_pos)
        if source is None and target is not None and self._found_missing(barcode, target):
            return
        if source is None or target is None:
            ends = f'{source_device}[{source_pos}] to {target_device}[{target_pos}]'
            log.error('moved_container: %s is not a move between two slots', ends)
            return
        text = barcode_or_none(barcode)
        if text is not None and self._moved(text, source, target):
            return
        standing = by_place(self.client, source['device'], source['position'])
        if standing is None and disposes(self.client, target):
            # a retry: the container was disposed of, and the response was lost
            log.warning('moved_container: %s is empty, and %s disposes; taken as recorded', source, target['device'])
        elif standing is None:
            log.error('moved_container: there is no container at %s[%s]', source['device'], source['position'])
        elif text is not None and standing['barcode'] is not None:
            # not the container that was moved
            log.error('moved_container: container %s is at %s, not %s', standing['barcode'], source, text)
        else:
            self._moved(standing['id'], source, target)

    def _found_missing(self, barcode: Any, target: Place) -> bool:
        """Moves a missing container, which has no source. laborchestrator passes the place that it gets from here."""
        found = by_barcode(self.client, barcode, former=True)
        if found is None:
            return False
        if found['missing_since'] is None:
            # a retry: the move was recorded, and the response was lost
            return (found['device'], found['position']) == (target['device'], target['position'])
        log.warning('moved_container: container %s was missing, and is at %s now', found['barcode'], target)
        self.client.move_container(found['id'], target_device=target['device'], target_pos=target['position'])
        return True

    def _moved(self, container: str, source: Place, target: Place) -> bool:
        """Moves the container to the target. Returns False if there is no such container."""
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
                former = by_former_label(self.client, problem, source)
                return former is not None and self._moved(former['id'], source, target)
            # a retry: the move was recorded, and the response was lost
            if problem.code != 'source-mismatch' or problem.members.get('actual') != target:
                raise
        return True

    @safely(None, kept=True)
    def unlidded_container(self, cont_info: ContainerInfo, lid_device: str | None, lid_pos: int | None) -> None:
        """Records that the lid was taken off and parked in this slot, which is now occupied."""
        site = place(lid_device, lid_pos)
        found = self.found(cont_info, 'unlidded_container')
        if found is None:
            return
        self.lids.lid_changed(found['id'], found['lidded'])
        if site is not None:
            self.client.unlid_container(found['id'], lid_device=site['device'], lid_pos=site['position'])
            return
        # laborchestrator passes no place if no slot was free
        log.warning('unlidded_container: the place of the lid of %s is unknown', cont_info.name)
        self.client.correct_container(
            found['id'], lidded=False, lid=None, reason='The lid is off; its place was not reported.'
        )

    @safely(None, kept=True)
    def lidded_container(
        self, cont_info: ContainerInfo, lid_device: str | None = None, lid_pos: int | None = None
    ) -> None:
        """Records that the lid is on. If the service had another place for the lid, this is logged."""
        found = self.found(cont_info, 'lidded_container')
        if found is None:
            return
        self.lids.lid_changed(found['id'], found['lidded'])
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
        """Records the lid as it is in `cont`."""
        site = lid_site(cont.lid_site)
        if cont.lidded:
            self.lidded_container(cont)
        else:
            self.unlidded_container(cont, *(site['device'], site['position']) if site else (None, None))
