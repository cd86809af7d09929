"""The lab: its file, its slots, its servers' certificates."""

from __future__ import annotations

import logging
from pathlib import Path

from ..errors import Problem
from .connected import Connected
from .containers import place
from .safely import safely

log = logging.getLogger('platform_status_client')


class LabPart(Connected):
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

    @safely(lambda device: [])
    def get_all_positions(self, device: str) -> list[int]:
        """The slots of a device, ascending; none for one that the lab does not have."""
        try:
            return [slot['position'] for slot in self.client.list_positions(str(device))]
        except (Problem, ValueError) as error:
            if isinstance(error, Problem) and not error.says_absent:
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
