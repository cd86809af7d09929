"""The cookbook runs as it is, on a lab with the devices that it names."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from platform_status_client import Client, Problem

PAGE = Path(__file__).parents[3] / 'docs' / 'guides' / 'python-cookbook.md'


def a_lab_at_work(client: Client) -> None:
    for name, capacity in (('PlateReader', 1), ('Storage', 40)):
        with suppress(Problem):
            client.add_device(name=name, capacity=capacity)
    client.add_container(device='PlateReader', barcode='SCREEN_001', if_occupied='adopt')
    process = client.create_process(name='cookbook', source='#', reuse=True)
    experiment = client.create_experiment(process_id=process['id'])
    start = datetime.now(timezone.utc) - timedelta(hours=1)
    step: Any = {'start': start, 'finish': start + timedelta(seconds=31), 'experiment_id': experiment['id']}
    client.log_step(device='PlateReader', data={'fct': 'read'}, containers=['SCREEN_001'], **step)
    ends: Any = {'origin': {'device': 'Storage'}, 'destination': {'device': 'PlateReader'}}
    client.log_step(kind='move', device='Arm', **ends, **step)


def test_every_line_of_the_cookbook_runs(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    a_lab_at_work(client)
    code = '\n'.join(re.findall(r'^```python\n(.*?)^```', PAGE.read_text(encoding='utf-8'), re.DOTALL | re.MULTILINE))
    assert code.count('client.') > 10
    exec(compile(code, str(PAGE), 'exec'), {})
    printed = capsys.readouterr().out
    assert re.search(r'^PlateReader operations: \d+$', printed, re.MULTILINE)
    for line in ('read 1 31', 'Storage -> PlateReader 31', 'read on PlateReader 31', '31 ', 'cookbook 2 31'):
        assert line in printed, f'{line} in {printed}'
    assert client.get_container('BATCH_019')['lidded']
