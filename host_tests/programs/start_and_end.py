"""A device's start, which reports how the one before has ended, and ends itself. There is no bus
here: the gateway is what is beside it.

Standard input: `seconds`, until it ends; `error`, [name, arguments...] of what ends it, or None
where it ends in order; `debug`, whether it is an engineer's; `begins`, whether there is memory for
LED and hotspot; `prints`, whether what the start prints is reported.
"""

import asyncio
import builtins
import json
import sys

import hardware
from on_world import hardware as made_by
from on_world import report

from system.counters import Counters
from panel import housekeeping
import gateway
import start

given = json.load(sys.stdin)
made = made_by()
if not given["debug"]:
    made.debug = False
hardware.make = lambda board: made
hardware.give_up = lambda: None
began = made.uptime_ms()
made.restart = lambda: report(restarts=(made.uptime_ms() - began) // 1000)
rest = start._rest


class Gateway(housekeeping.Housekeeping):
    def __init__(self, device, board, installation, settings, improv=None):
        super().__init__(device, board, settings, Counters(), lambda: None, lambda: False)


async def run(gateway):
    asyncio.create_task(gateway.run())
    await asyncio.sleep(given["seconds"])
    report(
        end=gateway.ends.describe(),
        errors=gateway.counters.counts,
        measures=isinstance(gateway, Gateway),
    )
    if given["error"]:
        name, *arguments = given["error"]
        raise getattr(builtins, name)(*arguments)


async def resting(gateway):
    report(rests=not isinstance(gateway, Gateway), errors=gateway.counters.counts)
    await rest(gateway)


def fails(*what):
    raise MemoryError("memory allocation failed")


gateway.Gateway = Gateway
start._rest = resting
start._run = run
if given["prints"]:
    start.print = lambda line: report(line=line)
if not given["begins"]:
    housekeeping.Housekeeping.__init__ = fails
start.main()
