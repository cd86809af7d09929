"""The plain client against the real service."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from platform_status_client import Client, Problem


def test_a_missing_container_is_found_by_its_barcode_without_a_place_and_not_by_its_place(
    client: Client, tag: str
) -> None:
    client.add_device(name=f'Hotel {tag}', capacity=2)
    for position in (0, 1):
        client.add_container(device=f'Hotel {tag}', position=position, barcode=f'{tag} {position}')
    client.arrange_containers(reason='not in its slot', items=[], missing=[f'{tag} 1'])
    found = client.get_container(f'{tag} 1')
    assert (found['device'], found['position'], found['missing_since'] is None) == (None, None, False)
    assert (found['last_device'], found['last_position']) == (f'Hotel {tag}', 1)
    assert client.get_position(f'Hotel {tag}', 1)['occupant'] is None
    assert [one['barcode'] for one in client.list_containers(device=f'Hotel {tag}')['items']] == [f'{tag} 0']
    assert found['id'] in [one['id'] for one in client.each(client.list_containers, missing='true')]
    messages = [finding['message'] for finding in client.get_lab_health()['findings']]
    assert any(f'"{tag} 1" is missing since' in message for message in messages)
    client.move_container(f'{tag} 1', target_device=f'Hotel {tag}', target_pos=1)
    assert client.get_container(f'{tag} 1')['missing_since'] is None


def test_the_three_calls_of_the_documented_wrapper(client: Client, tag: str) -> None:
    star, incubator, barcode = f'Star {tag}', f'Incubator/{tag}', f'SCREEN {tag}'
    for name in (star, incubator):
        client.add_device(name=name, capacity=6)
    client.add_container(device=star, position=0, barcode=barcode, lidded=True)
    moved = client.move_container(barcode, source_device=star, source_pos=0, target_device=incubator, target_pos=5)
    assert moved['status'] == 'success'
    found = client.get_container(barcode)
    assert (found['device'], found['position'], found['lidded']) == (incubator, 5, True)
    slots = client.list_positions(incubator)
    assert [(slot['position'], slot['empty'], slot['container']) for slot in slots][4:] == [
        (4, True, None),
        (5, False, barcode),
    ]
    with pytest.raises(Problem) as refused:
        client.get_container(f'unknown {tag}')
    assert refused.value.code == 'container-not-found'


def test_steps_and_estimates_with_datetimes(client: Client, tag: str) -> None:
    device, start = f'Washer {tag}', datetime.now(timezone.utc) - timedelta(hours=1)
    for seconds in (90, 91, 92):
        client.log_step(device=device, data={'fct': tag}, start=start, finish=start + timedelta(seconds=seconds))
    assert [step['duration_seconds'] for step in client.each(client.list_steps, device=device, limit=2)] == [90, 91, 92]
    estimate = client.estimate_step(step={'device': device, 'data': {'fct': tag}}, statistic='max')
    assert estimate['duration_seconds'] == 92


def test_absent_and_none_are_two_things(client: Client, tag: str) -> None:
    client.add_device(name=tag, capacity=1)
    made = client.add_container(device=tag, barcode=f'B{tag}', content='water')
    assert client.update_container(made['id'], name='plate')['content'] == 'water'
    assert client.update_container(made['id'], content=None)['content'] is None


def test_texts_come_back_as_texts(client: Client, tag: str) -> None:
    source = 'class A:\n\tpass\r\n  \n# Grüße μ\n'
    made = client.create_process(name=tag, source=source)
    assert client.get_process_source(made['id']) == source
