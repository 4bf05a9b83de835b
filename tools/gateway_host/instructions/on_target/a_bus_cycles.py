# Runs on the rv32 target: counts the instructions of the A-bus's side over some cycles of a clean
# line, and prints their sums by what was sent last. given.json: `cycle`, `news`, `status`, in
# base64: what the nodes send; `places`; `named`, the nodes, and their count `nodes`; `before`,
# cycles until it counts; `cycles` that count.
import gc
import json
from binascii import a2b_base64

from count import instructions

from bus_a import BusA

with open("given.json") as file:
    task = json.load(file)

given = bytearray(a2b_base64(task["cycle"]))
news = memoryview(a2b_base64(task["news"]))
status = memoryview(a2b_base64(task["status"]))
BEFORE = task["before"]
LAST = BEFORE + task["cycles"]
PLACES = task["places"]  # of the pieces of `given` that are another block's in every cycle
PIECE = 12
STATUS = len(status) // task["nodes"]


class Line:
    polls = own = 0
    sent = 0

    def write(self, data):
        before = instructions()
        self.hear(data)
        self.own += instructions() - before

    def readinto(self, view):
        before = instructions()
        size = self.give(view)
        self.own += instructions() - before
        return size

    def set_baud(self, baud):
        pass

    def hear(self, data):
        self.answer = b""
        self.sent = data[1]
        if data[1] == 1:
            self.polls += 1
            at = data[4] * len(PLACES) * PIECE
            for place in PLACES:
                given[place : place + PIECE] = news[at : at + PIECE]
                at += PIECE
            self.answer = given
        elif data[1] == 7:
            self.answer = status[(data[2] - 1) * STATUS : data[2] * STATUS]

    def give(self, view):
        size = len(self.answer)
        view[:size] = self.answer
        self.answer = b""
        return size


ticks = 1000


def now():
    return ticks


line = Line()
bus = BusA(line, now, 3000000, task["named"], 31, 1)
for node in bus.nodes.all:
    bus.nodes.joined(node)
bus._searches = bus._looks = 0
steps = bus.run()
spent = {}
whole = missing = 0
while line.polls <= LAST:
    gc.collect()
    gc.disable()
    free = [None]  # the first piece after a collection is looked for from the heap's beginning
    a = instructions()
    b = instructions()
    wait = next(steps)
    c = instructions()
    gc.enable()
    ticks += wait
    if bus.ready is not None:
        missing += sum(where < 0 for where in bus.ready.where)
    if BEFORE < line.polls <= LAST:
        taken = (c - b - (b - a) - line.own) & 0x1FFFFFFF
        spent[line.sent] = spent.get(line.sent, 0) + taken
    line.own = 0
assert missing == 0 and bus.blocks >= LAST - 3 and bus.receiver.noise == 0
for kind in spent:
    print(kind, spent[kind])
