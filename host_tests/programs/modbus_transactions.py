"""One master on a line whose time passes only when it waits.

Standard input: a list of transactions [unit, function, address, what, plan]; for each request the
plan says what comes back: a list of [us after the request's end, bytes]. Bytes take their time on
the line. Prints what the master saw and when it spoke.
"""

import asyncio
import json
import sys
import time

from b_bus import modbus
from b_bus.manner import Manner
from bus_b import BusB

BYTE_US = 260
START = time.ticks_add(0, -50000)  # the clock wraps on the way


class Line:
    def __init__(self):
        self.now = 0  # us since the start
        self.plan = []
        self.coming = []
        self.requests = []
        self.heard = 0  # us, when the last byte of anybody's came

    def ticks_us(self):
        return time.ticks_add(START, self.now)

    async def sleep_us(self, us):
        self.now += us

    def set_format(self, *setting):
        pass

    def write(self, data):
        while self.coming and self.coming[0][0] <= self.now:
            self.coming.pop(0)
        silence = self.now - self.heard
        self.requests.append([bytes(data).hex(), silence, bool(self.coming)])
        end = self.now + len(data) * BYTE_US
        self.heard = end
        for delay, text in self.plan.pop(0):
            for i, byte in enumerate(bytes.fromhex(text)):
                self.coming.append((end + delay + (i + 1) * BYTE_US, byte))

    def readinto(self, buffer):
        n = 0
        while self.coming and self.coming[0][0] <= self.now and n < len(buffer):
            self.heard, buffer[n] = self.coming.pop(0)
            n += 1
        return n or None


line = Line()
bus = BusB(line, line.ticks_us, line.sleep_us)


async def main():
    report = []
    for unit, function, address, what, line.plan in json.load(sys.stdin):
        line.requests = []
        begun = line.now
        result, data, code = modbus.OK, b"", None
        try:
            data = await bus.ask(unit, function, address, what, 3, Manner(100, 200))
        except modbus.ModbusError as error:
            result, code = error.result, error.code
        report.append(
            {
                "result": result,
                "us": line.now - begun,
                "requests": line.requests,
                "unused": len(line.plan),
                "counters": list(bus.counts[unit]),
                "registers": [modbus.register(data, i) for i in range(what)] if data else None,
                "exception": code or None,
            }
        )
    print(json.dumps(report))


asyncio.run(main())
