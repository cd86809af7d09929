"""Processes and their experiments."""

from __future__ import annotations

from .connected import Connected
from .readable import name_of

# what laborchestrator compares with before it adds a process; sources never change
MOST_SOURCES = 1000


class RunsPart(Connected):
    def add_process_to_db(self, name: str, src: str) -> str:
        """Keeps a process; its id. The same name and source again are the same process."""
        return self.client.create_process(name=name_of(name), source=src, reuse=True)['id']

    def get_available_processes(self) -> list[tuple[str, str]]:
        """Name and id of every process."""
        return [(process['name'], process['id']) for process in self.client.each(self.client.list_processes, limit=500)]

    def get_process(self, process_uuid: str) -> str:
        """The source of a process, to the character."""
        process_id = str(process_uuid)
        known = self.sources.get(process_id)
        if known is None:
            known = self.client.get_process_source(process_id)
            if len(self.sources) < MOST_SOURCES:
                self.sources[process_id] = known
        return known

    def create_experiment(self, process_id: str) -> str:
        """A run of a process begins; its id."""
        return self.client.create_experiment(process_id=str(process_id))['id']
