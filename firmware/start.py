"""Start: the board's hardware, the configuration, the gateway, and the REPL beside it where
aiorepl is installed. Owns nothing; main.py calls it."""

import asyncio
import gc
import site

import board
import hardware
import settings
from counters import Counters
from lazy import forget


def _refused(name, error):
    print("error: %s: %s" % (name, str(error) or "not a text in UTF-8"))
    hardware.give_up()


def _usable(refused, name, make):
    """What `make` makes of what has that name. None when that is not usable: it was told, and
    `refused` has the name for the counters."""
    try:
        return make()
    except Exception as error:
        _refused(name, error)
        refused.append("start." + name)
        return None


def _site():
    """The installation, None while there is none. ValueError when it is not usable."""
    try:
        with open("site.json") as file:
            found = site.load(file.read())
    except OSError:
        return None
    if found.b_bus and "b" not in board.BUSES:
        raise ValueError("b_bus: there is no B-bus here: use a Genius, or remove b_bus")
    return found


def _finish_reset(device):
    """Go on with a factory reset that a power cut or an error has stopped."""
    if device.kept() is not None:
        from factory_reset import reset

        reset(device)
        device.restart()


def _made(device, settings, installation):
    """What is to be run: the gateway, or without an installation what is there before it."""
    if installation is None:
        from front import Front

        return Front(device, board, settings, Counters(), lambda: None, lambda: False)
    from gateway import Gateway

    return Gateway(device, board, installation, settings)


async def _run(gateway):
    try:
        import aiorepl
    except ImportError:
        await gateway.run()
    else:
        await asyncio.gather(gateway.run(), aiorepl.task({"gateway": gateway}))


def main():
    """Run the gateway until it is interrupted. When its configuration is not usable that is told
    in one line; the simulator ends then, a device runs with what is left of it: LED, button,
    hotspot and REPL always (docs/device.md)."""
    device = hardware.make(board)
    gc.threshold(device.collect_every)
    refused = []
    _usable(refused, "reset", lambda: _finish_reset(device))
    installation = _usable(refused, "site.json", _site)
    wishes = _usable(refused, "settings.json", settings.read) or settings.kept()
    gc.collect()  # the buffers want whole pieces of the heap
    made = _usable(refused, "site.json", lambda: _made(device, wishes, installation))
    gateway = made or _made(device, wishes, None)
    for name in refused:
        gateway.counters.count(name)
    forget("settings", "durable")
    try:
        asyncio.run(_run(gateway))
    except KeyboardInterrupt:
        asyncio.new_event_loop()
        asyncio.run(gateway.close())
    finally:
        asyncio.new_event_loop()
