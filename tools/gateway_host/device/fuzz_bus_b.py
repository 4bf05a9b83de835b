"""Runs in the MicroPython interpreter: gives byte sequences to the B-bus master as answers, and
after each one a right answer that has to be taken. The host (gateway_host/fuzz/b_bus.py) speaks to
it on standard input, each record with two bytes for its length in front: the number of a request,
what has to become of it (0 an error, 1 data, 2 an exception), and the bytes. An empty record ends
it.

Prints a JSON line when a sequence fails (and ends), one in every 10,000 sequences, one at the end.
"""

import asyncio
import gc
import json
import sys

from b_bus import modbus
from bus_b import BusB

_EVERY = 10000
REQUESTS = ((61, 3, 0, 10), (11, 3, 0x200, 13), (12, 1, 0, 2), (12, 5, 0, True), (61, 16, 9, [7]))
CLEAN = bytes.fromhex("0c010103" + "1325")  # docs/b-bus.md section 10


class Line:
    """A UART: what is read is what was put there, in pieces of 40 bytes."""

    def __init__(self):
        self.view = CLEAN
        self.at = None
        self.now = 0

    def ticks_us(self):
        return self.now

    async def sleep_us(self, us):
        self.now = (self.now + us) & 0x3FFFFFFF

    def write(self, data):
        self.at = 0

    def readinto(self, view):
        if self.at is None:
            return None
        size = min(40, len(view), len(self.view) - self.at)
        view[:size] = self.view[self.at : self.at + size]
        self.at += size
        return size


def heap(line):
    """Bytes in use, without what was fed last."""
    line.view = CLEAN
    gc.collect()
    return gc.mem_alloc()


async def ask(bus, line, answer, request):
    """0, 1 or 2 as above, and the data."""
    line.view, line.at = answer, None
    try:
        return 1, bytes(await bus.ask(*request, tries=1))
    except modbus.ModbusError as error:
        return 2 if error.result == modbus.EXCEPTION else 0, b""


async def main():
    source = sys.stdin.buffer
    length = bytearray(2)
    view = memoryview(bytearray(1024))
    line = Line()
    bus = BusB(line, line.ticks_us, line.sleep_us)
    count = 0
    taken = [0, 0, 0]
    while True:
        source.readinto(length)
        size = length[0] | length[1] << 8
        if not size:
            break
        done = 0
        while done < size:
            done += source.readinto(view[done:size])
        wrong = None
        try:
            said, _ = await ask(bus, line, view[2:size], REQUESTS[view[0]])
            taken[said] += 1
            if said != view[1]:
                wrong = "%d instead of %d" % (said, view[1])
            if await ask(bus, line, CLEAN, REQUESTS[2]) != (1, b"\x03"):
                wrong = "the right answer behind it was not taken"
        except Exception as error:
            wrong = repr(error)
        if wrong:
            print(json.dumps({"case": count, "wrong": wrong, "bytes": bytes(view[:size]).hex()}))
            return
        count += 1
        if count % _EVERY == 0:
            used = heap(line)
            print(json.dumps({"case": count, "heap": used}))
    used = heap(line)
    end = {"case": count, "heap": used, "refused": taken[0], "data": taken[1]}
    end["exceptions"] = taken[2]
    print(json.dumps(end))


asyncio.run(main())
