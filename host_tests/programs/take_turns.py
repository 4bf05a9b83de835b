"""Standard input: values in hex, or None; writes each and prints what was there before it, and how
many were damaged."""

import json
import sys

from system.durable import Durable

for text in json.load(sys.stdin):
    value = Durable("value")
    before = value.value
    print(json.dumps([None if before is None else before.hex(), value.damaged]))
    if text is not None:
        value.write(bytes.fromhex(text))
