"""A worker as labs write it. It does what real workers do, but the devices only wait."""

from __future__ import annotations

from typing import Any

from laborchestrator.engine import WorkerInterface
from laborchestrator.engine.worker_interface import DummyHandler
from laborchestrator.structures import MoveStep

# where lids are parked
LIDS = 'Hotel3'
SECONDS = 0.3


class LabWorker(WorkerInterface):
    def simulate_process_step(self, step_id: str, device: str, told: dict[str, Any]) -> Any:
        step, plate = self._step_and_plate(step_id)
        if isinstance(step, MoveStep) and told.get('lidded') is False and plate.lidded:
            slots = self.db_client.get_all_positions(LIDS)
            told['lid_target'] = [LIDS, next(slot for slot in slots if self.db_client.position_empty(LIDS, slot))]
        return DummyHandler(duration=SECONDS).run_protocol(None)

    def process_step_finished(self, step_id: str, result: Any) -> None:
        step, plate = self._step_and_plate(step_id)
        if step.data.get('read_barcode'):
            plate.barcode = f'BC_{plate.name}'
            self.db_client.set_barcode(plate)
        if step.data.get('lidded'):
            self.db_client.lidded_container(plate, None, None)
            plate.lidded, plate.lid_site = True, None
        if step.data.get('lid_target'):
            self.db_client.unlidded_container(plate, *step.data['lid_target'])
            plate.lidded, plate.lid_site = False, step.data['lid_target']
        super().process_step_finished(step_id, result)

    def _step_and_plate(self, step_id: str) -> tuple[Any, Any]:
        step = self.jssp.step_by_id[step_id]
        return step, self.jssp.container_info_by_name[step.cont]
