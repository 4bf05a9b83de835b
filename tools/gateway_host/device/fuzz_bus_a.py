"""Runs in the MicroPython interpreter: feeds byte sequences to the A-bus receiver, and after each
one a clean cycle that has to be accepted wholly. The host (gateway_host/fuzz/a_bus.py) speaks to
it on standard input, each record with two bytes for its length in front:

the named nodes as JSON, then a clean cycle for each block from 0 on and an empty record, then
sequences: a byte for the way in which they are received (0: as answers to a POLL, 1: to a request,
2: as answers to a POLL, in two parts) and their bytes. An empty record ends it.

Prints a JSON line when a sequence fails (and ends), one in every 10,000 sequences, one at the end.
"""

import gc
import json
import sys

from a_bus import collect
from bus_a import BusA

_EVERY = 10000
_CHECKED = 64
_SILENT_LOST = 50


class Fed:
    """A UART: what is read is what was put there."""

    def __init__(self):
        self.view = None
        self.size = 0
        self.taken = 0

    def put(self, view, size):
        self.view, self.size, self.taken = view, size, 0

    def write(self, data):
        pass

    def readinto(self, view):
        first = self.taken
        size = min(self.size - first, len(view))
        view[:size] = self.view[first : first + size]
        self.taken += size
        return size


class Clock:
    """Moves on by 20 ms with every reading."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        self.now = (self.now + 20000) & 0x3FFFFFFF
        return self.now


class Fuzzed:
    """The firmware's A-bus with `named` nodes, all of which have their addresses."""

    def __init__(self, named, cycles):
        self.uart = Fed()
        self.channels = sum(len(inputs) for _, inputs in named)
        self.bus = BusA(self.uart, Clock(), 3000000, named, self.channels, 1)
        for node in self.bus.nodes.all:
            self.bus.nodes.joined(node)
        self.cycles = [memoryview(cycle) for cycle in cycles]
        self.cycle = self.bus._cycles[0]

    def receive(self, view, size, block, way):
        """As BusA.run does with what it reads."""
        bus, uart = self.bus, self.uart
        uart.put(view, size)
        bus._open(self.cycle, block)
        if way == 1:
            bus.receiver.answer(self.cycle)
        else:
            if way == 2:
                bus.receiver.early_answers(self.cycle)
            if bus.receiver.answers(self.cycle):
                bus.receiver.late_answers(self.cycle, True)
        bus.backlog.note(bus._polled, bus.receiver)
        while bus.receiver.found_nodes:
            bus._assign()
        bus.backlog.until_next(bus._ticks_us())

    def close(self):
        """As BusA.run does with what is missing then."""
        nodes = self.bus.nodes
        if collect.end(self.cycle.where, nodes.rows, _SILENT_LOST):
            nodes.review(_SILENT_LOST)

    def clean(self, block, check):
        """What is wrong with the clean cycle of a block, or None."""
        bus, cycle = self.bus, self.cycle
        given = self.cycles[block]
        noise = bus.receiver.noise
        self.receive(given, len(given), block, 2 * check)
        if cycle.state[collect.MISSING]:
            return "%d channels are missing" % cycle.state[collect.MISSING]
        if bus.receiver.noise != noise or not bus.receiver.timed:
            return "noise, or no time"
        for i in range(self.channels if check else 0):
            at = cycle.where[i]
            if at < 0 or bus.samples[at] != i or bus.samples[at + 1] != block:
                return "channel %d is wrong" % i
        self.close()
        return None

    def heap(self):
        """Bytes in use. Left out is what has a limit but no fixed size: nonces (large ones are
        objects, small ones are not) and the room of the empty list of nodes found."""
        self.bus.receiver.found_nodes = []
        for node in self.bus.nodes.all:
            node.nonce = 0
        gc.collect()
        return gc.mem_alloc()


def main():
    """Until the input ends."""
    source = sys.stdin.buffer
    length = bytearray(2)
    view = memoryview(bytearray(16384))

    def record():
        source.readinto(length)
        size = length[0] | length[1] << 8
        done = 0
        while done < size:
            done += source.readinto(view[done:size])
        return size

    named = json.loads(bytes(view[: record()]))
    cycles = []
    while True:
        size = record()
        if not size:
            break
        cycles.append(bytes(view[:size]))
    fuzzed = Fuzzed([(serial, inputs) for serial, inputs in named], cycles)
    count = 0
    while True:
        size = record()
        if not size:
            break
        wrong = None
        try:
            block = count % len(cycles)
            fuzzed.receive(view[1:], size - 1, block, view[0])
            fuzzed.close()
            wrong = fuzzed.clean(block, count % _CHECKED == 0)
        except Exception as error:
            wrong = repr(error)
        if wrong:
            print(json.dumps({"case": count, "wrong": wrong, "bytes": bytes(view[:size]).hex()}))
            return
        count += 1
        if count % _EVERY == 0:
            print(json.dumps({"case": count, "heap": fuzzed.heap()}))
    heap = fuzzed.heap()
    receiver = fuzzed.bus.receiver
    end = {"case": count, "heap": heap, "noise": receiver.noise}
    end["foreign"], end["nodes"] = receiver.foreign, len(fuzzed.bus.nodes.all)
    end["damaged"] = sum(node.count(collect.DAMAGED) for node in fuzzed.bus.nodes.all)
    print(json.dumps(end))


main()
