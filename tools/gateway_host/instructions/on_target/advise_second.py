# Runs on the rv32 target: counts the instructions that the wiring advisor takes for each report,
# its judgements among them, and the bytes of heap that it holds. Prints the sum, the most of one
# step, the reports, the bytes.
# given.json: `plan`, of the site; `seconds`; `address` of the records, as device/advise.py has
# them.
import gc
import json
from array import array

import uctypes
from advise_report import Report
from count import instructions

from site import document
from commission.wiring import Wiring

with open("given.json") as file:
    task = json.load(file)
site = document.load(json.dumps(task["plan"]))
count = len(site.points)
report = Report(count)
gc.collect()
before = gc.mem_alloc()
wiring = Wiring(site)
SIZE = 24 + 8 * count
total = most = 0
for second in range(task["seconds"]):
    row = uctypes.bytearray_at(task["address"] + second * SIZE, SIZE)
    report.take(array("f", row[:24]), array("i", row[24:]))
    row = None
    gc.collect()
    gc.disable()
    free = [None]  # the first piece after a collection is looked for from the heap's beginning
    steps = wiring.note(report)
    going = True
    while going:
        a = instructions()
        b = instructions()
        try:
            next(steps)
        except StopIteration:
            going = False
        c = instructions()
        taken = (c - b - (b - a)) & 0x1FFFFFFF
        total += taken
        most = max(most, taken)
    gc.enable()
steps = None
gc.collect()
print(total, most, task["seconds"], gc.mem_alloc() - before)
