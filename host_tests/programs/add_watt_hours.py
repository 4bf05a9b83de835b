"""Energy of a meter's counter. Standard input: Wh, read a second apart from a meter that can take
20 MW. Prints the Wh that are counted."""

import json
import sys

from b_bus.watt_hours import WattHours

meter = WattHours(1, lambda: None)
reads = json.load(sys.stdin)
print(sum(meter.advance(0, 20000000, value, now) for now, value in enumerate(reads)))
