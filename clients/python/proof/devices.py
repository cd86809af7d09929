"""The devices of a lab in a PythonLab process.

The scheduler finds a device by the name of its class, which `pythonlab_translation` of the lab file gives. The package
uupythonlab has no such classes; each lab writes its own.
"""

from __future__ import annotations

from typing import Any

from pythonlab.resource import ServiceResource


class Worker(ServiceResource):
    """A device that processes plates. All arguments become data of the step."""

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
        """Moves a plate. `lidded` says whether its lid is on at the end, `read_barcode` whether the barcode is read."""
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
