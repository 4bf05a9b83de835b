"""Joins of networks, one after the other. Standard input: their names. Prints the known ones."""

import json
import sys

from site import settings

requests = settings.read()
for name in json.load(sys.stdin):
    settings.remember(requests, name, "12345678")
print(json.dumps({"networks": [ssid for ssid, _ in settings.read().networks]}))
