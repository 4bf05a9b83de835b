"""A factory reset after long use. Prints how many secrets there were, the files that are left, the
label, what is kept beside the flash."""

import json
import os
import sys

from used_flash import Gateway, flash

from panel import factory_reset

before = bytes(flash.data).count(b"SECRET")
gateway = Gateway(flash)
factory_reset.reset(gateway)
left = os.listdir()
with open("factory.json") as file:
    label = file.read()
flash.save()
sys.stdout.write(
    json.dumps({"before": before, "left": left, "label": label, "kept": gateway.kept()})
)
