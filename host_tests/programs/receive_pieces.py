"""An A-bus that is fed with one cycle in pieces. Standard input: `named`, the nodes, [serial,
channels] each, and `cases`, where the pieces end; argument: the cycle's file. Prints of each case
how often was looked, the channels that are wrong, the noise, whether the time is known."""

import json
import sys

from a_bus.collect import end
from bus_a import BusA


class Fed:
    pieces = ()

    def write(self, data):
        pass

    def readinto(self, view):
        piece = self.pieces.pop(0) if self.pieces else b""
        view[: len(piece)] = piece
        return len(piece)


uart = Fed()
given = json.load(sys.stdin)
bus = BusA(uart, lambda: 0, 3000000, given["named"], 31, 1)
for node in bus.nodes.all:
    bus.nodes.joined(node)
cycle = bus._cycles[0]
with open(sys.argv[1], "rb") as file:
    whole = file.read()
for cuts in given["cases"]:
    ends = cuts + [len(whole)]
    uart.pieces = [whole[a:b] for a, b in zip([0] + ends, ends)]
    bus._open(cycle, 5)
    more, looks = bus.receiver.answers(cycle), 0
    while more:
        looks += 1
        more = bus.receiver.late_answers(cycle, looks == 5)
    wrong = [i for i in range(31) if cycle.where[i] < 0 or bus.samples[cycle.where[i]] != i]
    print(json.dumps([looks, wrong, bus.receiver.noise, bus.receiver.timed]))
    end(cycle.where, bus.nodes.rows, 50)
