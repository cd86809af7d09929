"""An orchestrator with the data of laborchestrator and none of its threads: tests do what its threads would do."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from laborchestrator.orchestrator_interface import ProcessExecutionState
from laborchestrator.structures import ContainerInfo, MoveStep, ProcessStep, SMProcess, StepStatus, UsedDevice


class FakeOrchestrator:
    def __init__(self) -> None:
        self.jssp = SimpleNamespace(process_by_name={}, step_by_id={}, container_info_by_name={})
        self.worker = SimpleNamespace(observation_handlers={})
        self.schedule_manager = SimpleNamespace(mark_schedule_invalid=self._invalid)
        self.reschedules = 0
        self.now = datetime.today() - timedelta(minutes=10)

    def after(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def process(self, name: str = 'P1', experiment: str = 'experiment', steps: int = 1, plates: int = 1) -> SMProcess:
        """A process whose steps are operations of a reader, with all of its plates."""
        process = SMProcess(name)
        process.experiment_uuid = experiment
        process.containers = [
            ContainerInfo(
                name=f'{name}_plate{number}',
                current_device='Hotel',
                current_pos=number,
                start_device=UsedDevice(object, name='Hotel'),
                barcode=f'BC{number}',
                lidded=True,
            )
            for number in range(plates)
        ]
        process.steps = [self._step(process, number) for number in range(steps)]
        self._add(process)
        return process

    def move(self, process: SMProcess, plate: int = 0, target: int = 3) -> MoveStep:
        """Adds a move of a plate to a process."""
        step = MoveStep(
            name=f'{process.name}_move',
            cont_names=[process.containers[plate].name],
            function='move',
            duration=5,
            process_name=process.name,
            used_devices=[
                UsedDevice(object, name=name, tag=tag)
                for name, tag in (('Arm', 'main'), ('Hotel', 'origin'), ('Reader', 'target'))
            ],
            data={'fct': 'move'},
            origin_pos=plate,
            destination_pos=target,
        )
        process.steps.append(step)
        self.jssp.step_by_id[step.name] = step
        return step

    def starts(self, process: SMProcess) -> None:
        process.status = ProcessExecutionState.RUNNING

    def pauses(self, process: SMProcess) -> None:
        process.status = ProcessExecutionState.PAUSED

    def removes(self, process: SMProcess) -> None:
        del self.jssp.process_by_name[process.name]
        for step in process.steps:
            del self.jssp.step_by_id[step.name]
        for plate in process.containers:
            del self.jssp.container_info_by_name[plate.name]

    def begins(self, step: ProcessStep, *, handled: bool = True) -> ProcessStep:
        step.status = StepStatus.RUNNING
        step.start = self.after(1)
        if handled:
            self.worker.observation_handlers[step.name] = object()
        return step

    def fails(self, step: ProcessStep) -> None:
        step.status = StepStatus.ERROR

    def has_finished(self, step: ProcessStep, db: Any = None) -> None:
        """The step ends as it should. With `db`, the orchestrator logs it, for each of its containers."""
        step.finish = self.after(1)
        process = self.jssp.process_by_name.get(step.process_name)
        for name in step.cont_names if db is not None and process is not None else ():
            db.safe_step_to_db(step, self.jssp.container_info_by_name[name], process.experiment_uuid)
        step.status = StepStatus.FINISHED

    def repeats(self, step: ProcessStep) -> None:
        step.status, step.start, step.finish = StepStatus.WAITING, None, None
        self.worker.observation_handlers.pop(step.name, None)

    def resolves(self, step: ProcessStep) -> None:
        step.start = step.start or self.now
        step.finish = self.now + timedelta(seconds=1)
        step.status = StepStatus.FINISHED
        self.worker.observation_handlers.pop(step.name, None)

    def _invalid(self) -> None:
        self.reschedules += 1

    def _add(self, process: SMProcess) -> None:
        self.jssp.process_by_name[process.name] = process
        self.jssp.step_by_id.update({step.name: step for step in process.steps})
        self.jssp.container_info_by_name.update({plate.name: plate for plate in process.containers})

    def _step(self, process: SMProcess, number: int) -> ProcessStep:
        return ProcessStep(
            name=f'{process.name}_{number}',
            cont_names=[plate.name for plate in process.containers],
            function='read',
            duration=10,
            process_name=process.name,
            used_devices=[UsedDevice(object, name='Reader', tag='main')],
            data={'fct': 'read'},
        )
