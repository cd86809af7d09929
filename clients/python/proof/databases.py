"""The two status databases. The step logs of both are read into the same form."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

# a row for each container of a step
Row = dict[str, Any]
Rows = Callable[[str], list[Row]]


def the_service(url: str) -> tuple[Any, Rows]:
    """The service at a URL, and a function that reads the step log of an experiment."""
    from platform_status_client import StatusDB

    db = StatusDB(url)

    def rows(experiment: str) -> list[Row]:
        return [
            {
                'kind': step['kind'],
                'fct': step['fct'],
                'device': step['device'],
                'barcode': container['barcode'],
                'origin': step['origin'] and step['origin']['device'],
                'destination': step['destination'] and step['destination']['device'],
            }
            for step in db.client.each(db.client.list_steps, experiment_id=experiment)
            for container in step['containers']
        ]

    return db, rows


def the_former() -> tuple[Any, Rows]:
    """Platform Status DB (PyPI `platformstatusdb`) in a new SQLite file, and a function that reads its step log."""
    os.environ['DJANGO_SETTINGS_MODULE'] = 'former_settings'
    import django
    from django.core.management import call_command

    django.setup()
    call_command('migrate', verbosity=0, interactive=False)
    from platform_status_db.job_logs.models import MoveStep, ProcessStep
    from platform_status_db.larastatus.status_db_implementation import StatusDBImplementation

    def rows(experiment: str) -> list[Row]:
        of_experiment = {'experiment__experiment_uuid': experiment}
        moves = {move.pk: move for move in MoveStep.objects.filter(**of_experiment)}
        return [
            {
                'kind': 'move' if step.pk in moves else 'operation',
                'fct': json.loads(step.parameters)['fct'],
                'device': step.executing_device.lara_name,
                'barcode': step.container and step.container.barcode,
                'origin': (step.pk in moves and moves[step.pk].origin.device.lara_name) or None,
                'destination': (step.pk in moves and moves[step.pk].destination.device.lara_name) or None,
            }
            for step in ProcessStep.objects.filter(**of_experiment)
        ]

    return StatusDBImplementation(), rows
