"""Publishes readings. Standard input: `site`, `readings`, `voltages` and more of a report,
`points` and `loads`, their energies before and after midnight, `events`, `now`; `checked`,
whether the site is. Prints `realtime`, `site`, `channelConfigV2`, `quality` and `totals`."""

import asyncio
import json
import sys
from array import array

from system.counters import Counters
from site import document
from energy.registers import MEASURED
from energy.totals import load_power
from cloud import topics_original as original
from cloud.publisher import Publisher
from cloud.rates import Rates
import pipeline


class Bus:
    def run(self):
        pass


class Uplink:
    connected = True
    sent = {}

    async def send(self, topic, body, retained=False):
        chunks = filter(None, body.chunks(b"", memoryview(bytearray(1024))))
        self.sent[topic] = b"".join([bytes(chunk) for chunk in chunks])
        return True


task = json.load(sys.stdin)
if task["checked"]:
    place = document.load(json.dumps(task["site"]))
else:
    place = document.of(task["site"])
path = pipeline.build(Bus(), place, None, None)
report, energy = path.report, path.energy
report.microhertz, report.samples = task["microhertz"], task["samples"]
report.frequency = task["microhertz"] / 1000000 if task["microhertz"] else None
for voltage, rms in zip(report.voltages, task["voltages"]):
    voltage.rms = rms
saturated = [i for i, values in enumerate(task["readings"]) if values.pop("saturated", 0)]
for reading, values in zip(report.readings, task["readings"]):
    for name, value in values.items():
        setattr(reading, name, value)
for i in saturated:
    report.values.saturated[i] = 1
for p in task["clipped"]:
    report.voltages[p].clipped = True
for i, joules in enumerate(task["reactive"]):
    energy.reactive.joules[i] = joules
report.lines, report.unbalance = task["lines"], task["unbalance"]
report.settle()
events = path.events
for n, (kind, began, samples, worst, phases) in enumerate(task["events"]):
    words = [kind, 0, began, 0, began + samples, worst, phases]
    events._events[7 * (n % 8) : 7 * (n % 8) + 7] = array("i", words)
events._state[38], events._state[22] = len(task["events"]), 32000
events._state[23] = 1
events.date(task["now"])
today = path.aggregates.today
for at in (2, 0):  # first at midnight, then now
    for i, values in enumerate(task["points"] + task["loads"]):
        for d in (0, 1):
            r, joules = 2 * i + d, values[at + d]
            energy.gained[r] = joules - energy.main.joules[r]
            energy.main.joules[r] = joules
    for i in range(len(place.points)):
        energy.state[i] = MEASURED
    if not at:
        for _ in today.add(2):
            pass
now = task["now"]
path.aggregates.powers = [load_power(place, report.readings, k) for k in range(len(place.loads))]
uplink, counters = Uplink(), Counters()
rates = Rates({}, lambda: "ethernet", lambda: 5000)
publisher = Publisher("", place, path, uplink, counters, rates, lambda: 5000, None)


def publish():
    for _ in publisher.write(now):
        pass
    asyncio.run(publisher.send_texts())
    assert not counters.counts, counters.counts


publish()
for text in (
    uplink.sent["realtime"],
    uplink.sent["site"],
    "".join(original.channel_config(place, now)),
    uplink.sent["quality"],
    uplink.sent["totals"],
):
    print(text if isinstance(text, str) else text.decode())
