"""A second of messages of a site with many points, without a gateway around them: what `make
bench` and the tests count. As a program it prints one JSON object: the size of each message in
bytes, the steps that writing those of a report took, the bytes of heap that this allocated, and
those of `realtime` alone."""

import asyncio
import gc
import json
import sys

from system.counters import Counters
from site import document
from a_bus.state import describe
from energy.intervals import FIVE_MINUTES, Interval
from energy.spread import Spread
from cloud.aggregated import aggregated as aggregated_pieces
from cloud.history_text import HistoryText
from cloud.publisher import Publisher
from cloud.rates import Rates
from cloud.state import State
import pipeline

NOW_MS = 1764000001000
_ROLES = ("grid", "grid", "grid", "solar", "solar", "solar", "battery", "battery", "battery")


class Bus:
    def run(self):
        pass


class Uplink:
    """Takes every message, and remembers how long it was."""

    connected = True

    def __init__(self):
        self.sizes = {}
        self._room = memoryview(bytearray(1024))

    async def send(self, topic, body, retained=False):
        self.sizes[topic] = 0
        for chunk in filter(None, body.chunks(b"", self._room)):
            self.sizes[topic] += len(chunk)
        return True


def site(points):
    """A three-phase house: grid, sun and battery of three points each, the rest are circuits."""
    loads = [{"name": "Circuit number %d" % i, "role": "circuit"} for i in range(9, points)]
    loads += [{"name": role, "role": role} for role in ("grid", "solar", "battery")]
    return document.of(
        {
            "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC", "utc_offset": 0,
            "scheme": "3x400+N", "frequency": 50, "head": "5020000001", "loads": loads,
            "points": [
                {
                    "node": "55000001%02d" % (i // 4), "input": "ABCD"[i % 4], "ct": "AC-CT-50A",
                    "phase": "L%d" % (1 + i % 3),
                    "load": _ROLES[i] if i < 9 else "Circuit number %d" % i,
                }
                for i in range(points)
            ],
        }
    )  # fmt: skip


def measured(place):
    """A Measuring of it with values as a house has them after a year."""
    path = pipeline.build(Bus(), place, None, None)
    report, energy = path.report, path.energy
    report.samples, report.microhertz, report.frequency = 3200, 49987654, 49.987654
    for p in range(3):
        report.voltages[p].rms = 229.87 + p
    report.lines, report.unbalance = [398.12, 399.34, 397.56], 0.47
    for i, reading in enumerate(report.readings):
        power = (-1 if i % 5 == 4 else 1) * (37.25 + 211.37 * i)
        reading.power, reading.reactive = power, 12.75 - 7.31 * i
        reading.apparent, reading.factor, reading.angle = abs(power) + 9.58, 0.9731, -12.3
        reading.current, reading.voltage = abs(power) / 229.87, 229.87
    report.settle()
    for r in range(len(energy.main.joules)):
        energy.main.joules[r] = 0 if r % 2 and r % 5 else 9876543210 + 12345678 * r
    today = path.aggregates.today
    for r in range(len(today.joules)):
        today.joules[r] = 0 if r % 2 and r % 5 else 36543210 + 12345 * r
    for j in range(len(today.sums)):
        today.sums[j] = 123456789 + j
    path.aggregates.grid = 2345.6
    for r in range(len(energy.reactive.joules)):
        energy.reactive.joules[r] = 0 if r % 4 in (1, 2) else 1234567890 + r
    today = path.aggregates.today
    for r in range(len(today.joules)):
        today.joules[r] = energy.main.joules[2 * len(place.points) + r]
    for j in range(len(today.sums)):
        today.sums[j] = 98765432100 + j
    return path


def build(points=28, rates=None, uplink=None, counters=None):
    """(a Publisher that has all to publish, the uplink that it gives it to)."""
    place = site(points)
    uplink = uplink or Uplink()
    counters = counters or Counters()

    async def publish_state():
        pass

    limits = Rates(rates or {}, lambda: "ethernet", lambda: 5000)
    path = measured(place)
    return Publisher(
        "u/", place, path, uplink, counters, limits, lambda: 5000, publish_state
    ), uplink


def second(publisher):
    """Write and send all that is due of a report; returns how many steps the writing took."""
    steps = 1
    for _ in publisher.write(NOW_MS):
        steps += 1
    asyncio.run(publisher.send_texts())
    return steps


def allocated(publisher):
    """Bytes of heap that writing one report's messages takes."""
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in publisher.write(NOW_MS):
        pass
    after = gc.mem_alloc()
    gc.enable()
    asyncio.run(publisher.send_texts())
    return after - before


class Things:
    """Anything with these attributes."""

    def __init__(self, **attributes):
        for name, value in attributes.items():
            setattr(self, name, value)


def gateway(points):
    """`gateway` of so many points, with one thing that is wrong."""
    nodes = [
        Things(
            serial="55000001%02d" % k,
            address=k + 1,
            state=lambda: "well",
            count=lambda _: 123456789,
        )
        for k in range(1 + (points + 3) // 4)
    ]
    bus = Things(
        capacity=28, line_us=14360, blocks=123456789,
        backlog=Things(skipped=0, restarts=0), receiver=Things(foreign=0, noise=0),
        nodes=Things(all=nodes),
    )  # fmt: skip
    values = {
        "time": 1764000001, "uptime": 12345678, "serial": "5020000042", "heapFree": 3456789,
        "internalHeap": {"free": 22695, "least": 16567},
        "firmwareVersion": "0.1.0", "site": "3f7a9c1e", "update": None, "windows": 61728390,
        "orderRefused": None,
        "lastEnd": {"reason": None, "reset": "power-up", "count": 0, "ran": None, "failed": 0},
        "mqtt": {
            "connects": 123, "published": 12345678, "dropped": 12, "intervalsDropped": 0,
            "lastError": "the broker closed the connection",
        },
        "connection": {"link": "lte", "dbm": -87, "leads": "ok", "problem": None},
        "led": {"state": "well", "colour": "green", "pattern": "breathing", "overdue": False},
        "errors": {
            "uplink.lost": 12, "uplink.network": 34, "connection.lost": 12, "bus_b.timeout": 5,
        },
        "advice": [
            {
                "name": "missing",
                "text": "5500000191 does not answer any more: check its cable and supply",
            }
        ],
    }  # fmt: skip
    parts = [(name, lambda value=value: value, None) for name, value in values.items()]
    parts.append(("aBus", lambda: describe(bus, 3000000, points), None))
    return State(parts).pieces()


def aggregated(place, path):
    """`aggregated` of five minutes in which every circuit took 1 kWh."""
    joules, spread = path.energy.main.joules, Spread(len(place.points))
    spread.add(path.report, 1234.5)
    for r in range(len(joules)):
        joules[r] = 3600000 + r if joules[r] else 0
    missed = path.energy.missing
    interval = Interval(1764000000, FIVE_MINUTES, 960000, joules, missed, 0, spread)
    return aggregated_pieces(place, interval, 145)


def minute(points, sequence):
    """A record of a minute in which every circuit took 200 Wh; of each quarter of an hour the
    last one has the powers."""
    return Things(
        sequence=sequence,
        first=sequence,
        time=1764000000 + 60 * sequence,
        seconds=60,
        boot=117,
        layout="9c41d2e7",
        imported=[0 if i % 5 == 4 else 720000 + i for i in range(points)],
        exported=[720000 + i if i % 5 == 4 else 0 for i in range(points)],
        missing=[0] * points,
        estimated=0,
        grid=(-12345, 12345),
        voltages=[(2284, 2319)] * 3,
        power=[(-12345, 12345)] * points if sequence % 15 == 0 else None,
        pulses={"5700000011": [0, 12, 0, 0]},
        events=0,
        cut=False,
    )


def minutes(points, count=15):
    """`minutes` of so many of them, a HistoryText."""
    text = HistoryText(10000)
    text.begin("5100000123", "9c41d2e7", False, 40211)
    for sequence in range(1000000, 1000000 + count):
        assert text.add(minute(points, sequence))
    text.end()
    return text


def size(pieces):
    return sum(len(piece.encode()) for piece in pieces)


def main(points):
    alone = {"site": 0, "quality": 0, "totals": 0, "harmonics": 0}
    publisher, _ = build(points, alone)
    second(publisher)
    realtime = allocated(publisher)
    publisher, uplink = build(points)
    steps = second(publisher)
    heap = allocated(publisher)
    sizes = {topic[2:]: taken for topic, taken in uplink.sizes.items()}
    place = site(points)
    sizes["aggregated"] = size(aggregated(place, measured(place)))
    sizes["gateway"] = size(gateway(points))
    sizes["minutes"] = len(minutes(points).view())
    print(
        json.dumps(
            {"sizes": sizes, "steps": steps, "allocated": heap, "allocated_realtime": realtime}
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 28)
