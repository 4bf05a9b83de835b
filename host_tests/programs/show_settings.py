"""Prints the settings as they are taken, and what files are left."""

import json
import os

from site import settings

kept = settings.read()
print(json.dumps({"mqtt": kept.mqtt, "networks": kept.networks, "files": os.listdir()}))
