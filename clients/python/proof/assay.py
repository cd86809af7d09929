"""A process for the lab of examples/adaption_template_demo_lab.yaml.

laborchestrator parses the source. It understands calls, assignments, `if` and `for`, and creates the class again
without arguments.
"""

from __future__ import annotations

from devices import GreeterServiceResource, HumanServiceResource, LabwareStorageResource, MoverServiceResource
from pythonlab.process import PLProcess
from pythonlab.resource import LabwareResource

PLATES = 3


class Assay(PLProcess):
    """Reads, incubates and washes each plate (without its lid), and mixes two of them."""

    def __init__(self, priority: int = 10) -> None:
        super().__init__(priority=priority)

    def create_resources(self) -> None:
        self.arm = MoverServiceResource(proc=self, name='GenericArm')
        self.hotel = LabwareStorageResource(proc=self, name='Hotel1')
        self.incubator = LabwareStorageResource(proc=self, name='Hotel2')
        self.washer = GreeterServiceResource(proc=self, name='Greeter')
        self.bench = HumanServiceResource(proc=self, name='Human')
        self.plates = [
            LabwareResource(proc=self, name=f'plate{number}', lidded=True, filled=True, plate_type='greiner_96')
            for number in range(PLATES)
        ]

    def init_service_resources(self) -> None:
        super().init_service_resources()
        for number, plate in enumerate(self.plates):
            plate.set_start_position(self.hotel, number)

    def process(self) -> None:
        for plate in self.plates:
            self.arm.move(plate, self.hotel, read_barcode=True)
            self.arm.move(plate, self.incubator)
            self.incubator.do('incubate', plate, 30, temperature=310, shaking_frequency=700)
            self.arm.move(plate, self.washer, lidded=False)
            self.washer.do('run_protocol', plate, 40, method='wash_96')
            self.arm.move(plate, self.incubator, lidded=True)
        self.arm.move(self.plates[0], self.bench)
        self.arm.move(self.plates[1], self.bench)
        self.bench.do('mix', [self.plates[0], self.plates[1]], 20, speed=500)
        self.arm.move(self.plates[0], self.hotel, lidded=False)
        self.arm.move(self.plates[1], self.hotel)
