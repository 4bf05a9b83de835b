"""pysmappee as Home Assistant uses it on the local network, on a broker of this machine: prints
what it sees as one JSON line, then switches the first output off.

Arguments: the wheel, the gateway's serial number, the broker's port. The libraries that it has for
the maker's cloud are not asked, so they are not there.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from types import ModuleType
from typing import Any

wheel, serial, port = sys.argv[1:]
sys.path.insert(0, wheel)


class Absent(ModuleType):
    """In the place of what only the cloud needs: all its names are classes."""

    def __getattr__(self, name: str) -> Any:
        return dict if name == "TTLCache" else type(name, (Exception,), {})


for name in ("requests", "requests.exceptions", "requests_oauthlib", "pytz", "schedule"):
    sys.modules[name] = Absent(name)
sys.modules["cachetools"] = Absent("cachetools")

from pysmappee import Smappee  # noqa: E402
from pysmappee.config import config  # noqa: E402
from pysmappee.mqtt import SmappeeLocalMqtt  # noqa: E402

config["MQTT"]["local"]["port"] = int(port)
names = socket.getaddrinfo


def here(host: str, *more: Any, **others: Any) -> Any:
    """Names of the local network are this machine's."""
    assert host == f"smappee{serial}.local", host
    return names("127.0.0.1", *more, **others)


socket.getaddrinfo = here
api = SmappeeLocalMqtt(serial_number=serial)
api.start()
end = time.monotonic() + 30
while time.monotonic() < end and not (api.is_config_ready(1, 0.1) and api.realtime):
    time.sleep(0.1)
smappee = Smappee(api=api, serialnumber=serial)
smappee.load_local_service_location()
(place,) = smappee.service_locations.values()
while time.monotonic() < end and place.total_power is None:
    time.sleep(0.1)
print(
    json.dumps(
        {
            "phases": place.phase_type,
            "solar": place.has_solar_production,
            "measurements": {one.name: one.type for one in place.measurements.values()},
            "powers": {one.name: one.active_total for one in place.measurements.values()},
            "actuators": {one.name: one.type for one in place.actuators.values()},
            "states": {one.name: one.state for one in place.actuators.values()},
            "total": place.total_power,
            "voltages": place.phase_voltages,
            "firmware": api.realtime.get("utcTimeStamp"),
        }
    ),
    flush=True,
)
for number in place.actuators:
    place.set_actuator_state(id=number, state="OFF_OFF")
time.sleep(1)
