"""Reads settings of which a write was cut. Standard input: cases [slot, its sizes]; the whole
slots are in the folder "whole". Prints the networks of each."""

import json
import sys

from site import settings

cases = json.load(sys.stdin)
for name, sizes in cases:
    for size in sizes:
        for copy in ("settings.0", "settings.1"):
            with open("whole/" + copy, "rb") as file:
                data = file.read()
            with open(copy, "wb") as file:
                file.write(data[:size] if copy == name else data)
        print(json.dumps(settings.read().networks))
