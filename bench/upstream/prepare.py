"""Makes the package's tables and a lab in them: prepare.py LAB_FILE CONTAINERS_FILE, a JSON list of {barcode, device, position, lidded}."""
import json
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "upstream_settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from laborchestrator.structures import ContainerInfo  # noqa: E402

call_command("migrate", verbosity=0)

from platform_status_db.larastatus.status_db_implementation import StatusDBImplementation  # noqa: E402

status = StatusDBImplementation()
status.create_lab_from_config(sys.argv[1])
with open(sys.argv[2]) as file:
    for plate in json.load(file):
        status.add_container(ContainerInfo(
            name=plate["barcode"], barcode=plate["barcode"], current_device=plate["device"], current_pos=plate["position"],
            start_device=None, lidded=plate["lidded"], lid_site=None))
