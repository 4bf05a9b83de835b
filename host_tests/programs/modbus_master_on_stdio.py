"""A Modbus master on standard input and output, which are a pty. Arguments: the files of the
calls, a list, and of what they give."""

import asyncio
import json
import select
import sys
import time

from b_bus import modbus
from b_bus.manner import Manner
from bus_b import BusB


class Uart:
    def __init__(self):
        self.poller = select.poll()
        self.poller.register(sys.stdin, select.POLLIN)

    def set_format(self, *setting):
        pass

    def write(self, data):
        sys.stdout.buffer.write(data)

    def readinto(self, view):
        n = 0
        while n < len(view) and self.poller.poll(0):
            view[n] = sys.stdin.buffer.read(1)[0]
            n += 1
        return n or None


bus = BusB(Uart(), time.ticks_us, lambda us: asyncio.sleep_ms((us + 999) // 1000))


async def main():
    with open(sys.argv[1]) as file:
        calls = json.load(file)
    report = []
    for call in calls:
        try:
            data = await bus.ask(*call, tries=3, manner=Manner(8000, 400))
            report.append(bytes(data).hex())
        except modbus.ModbusError as error:
            report.append([error.result, error.code])
    with open(sys.argv[2], "w") as file:
        json.dump(report, file)


asyncio.run(main())
