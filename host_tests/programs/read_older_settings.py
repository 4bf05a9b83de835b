"""Settings of a firmware that sent without TLS to anywhere, then a file of today. Prints why the
old ones are refused, their broker and networks that are kept, and both of the new ones."""

import json

from system.durable import Durable
from site import settings

mqtt = {"host": "broker.example", "port": 1883}
older = {"mqtt": mqtt, "networks": [["a", "12345678"]]}
Durable("settings").write(json.dumps(older).encode())
try:
    settings.read()
except ValueError as error:
    refused = str(error)
left = settings.kept()
good = dict(mqtt, home_broker=True)
Durable("settings").write(json.dumps(dict(older, mqtt=good, mqtt_before=mqtt)).encode())
assert (settings.kept().mqtt, settings.kept().mqtt_before) == (good, None)
with open("settings.json", "w") as file:
    json.dump({"mqtt": good}, file)
new = settings.read()
print(json.dumps([refused, left.mqtt, left.networks, new.mqtt["home_broker"], new.networks]))
