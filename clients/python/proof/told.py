"""Whether the service was told of each step when it began, and once."""

from __future__ import annotations

import threading
import time
from typing import Any

from laborchestrator.structures import MoveStep

from platform_status_client import Client, StatusServiceError

LONGEST = 60.0
# shorter than any step
EVERY = 0.05


class Begun:
    """Watches an orchestrator, and asks the service all the time what runs."""

    def __init__(self, db: Any, orchestrator: Any, url: str) -> None:
        db.watch(orchestrator, name='proof')
        self._db = db
        self._seen: set[str] = set()
        self._was_away = False
        self._client = Client(url, retry_for=0)
        threading.Thread(target=self._look, daemon=True).start()

    def agree_with(self, process: Any) -> None:
        """Every step was seen running, and is one step that says what it said before there were starts."""
        steps = self._settled(process)
        names = [step['name'] for step in steps]
        assert sorted(names) == sorted(step.name for step in process.steps), f'the steps are {sorted(names)}'
        unseen = set(names) - self._seen
        assert not unseen or self._was_away, f'not seen running: {unseen}'
        of_process = {step.name: step for step in process.steps}
        for told in steps:
            step = of_process[told['name']]
            assert (told['status'], told['attempt']) == ('completed', 1), told
            assert told['session'] is not None, told
            assert told['warnings'] == [], told
            assert abs(told['duration_seconds'] - (step.finish - step.start).total_seconds()) < 0.01, told
            assert len(told['containers']) == len(step.cont_names), told
            assert all(container['id'] for container in told['containers']), told
            if isinstance(step, MoveStep):
                known = [told['lidded_before'], told['lidded_after'], told['barcode_read'], told['origin']['position']]
                assert None not in known, told

    def _settled(self, process: Any) -> list[Any]:
        """The steps, when all is told."""
        until = time.monotonic() + LONGEST
        client = self._db.client
        while client.get_experiment(process.experiment_uuid)['status'] != 'completed':
            assert time.monotonic() < until, 'the experiment is not completed'
            time.sleep(0.2)
        return list(client.each(client.list_steps, experiment_id=process.experiment_uuid))

    def _look(self) -> None:
        while True:
            try:
                running = self._client.get_running_steps()['items']
                self._seen |= {item['step']['name'] for item in running if item['step']['name'] is not None}
            except StatusServiceError:
                # it is killed on the way; a step that ends meanwhile is told in one go
                self._was_away = True
            time.sleep(EVERY)
