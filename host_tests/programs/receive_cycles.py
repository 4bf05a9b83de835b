"""An A-bus that is fed with cycles. Standard input: the nodes, [serial, channels] each; argument:
the file of cycles, each after its size in 16 bits. Prints of each which channels there are, the
noise, the channels with another's samples."""

import json
import sys

from a_bus.collect import end
from bus_a import BusA


class Fed:
    def write(self, data):
        pass

    def readinto(self, view):
        given, self.given = self.given, b""
        view[: len(given)] = given
        return len(given)


named, size = json.load(sys.stdin), 31
uart = Fed()
bus = BusA(uart, lambda: 0, 3000000, named, size, 1)
for node in bus.nodes.all:
    bus.nodes.joined(node)
cycle = bus._cycles[0]
with open(sys.argv[1], "rb") as file:
    while True:
        length = file.read(2)
        if not length:
            break
        uart.given = file.read(length[0] | length[1] << 8)
        noise = bus.receiver.noise
        bus._open(cycle, 5)
        if bus.receiver.answers(cycle):
            bus.receiver.late_answers(cycle, True)
        there = [i for i in range(size) if cycle.where[i] >= 0]
        wrong = [i for i in there if bus.samples[cycle.where[i]] != i]
        end(cycle.where, bus.nodes.rows, 50)
        print(json.dumps([there, bus.receiver.noise - noise, wrong]))
