"""A small lab for tests, with its plates and steps as laborchestrator has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from laborchestrator.structures import ContainerInfo, MoveStep, ProcessStep, StepStatus, UsedDevice

from platform_status_client import StatusDB


@dataclass
class Lab:
    """Devices with unique names: a hotel with six slots, a place for two lids, a reader with one slot, and an arm."""

    db: StatusDB
    tag: str

    def __post_init__(self) -> None:
        self.hotel, self.lids, self.reader, self.arm = (
            f'{name}_{self.tag}' for name in ('Hotel', 'Lids', 'Reader', 'Arm')
        )

    def set_up(self, folder: Path) -> Lab:
        capacities = {self.hotel: 6, self.lids: 2, self.reader: 1, self.arm: 1}
        devices = ''.join(f'        {name}:\n            capacity: {slots}\n' for name, slots in capacities.items())
        file = folder / 'lab.yaml'
        file.write_text(f'sila_servers:\n    group_{self.tag}:\n{devices}')
        self.db.create_lab_from_config(str(file))
        return self

    def plate(self, position: int, barcode: str | None = None, device: str | None = None) -> ContainerInfo:
        """Adds a plate with its lid on to the hotel or to another device."""
        where = device or self.hotel
        made = ContainerInfo(
            name=f'plate_{position}',
            current_device=where,
            current_pos=position,
            start_device=UsedDevice(object, name=where),
            barcode=None if barcode is None else f'{barcode}_{self.tag}',
            lidded=True,
        )
        self.db.add_container(made)
        return made

    def work(self, *plates: ContainerInfo, fct: str = 'read', seconds: float = 10, **data: Any) -> ProcessStep:
        """A finished step of the reader as laborchestrator logs it: status running, with local times without a zone."""
        step = ProcessStep(
            name=f'P1_{fct}',
            cont_names=[plate.name for plate in plates],
            function=fct,
            duration=1,
            used_devices=[UsedDevice(object, name=self.reader, tag='main')],
            data={'fct': fct, 'executor': [object()], **data},
        )
        return over(step, seconds)

    def move(self, plate: ContainerInfo, target: str, position: int, seconds: float = 5, **data: Any) -> MoveStep:
        """A finished move of the arm, before it is recorded."""
        step = MoveStep(
            name=f'P1_move_{plate.name}',
            cont_names=[plate.name],
            function='move',
            duration=1,
            used_devices=[
                UsedDevice(object, name=self.arm, tag='main'),
                UsedDevice(object, name=plate.current_device, tag='origin'),
                UsedDevice(object, name=target, tag='target'),
            ],
            data={'fct': 'move', 'target': object, **data},
            origin_pos=plate.current_pos,
            destination_pos=position,
        )
        over(step, seconds)
        return step

    def experiment(self) -> str:
        return self.db.create_experiment(process_id=self.db.add_process_to_db(name=self.tag, src=f'# {self.tag}\n'))

    def steps(self, experiment: str) -> list[Any]:
        client = self.db.client
        return list(client.each(client.list_steps, experiment_id=experiment))


def over(step: ProcessStep, seconds: float) -> ProcessStep:
    step.finish = datetime.today()
    step.start = step.finish - timedelta(seconds=seconds)
    step.status = StepStatus.RUNNING
    return step
