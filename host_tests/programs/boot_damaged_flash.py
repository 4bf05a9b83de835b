"""Two power-ups with a damaged file system. Standard input: power_up.py's, and `damage`: from
which byte, how many, their value. Prints what came of them, a table."""

import json

from nor_flash import chip
from power_up import deliver, given, look, power_up

deliver(16)
for at, size, value in given["damage"]:
    chip.flash.data[at : at + size] = bytes([value]) * size
print(json.dumps({"then": power_up(look), "again": power_up(look)}))
