"""Prints, as soon as two seconds are published, how large a piece of the heap is free."""

import asyncio
import gc

import start


def largest():
    size = 512
    try:
        while True:
            bytearray(2 * size)
            size *= 2
    except MemoryError:
        return size


async def run(gateway):
    asyncio.create_task(gateway.run())
    while gateway.uplink.describe()["published"] < 12:
        await asyncio.sleep_ms(100)
    print('{"piece": %d, "free": %d}' % (largest(), gc.mem_free()))


start._run = run
start.main()
