# Runs in the interpreter, in a copy of a gateway's files: what its journal has. Standard input:
# the serial number and site.json. Prints a line of JSON: the first and the last sequence, what
# readers have, whether it is of another site; then the messages of all its records, a line each,
# "layout" or "history" before it; then a line of JSON: how often which error was counted.
import json
import sys

from site import document
from b_bus.site_meters import meters_of
from energy.aggregates import Aggregates
from energy.record import Record
from energy.registers import Energy
from journal.owner import Owner
from journal.records import Records
from cloud.history_text import HistoryText

given = json.load(sys.stdin)
place = document.load(json.dumps(given["site"]), meters_of)
errors = {}


def count(name):
    errors[name] = errors.get(name, 0) + 1


energy = Energy(place)
kept = Record(place, energy, Aggregates(place, energy), count)
owner = Owner(kept, count)


class Journal(Records):
    def go_on(self):
        self.last = self._state.go_on(kept.rest, False, self._segments, owner, count)
        return self._state.cursors


journal = Journal(place, 1 << 30, count)
cursors = journal.go_on()
print(json.dumps({"first": journal.first, "last": journal.last, "delivered": cursors,
                  "foreign": owner.tail}))  # fmt: skip
text = HistoryText(16000)
layouts = []
sequence = journal.first
while sequence <= journal.last:
    record = None
    for one in journal.read(sequence):
        record = one
    if record is None:
        break
    if record.layout not in layouts:
        layouts.append(record.layout)
        described = journal.layout_text(record.layout)
        if described:
            print("layout", json.dumps(dict(json.loads(described), device=given["serial"])))
    text.begin(given["serial"], record.layout, True, journal.first)
    text.add(record)
    text.end()
    print("history", bytes(text.view()).decode())
    sequence = record.sequence + 1
print(json.dumps({"errors": errors}))
