"""The status database that laborchestrator asks and tells, kept by platform-status."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laborchestrator.database_integration import StatusDBInterface
from laborchestrator.structures import ContainerInfo, ProcessStep

from ..client import Client
from ..errors import Problem
from .containers import by_barcode, by_place, container_info, meant, place, usable
from .lids import LidMemory
from .readable import name_of, readable
from .safely import safely
from .steps import logged_step, planned_step, started_before

if TYPE_CHECKING:
    from ..models import Container, ContainerCreate, Estimate, Place, PlannedStep, StepCreate

log = logging.getLogger('platform_status_client')

# of a call for estimates
MOST_STEPS = 5000
# what laborchestrator compares with before it adds a process; sources never change
MOST_SOURCES = 1000
# levels of history that hold other programs, or moves from elsewhere
MIXTURES = frozenset({'device_function', 'function', 'mover_destination'})


class StatusDB(StatusDBInterface):
    """Implements laborchestrator's `StatusDBInterface` on the service at `url`; for any number of threads.

    What is called while steps run never raises: it logs (logger `platform_status_client`) and answers what is safest.
    Setting up a lab and adding processes and experiments raise, since somebody is there to see it.

    `is_simulation=True` marks every step as simulated: estimates leave those out.

    laborchestrator puts an estimate in the place of the duration that the author of a process wrote down. So estimates
    come from the same work alone, and none is longer than that ever took as long as it was done too seldom for the
    confidence asked. `near_matches=True` gives the service's own answers: bounds beyond the longest where samples are
    few, and what other programs of the same function took where there are none.

    Further arguments are the `Client`'s.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        is_simulation: bool = False,
        near_matches: bool = False,
        **options: Any,
    ) -> None:
        self.client = Client(url, api_key, **options)
        self.near_matches = near_matches
        self.is_simulation = is_simulation
        self._lids = LidMemory()
        self._sources: dict[str, str] = {}

    # ---- the lab

    def create_lab_from_config(self, lab_config_file_path: str, *, prune: bool = False) -> None:
        """Adds the devices of a lab file and updates those that are there; again it changes nothing.

        With `prune` the devices that the file does not name are retired. Raises when the file is wrong, or when a slot
        would go where something stands.
        """
        self.client.put_lab_config(Path(lab_config_file_path).read_text(encoding='utf-8'), prune=prune)

    def wipe_lab(self) -> None:
        """Takes every container off the platform and retires every device. All history stays."""
        self.client.wipe_lab(confirm='wipe')

    def wipe_lara(self) -> None:
        """The older name of `wipe_lab`."""
        self.wipe_lab()

    @safely(False)
    def health_check(self) -> bool:
        """Whether the tracked lab is sound; findings are logged."""
        health = self.client.get_lab_health()
        for finding in health['findings']:
            log.log(logging.ERROR if finding['severity'] == 'error' else logging.WARNING, '%s', finding['message'])
        return health['healthy']

    # ---- positions

    @safely(lambda device: [])
    def get_all_positions(self, device: str) -> list[int]:
        """The slots of a device, ascending; none for one that the lab does not have."""
        try:
            return [slot['position'] for slot in self.client.list_positions(str(device))]
        except (Problem, ValueError) as error:
            if isinstance(error, Problem) and error.status not in (400, 404):
                raise
            return []

    @safely(False)
    def position_empty(self, device: str, pos: int) -> bool:
        """Whether something can be put there. False for a slot that is not there, or reserved, or when in doubt."""
        where = place(device, pos)
        if where is None:
            return False
        found = self.client.get_position(where['device'], where['position'])
        return found['empty'] and found.get('reserved') is None

    # ---- containers

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

    @safely(None)
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
        lid = _site(cont.lid_site)
        if not cont.lidded and lid is not None:
            wish['lid'] = {'device': lid['device'], 'position': lid['position']}
        self.client.add_container(**wish)

    @safely(None)
    def remove_container(self, cont: ContainerInfo) -> None:
        """A container was taken off the platform."""
        found = self._found(cont, 'remove_container')
        if found is not None:
            self.client.remove_container(found['id'])

    @safely(None)
    def set_barcode(self, cont: ContainerInfo) -> None:
        """The barcode of the container at this place was read; it may have had another one before."""
        self.set_barcode_at_position(cont.barcode, cont.current_device, cont.current_pos)

    @safely(None)
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

    # ---- moves

    @safely(None)
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

    # ---- lids

    @safely(None)
    def unlidded_container(self, cont_info: ContainerInfo, lid_device: str | None, lid_pos: int | None) -> None:
        """The lid was taken off and put there, where nothing else can stand from now on."""
        site = place(lid_device, lid_pos)
        found = self._found(cont_info, 'unlidded_container')
        if found is None:
            return
        self._lids.booked(found['id'], found['lidded'])
        if site is not None:
            self.client.unlid_container(found['id'], lid_device=site['device'], lid_pos=site['position'])
            return
        # as it is when no slot was free for it
        log.warning('unlidded_container: nobody knows where the lid of %s lies', cont_info.name)
        self.client.correct_container(
            found['id'], lidded=False, lid=None, reason='Told to be off, but not where it lies.'
        )

    @safely(None)
    def lidded_container(
        self, cont_info: ContainerInfo, lid_device: str | None = None, lid_pos: int | None = None
    ) -> None:
        """The lid is on; also when it was thought to lie elsewhere than where it was taken from, which is logged."""
        found = self._found(cont_info, 'lidded_container')
        if found is None:
            return
        self._lids.booked(found['id'], found['lidded'])
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

    @safely(None)
    def update_lid_position(self, cont: ContainerInfo) -> None:
        """The lid is as this container says."""
        site = _site(cont.lid_site)
        if cont.lidded:
            self.lidded_container(cont)
        else:
            self.unlidded_container(cont, *(site['device'], site['position']) if site else (None, None))

    # ---- processes and experiments

    def add_process_to_db(self, name: str, src: str) -> str:
        """Keeps a process; its id. The same name and source again are the same process."""
        return self.client.create_process(name=name_of(name), source=src, reuse=True)['id']

    def get_available_processes(self) -> list[tuple[str, str]]:
        """Name and id of every process."""
        return [(process['name'], process['id']) for process in self.client.each(self.client.list_processes, limit=500)]

    def get_process(self, process_uuid: str) -> str:
        """The source of a process, to the character."""
        process_id = str(process_uuid)
        known = self._sources.get(process_id)
        if known is None:
            known = self.client.get_process_source(process_id)
            if len(self._sources) < MOST_SOURCES:
                self._sources[process_id] = known
        return known

    def create_experiment(self, process_id: str) -> str:
        """A run of a process begins; its id."""
        return self.client.create_experiment(process_id=str(process_id))['id']

    # ---- steps

    @safely(None)
    def safe_step_to_db(self, step: ProcessStep, container_info: ContainerInfo | None, experiment_uuid: str) -> None:
        """Logs a finished step. Reported once per container it is one step that involved them all."""
        found = None if container_info is None else meant(self.client, container_info)
        named = [] if container_info is None else [_named(container_info, found)]
        made = logged_step(step, '' if experiment_uuid is None else str(experiment_uuid), named, self.is_simulation)
        if made is None:
            log.warning('safe_step_to_db: %s has no device, or is not over', step.name)
            return
        # of several containers each has a lid of its own, and a step but one
        if made.get('kind') == 'move' and len(step.cont_names) <= 1 and container_info is not None:
            self._tell_lids(made, step, container_info, found)
        self.client.log_step(**made)

    def _tell_lids(self, made: StepCreate, step: ProcessStep, info: ContainerInfo, found: Container | None) -> None:
        after = bool(info.lidded) if found is None else found['lidded']
        made['lidded_after'] = after
        last = None if found is None else self._lids.last(found['id'])
        if last is not None and started_before(step, last[0]):
            made['lidded_before'] = last[1]
        elif not (isinstance(step.data, dict) and 'lidded' in step.data):
            # a move that does nothing to the lid
            made['lidded_before'] = after

    # ---- estimates

    def get_estimated_duration(self, step: ProcessStep, confidence: float = 0.95) -> float | None:
        """Seconds within which the step will be over with this confidence; None when nothing like it was ever done."""
        return self.get_estimated_durations([step], confidence)[0]

    @safely(lambda steps, confidence=0.95: [None] * len(steps))
    def get_estimated_durations(self, steps: list[ProcessStep], confidence: float = 0.95) -> list[float | None]:
        """As `get_estimated_duration` for many steps, in as few calls as can be; in their order."""
        ask = self._estimates if self.near_matches else self._estimates_of_the_same
        estimates: list[float | None] = [None] * len(steps)
        planned = iter([(index, plan) for index, step in enumerate(steps) if (plan := planned_step(step)) is not None])
        while batch := list(islice(planned, MOST_STEPS)):
            answers = ask([plan for _, plan in batch], confidence)
            for (index, _), answer in zip(batch, answers, strict=True):
                estimates[index] = answer and answer['duration_seconds']
        return estimates

    def _estimates(self, plans: list[PlannedStep], confidence: float) -> Sequence[Estimate | None]:
        return self.client.estimate_steps(steps=plans, confidence=confidence)['estimates']

    def _estimates_of_the_same(self, plans: list[PlannedStep], confidence: float) -> Sequence[Estimate | None]:
        """Of the same work alone; where the samples are too few for the confidence, the longest of them."""
        answers = self._estimates(plans, confidence)
        estimates = [None if answer is None or answer['level'] in MIXTURES else answer for answer in answers]
        few = [
            index for index, answer in enumerate(estimates) if answer is not None and answer['method'] == 'substitute'
        ]
        if few:
            longest = self.client.estimate_steps(steps=[plans[index] for index in few], statistic='max')['estimates']
            for index, answer in zip(few, longest, strict=True):
                estimates[index] = answer
        return estimates

    # ---- certificates

    @safely(None)
    def write_server_certificate(self, device_name: str, cert: str) -> None:
        """Keeps the certificate (PEM) of a device's server."""
        self.client.put_certificate(str(device_name), cert)

    @safely('')
    def get_server_certificate(self, device_name: str) -> str:
        """The certificate of a device's server; empty for none."""
        try:
            return self.client.get_certificate(str(device_name))['certificate']
        except Problem as problem:
            if problem.code != 'no-certificate':
                raise
            return ''

    # ----

    def _found(self, info: ContainerInfo, wish: str) -> Container | None:
        found = meant(self.client, info)
        if found is None:
            where = f'{info.current_device}[{info.current_pos}]'
            log.error('%s: neither barcode %s nor place %s leads to %s', wish, info.barcode, where, info.name)
        return found

    def close(self) -> None:
        """Closes the connections that are not in use."""
        self.client.close()


def _named(info: ContainerInfo, found: Container | None) -> str:
    if found is None:
        return name_of(info.barcode or info.name)
    return found['barcode'] or found['id']


def _site(lid_site: Any) -> Place | None:
    try:
        device, position = lid_site
    except (TypeError, ValueError):
        return None
    return place(device, position)


def _text(value: Any) -> str | None:
    text = '' if value is None else str(readable(value)).strip()
    return text[:2000] or None
