"""A finger on a board's button, on simulated time. Standard input: for how many `seconds`;
`fails`, what the reset fails at: "keep", the label cannot be kept; "write", it cannot be
written afterwards; or None. Tells the LED's colours and when, the press, the counters."""

import asyncio
import json
import sys

import board
from on_world import hardware, report

from system.counters import Counters
from site import settings
from panel.animation import COLOURS
from panel.housekeeping import Housekeeping

given = json.load(sys.stdin)
made = hardware()
names = {COLOURS[name]: name for name in COLOURS}
last = [""]


def set_led(red, green, blue):
    name = names.get(red << 16 | green << 8 | blue)
    if name and name != last[0]:
        last[0] = name
        report(s=made.uptime_ms() / 1000, colour=name)


def keep(data):
    raise OSError("no space")


made.set_led = set_led
if given["fails"] == "keep":
    made.keep = keep
elif given["fails"] == "write":
    made.program_files += ("factory.json",)
    made.restart = lambda: report(restarted=True)
counters = Counters()
panel = Housekeeping(made, board, settings.read(), counters, lambda: None, lambda: False)


async def main():
    asyncio.create_task(panel.run())
    await asyncio.sleep(2)
    report(pressed=made.uptime_ms() / 1000)
    made.a_uart.ask("press", given["seconds"])
    await asyncio.sleep(30)


asyncio.run(main())
report(counts=counters.counts, watchdog=made._watchdog_ms)
