"""Energy of a meter's counter that can take 20 MW. Standard input: `reads`, [s, Wh] of each;
`net`, whether it may go down. Prints the Wh that are counted."""

import json
import sys

from b_bus.watt_hours import WattHours

meter = WattHours(1, lambda: None)
given = json.load(sys.stdin)
net = given["net"]
print(sum(meter.advance(0, 20000000, value, now, net) for now, value in given["reads"]))
