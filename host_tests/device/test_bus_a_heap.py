"""On the device: the measuring path allocates nothing between reports, damage and repair included.

A recorded conversation is played to the real A-bus master: the UART here hands out, without
allocating, what a head and a hub answered in a first run.
"""

import gc
import unittest
from math import pi, sin
from struct import pack

import micropython

from a_bus import collect
from bus_a import BusA
from measure.harmonics import Harmonics
from measure.power_events import PowerEvents
from metering import COUNT, MISSED, REPORT_WORDS, SQUARE, Meter
from pipeline import Measuring

HEAD, HUB = "5400000001", "5500000001"
RATE = 3200
BAUD = 3000000
START = 5000003  # the head's sample number at 0
FREQUENCY = 50
BLOCKS = 120  # in their second half the heap is locked, but for the reports,
PAUSE_AT, PAUSE_US = 80, 700000  # and there is a pause


class Clock:
    def __init__(self):
        self.us = 0

    def ticks_us(self):
        return self.us


def check_of(data):
    check = 0xFFFFFFFF
    for at in range(0, len(data), 4):
        check ^= data[at] | data[at + 1] << 8 | data[at + 2] << 16 | data[at + 3] << 24
        check ^= check << 1 & 0xFFFFFFFF
        check ^= check >> 10
        check ^= check << 9 & 0xFFFFFFFF
    return check


def section(payload):
    return payload + pack("<I", check_of(payload))


def frame(kind, address, argument, block, body=b""):
    head = pack("<BBBBHH", 0xA5, kind, address, argument, block & 0xFFFF, len(body))
    return head + pack("<I", check_of(head)) + body


def channel(first, peak, shift):
    turn = 2 * pi * FREQUENCY / RATE
    return section(
        pack("<64h", *[round(peak * sin(turn * (first + k) - shift)) for k in range(64)])
    )


class LiveNodes:
    """A head and a hub as docs/a-bus.md has them, answering at once; every 7th block's first
    current section is damaged until it is asked for again. Records what it answers."""

    def __init__(self, clock):
        self.answers = []
        self._clock = clock
        self._due = b""
        self._strangers = [5400, 5500]

    def _sample(self):
        return START + self._clock.us * 4 // 1250

    def _channels(self, address, block):
        whole = self._sample() // 64
        first = (whole - ((whole - block) & 0xFFFF)) * 64
        if address == 1:
            return [channel(first, 21000, 2 * pi * p / 3) for p in range(3)]
        return [channel(first, 1000 * (k + 1), 2 * pi * (k % 3) / 3) for k in range(4)]

    def write(self, data):
        kind, address, argument = data[1], data[2], data[3]
        block = data[4] | data[5] << 8
        if kind == 10:
            self._due = b"".join(
                frame(11, 0, 0, 0, section(pack("<HHIBBBxII", type, 258, 1, 3, 3, 128, 0, 7)))
                for type in self._strangers
            )
        elif kind == 7:
            status = pack("<BBBBiIIII", 3, 0, 15, 0, 0, 0, 0, 0, 0)
            self._due = frame(8, address, 0, 0, section(status))
        elif kind == 5:
            address = data[20]
            self._strangers.remove(5400 if address == 1 else 5500)
            info = pack("<HHIBBBxI", 5400 if address == 1 else 5500, 258, 1, 3, 3, 128, 0)
            self._due = frame(6, address, 0, 0, section(info))
        elif kind == 1:
            timing = section(pack("<IHH", self._sample(), 0, 0))
            if not 1 <= (self._sample() // 64 - block) & 0xFFFF <= 128:
                self._due = frame(4, 1, 0x12, block, timing) + frame(4, 2, 2, block)
                return
            head = frame(2, 1, 0x17, block, timing + b"".join(self._channels(1, block)))
            hub = bytearray(frame(2, 2, 15, block, b"".join(self._channels(2, block))))
            if block % 7 == 0:
                hub[40] ^= 1
            self._due = head + hub
        elif kind == 3:
            channels = self._channels(address, block)
            wanted = [channels[c] for c in range(len(channels)) if argument >> c & 1]
            self._due = frame(2, address, argument, block, b"".join(wanted))

    def set_baud(self, baud):
        pass

    def readinto(self, view):
        due, self._due = self._due[: len(view)], self._due[len(view) :]
        view[: len(due)] = due
        self.answers.append(due)
        return len(due)


@micropython.viper
def _copy(target: ptr8, source: ptr8, count: int):
    for i in range(count):
        target[i] = source[i]


class PlayedNodes:
    """Plays the recorded answers; allocates nothing."""

    def __init__(self, answers):
        self._answers = answers
        self._next = 0

    def write(self, data):
        pass

    def set_baud(self, baud):
        pass

    def readinto(self, view):
        answer = self._answers[self._next]
        self._next += 1
        _copy(view, answer, len(answer))
        return len(answer)


class Report:
    """Stands for quantities.Report and energy.Energy: keeps what a report was made of. With
    `locking` the heap is unlocked for the report alone, which may allocate."""

    def __init__(self):
        self.values = None
        self.frequency = None
        self.seen = []
        self.locking = False

    def now(self):
        if self.locking:
            micropython.heap_unlock()

    def read(self, meter):
        self.seen.append(list(meter.finished))
        yield

    def settle(self):
        pass

    def add(self, values, now=None):
        return ()


class Path:
    """The measuring path on a UART."""

    def __init__(self, clock, uart):
        gc.collect()  # large pieces are needed
        self.clock = clock
        self.paused = False
        nodes = [(HEAD, (0, 1, 2)), (HUB, (3, 4, 5, 6))]
        self.bus = BusA(uart, clock.ticks_us, BAUD, nodes, 7, 3)
        self.report = Report()
        self.measuring = Measuring(
            self.bus,
            None,
            None,
            Meter([0, 1, 2, 0], FREQUENCY),
            PowerEvents(230 / 0.015, 3),
            Harmonics([0, 3, 6]),
            self.report,
            self.report,
            self.report,
            self.report.now,
            self._waiting,
        )
        self._step = self.measuring.step  # bound once: that allocates

    def _waiting(self):
        self.measuring.work_through()
        if self.report.locking:
            micropython.heap_lock()

    def steps(self, blocks):
        """Until so many blocks have been handed over; allocates nothing itself."""
        while self.bus.blocks < blocks:
            self.clock.us += self._step()
            if self.bus.blocks >= PAUSE_AT and not self.paused:
                self.paused = True
                self.clock.us += PAUSE_US


class Allocation(unittest.TestCase):
    def test_no_allocation_between_reports(self):
        clock = Clock()
        live = LiveNodes(clock)
        first = Path(clock, live)
        first.steps(BLOCKS)

        second = Path(Clock(), PlayedNodes(live.answers))
        second.steps(BLOCKS // 2)
        report, hub = second.report, second.bus.nodes.all[1]
        reports, repairs = len(report.seen), hub.count(collect.REPAIRS)
        report.locking = True
        steps = second.steps
        micropython.heap_lock()
        try:
            steps(BLOCKS)
        finally:
            report.locking = False
            micropython.heap_unlock()

        self.assertTrue(len(report.seen) > reports)
        self.assertTrue(hub.count(collect.REPAIRS) > repairs + 5)
        self.assertEqual(hub.count(collect.GAPS), 0)
        self.assertEqual(report.seen, first.report.seen)


class Sums(unittest.TestCase):
    def test_what_was_sent_is_what_is_summed(self):
        """Every sample of the hub's, repaired or not: its sum of squares over a report."""
        clock = Clock()
        path = Path(clock, LiveNodes(clock))
        path.steps(BLOCKS)
        self.assertTrue(len(path.report.seen) >= 2)
        for sums in path.report.seen[1:]:
            for k in range(4):
                at = REPORT_WORDS * (3 + k)
                count, missed = sums[at + COUNT], sums[at + MISSED]
                square = sums[at + SQUARE] + (sums[at + SQUARE + 1] << 24)
                self.assertEqual(missed, 0)
                mean = (1000 * (k + 1)) ** 2 / 2
                self.assertTrue(abs(square / count / mean - 1) < 0.002, (k, square, count))


if __name__ == "__main__":
    unittest.main()
