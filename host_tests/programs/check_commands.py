"""Prints which commands there are, and then of each of standard input, [name, fields], whether the
firmware takes it."""

import json
import sys

from system.refused import Refused
from cloud.command_schema import SCHEMA, checked

print(json.dumps([name for name in SCHEMA if name != "setstate"]))
for name, fields in json.load(sys.stdin):
    try:
        checked(name, fields)
        print(True)
    except Refused:
        print(False)
