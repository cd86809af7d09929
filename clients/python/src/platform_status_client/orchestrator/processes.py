"""Processes and their experiments."""

from __future__ import annotations

from .part import StatusDBPart
from .readable import name_of

# laborchestrator reads all sources before it adds a process. They never change, so they are cached
MOST_SOURCES = 1000


class ProcessesPart(StatusDBPart):
    def add_process_to_db(self, name: str, src: str) -> str:
        """Stores a process and returns its id. The same name and source return the same process."""
        return self.client.create_process(name=name_of(name), source=src, reuse=True)['id']

    def get_available_processes(self) -> list[tuple[str, str]]:
        """The name and the id of every process."""
        return [(process['name'], process['id']) for process in self.client.each(self.client.list_processes, limit=500)]

    def get_process(self, process_uuid: str) -> str:
        """The source of a process, exactly as it was stored."""
        process_id = str(process_uuid)
        known = self.sources.get(process_id)
        if known is None:
            known = self.client.get_process_source(process_id)
            if len(self.sources) < MOST_SOURCES:
                self.sources[process_id] = known
        return known

    def create_experiment(self, process_id: str) -> str:
        """Creates an experiment and returns its id."""
        return self.client.create_experiment(process_id=str(process_id))['id']
