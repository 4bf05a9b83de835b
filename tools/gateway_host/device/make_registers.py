# Runs in the interpreter, in a folder: makes the registers of the gateway that takes another
# one's place. Standard input: `site`, its site.json; `points` and `loads`, what they have counted,
# as the registers' record has it, or null: then it is in the old gateway's registers, which are in
# the folder. They are written without the old one's journal, in both slots. Prints the registers
# of points and loads, import and export each, J, and what went wrong.
import json
import sys

from site import document
from b_bus.site_meters import meters_of
from energy.aggregates import Aggregates
from energy.record import Record
from energy.registers import EXPORT, IMPORT, Energy

given = json.load(sys.stdin)
place = document.load(json.dumps(given["site"]), meters_of)
errors = []


def start():
    energy = Energy(place)
    return energy, Record(place, energy, Aggregates(place, energy), errors.append)


energy, record = start()
doubtful = record.doubtful
if given["points"] is not None:
    for i, values in enumerate(given["points"]):
        energy.restore_point(i, values)
    for k, values in enumerate(given["loads"]):
        energy.restore_load(k, *values)
for _ in record.fill():
    pass
for _ in range(2):
    record.write(b"")
energy, record = start()
assert not record.rest and not record.doubtful
print(
    json.dumps(
        {
            "points": [[energy.of_point(i, d) for d in (IMPORT, EXPORT)]
                       for i in range(len(place.points))],
            "loads": [[energy.of_load(k, d) for d in (IMPORT, EXPORT)]
                      for k in range(len(place.loads))],
            "errors": errors,
            "doubtful": doubtful,
        }
    )
)  # fmt: skip
