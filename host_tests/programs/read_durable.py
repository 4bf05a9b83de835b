"""Standard input: folders, each with a durable value; prints of each the value, the count of
damaged slots, and the value after another was written."""

import json
import os
import sys

from system.durable import Durable

for name in json.load(sys.stdin):
    os.chdir(name)
    value = Durable("value")
    before, damaged = value.value, value.damaged
    try:
        value.write(b"next")
    except OSError:
        pass  # then it is what it was
    print(
        json.dumps(
            [None if before is None else before.hex(), damaged, Durable("value").value.decode()]
        )
    )
