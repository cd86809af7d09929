"""The three calls of the documented REST wrapper over the published package, for gunicorn: `gunicorn app:app`."""
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "upstream_settings")

from flask import Flask, request  # noqa: E402
from platform_status_db.larastatus.status_db_implementation import StatusDBImplementation  # noqa: E402

app = Flask(__name__)
status = StatusDBImplementation()


@app.get("/api/containers/<barcode>")
def where(barcode):
    found = status.get_cont_info_by_barcode(barcode)
    if not found:
        return {"error": "Container not found"}, 404
    return {"barcode": found.barcode, "device": found.current_device, "position": found.current_pos, "lidded": found.lidded}


@app.post("/api/containers/<barcode>/move")
def move(barcode):
    body = request.get_json()
    status.moved_container(**{name: body[name] for name in ("source_device", "source_pos", "target_device", "target_pos")}, barcode=barcode)
    return {"status": "success"}


@app.get("/api/devices/<device>/positions")
def slots(device):
    def slot(number):
        empty = status.position_empty(device, number)
        there = None if empty else status.get_container_at_position(device, number)
        return {"position": number, "empty": empty, "container": there.barcode if there else None}

    return [slot(number) for number in status.get_all_positions(device)]
