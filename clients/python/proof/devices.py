"""What stands for the devices of a lab in a PythonLab process.

The scheduler knows a device by the name of its class, as `pythonlab_translation` of the lab file says; PyPI's
uupythonlab brings no such classes, labs write their own.
"""

from __future__ import annotations

from typing import Any

from pythonlab.resource import ServiceResource


class Worker(ServiceResource):
    """A device that does something to plates; whatever is said of it ends up in the step's data."""

    def do(self, fct: str, plates: Any, duration: float, **told: Any) -> None:
        self.proc.add_process_step(
            self, plates if isinstance(plates, list) else [plates], fct=fct, duration=duration, **told
        )


class LabwareStorageResource(Worker):
    pass


class GreeterServiceResource(Worker):
    pass


class HumanServiceResource(Worker):
    pass


class MoverServiceResource(Worker):
    def move(self, plate: Any, target: Worker, **told: Any) -> None:
        """Carries a plate; `lidded` says how it has to arrive, `read_barcode` that the barcode is read on the way."""
        self.proc.add_process_step(
            self,
            [plate],
            is_movement=True,
            fct='move',
            duration=30,
            target=type(target),
            target_name=target.name,
            executor=[target],
            **told,
        )
