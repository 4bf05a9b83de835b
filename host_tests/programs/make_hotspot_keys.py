"""Of each serial number (standard input) a gateway without a label: the password that it makes.
Prints them all."""

import json
import os
import sys

from hotspot.own_key import OwnKey

made = []
for serial in json.load(sys.stdin):
    made.append(OwnKey("Gateway-" + serial, serial, print).get())
    os.remove("factory.json")
print(json.dumps(made))
