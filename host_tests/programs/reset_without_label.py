"""A factory reset where the label cannot be kept. Prints whether it was refused, and whether
anything was erased."""

import json
import sys

from used_flash import Gateway, flash

from panel import factory_reset

gateway = Gateway(flash)
gateway.kept = lambda: None
before = bytes(flash.data)
try:
    factory_reset.reset(gateway)
    sys.stdout.write('{"refused": false}')
except OSError:
    sys.stdout.write(json.dumps({"refused": True, "erased": before != flash.data}))
