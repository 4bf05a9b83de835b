"""Starts a gateway; prints after 2 s its LED, its link, whether it has a hotspot."""

import asyncio
import json
import sys

import start


async def run(gateway):
    asyncio.create_task(gateway.run())
    await asyncio.sleep(2)
    connection = gateway.connection
    print(
        json.dumps(
            {
                "led": gateway.led.colour,
                "state": gateway.led.state,
                "link": connection.link,
                "hotspot": gateway.hardware.radio is not None,
            }
        )
    )
    sys.exit(0)


start._run = run
start.main()
