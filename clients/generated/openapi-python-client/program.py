import json
import sys

from lab_client import AuthenticatedClient
from lab_client.api.containers import get_container, move_container
from lab_client.api.devices import list_positions
from lab_client.models import Container, ContainerResult, Move, Problem

url, key = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key)

plate = get_container.sync('SCREEN_001', client=client)
assert isinstance(plate, Container)
assert plate.lidded, 'the plate was added with its lid on'

target = Move(source_device='Hamilton_STAR', source_pos=0, target_device='Incubator', target_pos=5)
moved = move_container.sync(str(plate.id), client=client, body=target)
assert isinstance(moved, ContainerResult)
assert moved.container.device == 'Incubator', 'it was moved'

refused = get_container.sync('unknown', client=client)
assert isinstance(refused, Problem)
assert refused.code == 'container-not-found', 'a refusal has its code'

positions = list_positions.sync('Incubator', client=client, empty=False)
assert isinstance(positions, list)
print(json.dumps([[slot.position, slot.container] for slot in positions], separators=(',', ':')))
