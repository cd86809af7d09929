"""The lab: its file, its slots, and the certificates of its device servers."""

from __future__ import annotations

import logging
from pathlib import Path

from ..errors import Problem
from .containers import place
from .part import StatusDBPart
from .safely import safely

log = logging.getLogger('platform_status_client')


class LabPart(StatusDBPart):
    def create_lab_from_config(self, lab_config_file_path: str, *, prune: bool = False) -> None:
        """Adds and updates the devices of a lab file. The same file again changes nothing.

        With `prune`, devices that are not in the file are retired. Raises an error if the file is invalid, or if it
        would remove an occupied slot.
        """
        self.client.put_lab_config(Path(lab_config_file_path).read_text(encoding='utf-8'), prune=prune)

    def wipe_lab(self) -> None:
        """Removes every container and retires every device. The history is kept."""
        self.client.wipe_lab(confirm='wipe')

    def wipe_lara(self) -> None:
        """The older name of `wipe_lab`."""
        self.wipe_lab()

    @safely(False)
    def health_check(self) -> bool:
        """Whether the service found no error in its data about the lab. It logs all findings."""
        health = self.client.get_lab_health()
        for finding in health['findings']:
            log.log(logging.ERROR if finding['severity'] == 'error' else logging.WARNING, '%s', finding['message'])
        return health['healthy']

    @safely(lambda device: [])
    def get_all_positions(self, device: str) -> list[int]:
        """The slot numbers of a device, ascending. An empty list if the lab does not have the device."""
        try:
            return [slot['position'] for slot in self.patient.list_positions(str(device))]
        except (Problem, ValueError) as error:
            if isinstance(error, Problem) and not error.says_absent:
                raise
            return []

    @safely(False)
    def position_empty(self, device: str, pos: int) -> bool:
        """Whether something can be put there. False if the slot does not exist, is reserved, or is unknown."""
        where = place(device, pos)
        if where is None:
            return False
        self.settle(self.patient.retry_for)
        try:
            found = self.patient.get_position(where['device'], where['position'])
        except Problem as problem:
            if problem.code != 'position-not-found':
                raise
            # what disposes takes anything, whatever slot is named
            return bool(self.patient.get_device(where['device'])['disposes'])
        return found['empty'] and found.get('reserved') is None

    @safely(None)
    def write_server_certificate(self, device_name: str, cert: str) -> None:
        """Stores the certificate (PEM) of the server of a device."""
        self.client.put_certificate(str(device_name), cert)

    @safely('')
    def get_server_certificate(self, device_name: str) -> str:
        """The certificate of the server of a device. An empty string if there is none."""
        try:
            return self.client.get_certificate(str(device_name))['certificate']
        except Problem as problem:
            if problem.code != 'no-certificate':
                raise
            return ''
