"""A gateway one of whose links is not there. Standard input: `name`, of its attribute of the
hardware; `choice`, the link that the installer has chosen. Reports the link, the LED's states, the
problem, the tasks that failed."""

import asyncio
import json
import sys

import board
from on_world import hardware, report

from system.counters import Counters
from site import settings
from panel.housekeeping import Housekeeping

given = json.load(sys.stdin)
made = hardware()
setattr(made, given["name"], None)
requests = settings.read()
requests.link = given["choice"]
counters = Counters()
panel = Housekeeping(made, board, requests, counters, lambda: None, lambda: False)


async def main():
    asyncio.create_task(panel.run())
    await asyncio.sleep(20)
    panel.connection.open_hotspot()
    states = []
    for _ in range(100):
        await asyncio.sleep_ms(200)
        if panel.led.state not in states:
            states.append(panel.led.state)
    report(
        link=panel.connection.link,
        led=states,
        problem=panel.connection.wrong(),
        tasks=[name for name in counters.counts if name.startswith("task.")],
    )


asyncio.run(main())
