"""Run by test_late_answers.py: the master asks one slave for many blocks of registers of the same
length, in turn; the slave answers each request it hears after a time of its own. Prints what was
asked for and what came, a line of JSON each, then how often an answer was late. Time passes
only when the master waits."""

import asyncio
import json
import struct
import sys
import time

from b_bus import modbus
from b_bus.manner import Manner
from bus_b import BusB

_BYTE_US = 260
_COUNT = 4  # registers


class Line:
    """delays: us of each answer, in turn; queues: whether a request is heard while the slave works
    at another one; lost: of so many requests one is not heard."""

    def __init__(self, delays, queues, lost):
        self.now = 0
        self._delays = delays
        self._queues = queues
        self._lost = lost
        self._requests = 0
        self._busy = -1  # until then
        self._coming = []

    def ticks_us(self):
        return time.ticks_add(0, self.now)

    async def sleep_us(self, us):
        self.now += us
        await asyncio.sleep_ms(0)

    def set_format(self, *setting):
        pass

    def write(self, data):
        self._requests += 1
        end = self.now + len(data) * _BYTE_US
        if self._lost and self._requests % self._lost == 0:
            return
        if self.now < self._busy and not self._queues:
            return
        unit, function, address, count = struct.unpack(">BBHH", data)
        words = bytes([unit, function, 2 * count])
        for k in range(count):
            words += struct.pack(">H", address + k)
        words += struct.pack("<H", modbus.crc16(words, len(words)))
        delay = self._delays[self._requests % len(self._delays)]
        start = max(end, self._busy) + delay if self._queues else end + delay
        self._busy = start + len(words) * _BYTE_US
        for k, byte in enumerate(words):
            self._coming.append((start + (k + 1) * _BYTE_US, byte))

    def readinto(self, buffer):
        n = 0
        while self._coming and self._coming[0][0] <= self.now and n < len(buffer):
            buffer[n] = self._coming.pop(0)[1]
            n += 1
        return n or None


async def main():
    task = json.load(sys.stdin)
    line = Line(task["delays"], task["queues"], task["lost"])
    bus = BusB(line, line.ticks_us, line.sleep_us)
    manner = Manner(*task["manner"])
    for n in range(task["rounds"]):
        for block in range(5):
            address = 1000 * block + n  # each request of its own, so that each answer is
            try:
                data = await bus.ask(9, modbus.HOLDING, address, _COUNT, task["tries"], manner)
                print(json.dumps([address, [modbus.register(data, k) for k in range(_COUNT)]]))
            except modbus.ModbusError:
                print(json.dumps([address, None]))
                break  # as a poll ends
        await line.sleep_us(1000000 - line.now % 1000000)
    print(bus.late.get(9, 0))


asyncio.run(main())
