"""Joins of networks, one after the other. Standard input: name and key of each. Prints the known
ones."""

import json
import sys

from site import settings

known = settings.read()
for name, key in json.load(sys.stdin):
    settings.remember(known, name, key)
print(json.dumps({"networks": [ssid for ssid, _ in settings.read().networks]}))
