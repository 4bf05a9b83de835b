"""Start: the board's hardware, the configuration, the gateway, and the REPL beside it where
aiorepl is installed. Owns nothing; main.py calls it."""

import asyncio
import gc
import site

import board
import hardware
import settings
from gateway import Gateway
from micropython import const

# Bytes allocated between two collections. What lives long then finds a place low in the heap, and
# free pieces of 20 kB remain; with collections only when the heap is full, 2 kB.
_COLLECT_EVERY = const(16384)


def _configuration(name, load):
    """What `load` makes of a configuration file; one line and the end of the start when it is not
    usable."""
    try:
        with open(name) as file:
            return load(file.read())
    except OSError:
        reason = "cannot be read; write it from the app, or with tools/ (docs/site.md)"
    except ValueError as error:
        reason = str(error) or "not a text in UTF-8"
    print("error: %s: %s" % (name, reason))
    hardware.give_up()


async def _run(gateway):
    try:
        import aiorepl
    except ImportError:
        await gateway.run()
    else:
        await asyncio.gather(gateway.run(), aiorepl.task({"gateway": gateway}))


def main():
    """Run the gateway until it is interrupted."""
    gc.threshold(_COLLECT_EVERY)
    installation = _configuration("site.json", site.load)
    wishes = _configuration("settings.json", settings.load)
    if installation is None or wishes is None:
        return
    gc.collect()  # the buffers want whole pieces of the heap
    made = hardware.make(board)
    made.connect(wishes)
    gateway = Gateway(made, board.LED, installation, wishes)
    try:
        asyncio.run(_run(gateway))
    except KeyboardInterrupt:
        asyncio.new_event_loop()
        asyncio.run(gateway.close())
    finally:
        asyncio.new_event_loop()
