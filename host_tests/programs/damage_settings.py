"""Writes the settings anew, then damages a slot. Prints the files, and the broker's settings
before and after."""

import json
import os

from site import settings

before = settings.read()
settings.choose(before, "wifi")
with open("settings.1", "r+b") as file:
    file.seek(100)
    file.write(b"?")
print(json.dumps([os.listdir(), before.mqtt, settings.read().mqtt]))
