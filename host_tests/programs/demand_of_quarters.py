"""The highest demand. Standard input: `site`; `quarters`, [start, watts, seconds]. Prints the
highest and when it was, after each."""

import json
import sys
from array import array

from site import document
from energy.demand import Demand
from energy.intervals import Interval

task = json.load(sys.stdin)
demand = Demand(document.load(json.dumps(task["site"])), None)
for start, watts, seconds in task["quarters"]:
    energy = array("q", [0, 0, 0, 0, watts * 900, 5, 0, 0])
    demand.add(Interval(start, 900, seconds * 3200, energy, array("i", [0, 0]), 0, None))
    print(demand.highest, demand.at)
