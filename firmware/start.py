"""Start: the board's hardware, the configuration, the gateway, and what comes after its end. Owns
nothing; main.py calls it."""

import asyncio
import gc
import sys

import board
import hardware
import micropython
from micropython import const

from system import modules
from system.counters import Counters
from system.ends import Ends
from system.version import VERSION
from system.watchdog import WATCHDOG_MS
from hotspot.improv import Improv
from wifi_provision import hotspot_name
from site import document, settings, site_file
from b_bus.site_meters import meters_of

_LOADING_MS = const(180000)  # from a file system that is in use, on a slow flash
_PSRAM_BYTES = const(1000000)  # without PSRAM there are 170,000
_NO_PSRAM = (
    "error: this module has no PSRAM, there are %d kB of heap: use an ESP32-WROVER and a "
    "MicroPython with SPIRAM; nothing is measured"
)


_ANOTHER = (
    "is another site's than the counters and minutes in the flash: put a site.json of this site "
    "on the gateway that it can use, or free it"
)


def _refused(name, error):
    print("error: %s: %s" % (name, str(error) or "not a text in UTF-8"))
    hardware.give_up()


def _usable(refused, name, make):
    """What `make` makes of what has that name. None when that is not usable: it was reported, and
    `refused` has the name for the counters."""
    try:
        return make()
    except Exception as error:
        _refused(name, error)
        refused.append(name)
        return None


def _site(name, own):
    """The installation in that file, None while there is none. ValueError when it is not
    usable. own: the gateway's serial number."""
    text = site_file.read(name)
    return text and document.load(text, meters_of if "b" in board.BUSES else None, own)


def _site_before(own):
    """The same of the one before. It may be of a site where the gateway was once: that one would
    erase what is kept of this one."""
    found = _site(site_file.BEFORE, own)
    if found:
        from journal.owner import is_of_another

        if is_of_another(found):
            raise ValueError(_ANOTHER)
    return found


def _installation(refused, device):
    """(the installation or None, its file): where site.json is not usable the one before it, so
    that no command keeps a gateway from being reached by another."""
    found = _usable(refused, site_file.FILE, lambda: _site(site_file.FILE, device.serial))
    if found or site_file.FILE not in refused:
        return found, site_file.FILE
    _end_trial(device)
    before = _usable(refused, site_file.BEFORE, lambda: _site_before(device.serial))
    return before, site_file.BEFORE if before else site_file.FILE


def _finish_reset(device):
    """Go on with a factory reset that a power cut or an error has stopped."""
    if device.kept() is not None:
        from panel.factory_reset import reset

        reset(device)
        ends = Ends(device, not device.debug)
        ends.forget()
        ends.in_order()
        device.restart()


def _nothing():
    """Nothing is published, and there is no cloud: before there is an installation."""


def _improv(device):
    """Improv on the serial line, None where there is none. It answers while the gateway is being
    made: a browser waits a second."""
    line = device.improv_line() if device.radio else None
    return Improv(line, (device.name, hotspot_name(device.serial))) if line else None


def _made(device, settings, installation, improv):
    """What is to be run: the gateway, or without an installation what is there before it."""
    if installation is None:
        from panel.housekeeping import Housekeeping

        return Housekeeping(
            device, board, settings, Counters(), lambda: None, lambda: False, improv
        )
    from gateway import Gateway

    return Gateway(device, board, installation, settings, improv)


async def _run(gateway):
    """Run it, without end; in an engineer's hands with a REPL beside it, where aiorepl is
    installed."""
    if gateway.hardware.debug:
        try:
            import aiorepl
        except ImportError:
            pass
        else:
            from panel.look import Look

            names = {"gateway": gateway, "gw": Look(gateway)}
            await asyncio.gather(gateway.run(), aiorepl.task(names))
    await gateway.run()


async def _rest(gateway):
    await gateway.run()


def _safe(device, refused, improv, seconds):
    """Safe mode."""
    from safe_mode import SafeMode

    requested = _usable(refused, "settings.json", settings.read) or settings.kept()
    gateway = SafeMode(device, board, requested, improv, seconds)
    for name in ["safe"] + refused:
        gateway.counters.count("start." + name)
    return gateway


def _load(device, safe_s):
    """What is to be run, of the configuration that there is."""
    refused = list(device.notes)
    improv = _usable(refused, "improv", lambda: _improv(device))
    look = (lambda: _usable(refused, "improv", improv.look)) if improv else _nothing
    look()
    _usable(refused, "reset", lambda: _finish_reset(device))
    device.watchdog(_LOADING_MS)
    lacks_psram = getattr(board, "PSRAM", True) and device.heap_bytes() < _PSRAM_BYTES
    if device.keeps_modules and not lacks_psram:
        modules.keep_all()
    if safe_s:
        return _safe(device, refused, improv, safe_s)
    installation, name = _installation(refused, device)
    requested = _usable(refused, "settings.json", settings.read) or settings.kept()
    if lacks_psram:
        print(_NO_PSRAM % (device.heap_bytes() // 1000))
        refused.append("psram")
        installation = None
    look()
    if installation:
        if device.keeps_modules:
            modules.load("b" in board.BUSES, look)
        modules.load_gateway(look)
    gc.collect()  # the buffers want whole pieces of the heap
    if not lacks_psram:
        _usable(refused, "heap", device.widen_heap)
    made = _usable(refused, name, lambda: _made(device, requested, installation, improv))
    if not made:
        _end_trial(device)
    if not made and installation and name == site_file.FILE:
        name = site_file.BEFORE
        before = _usable(refused, name, lambda: _site_before(device.serial))
        made = before and _usable(refused, name, lambda: _made(device, requested, before, improv))
    gateway = made or _made(device, requested, None, improv)
    for name in refused:
        gateway.counters.count("start." + name)
    return gateway


def _end_trial(device):
    """A program on trial that cannot be the gateway that was here has failed: it begins anew, so
    that its starts are over soon."""
    from update.slots import is_on_trial

    if is_on_trial():
        Ends(device, not device.debug).note("the site cannot be used by the program on trial")
        device.restart()


def _program():
    """The name of the program that runs: where it lies, and its version."""
    return "%s %s" % (sys.path[0], VERSION)


def _serve(device, safe_s=0):
    gateway = _load(device, safe_s)
    panel: Any = getattr(gateway, "housekeeping", gateway)
    panel.whole = gateway
    device.watchdog(WATCHDOG_MS)
    try:
        asyncio.run(_rest(gateway) if safe_s else _run(gateway))
    except KeyboardInterrupt:
        asyncio.new_event_loop()
        asyncio.run(gateway.close())
        if not device.debug:
            raise
    except BaseException:
        gateway.keep()
        raise
    finally:
        asyncio.new_event_loop()


def main() -> None:
    """Run the gateway. When its configuration is not usable that is reported in one line; the
    simulator ends then, a device runs with what is left of it: LED, button, hotspot and Improv
    always (docs/device.md). Whatever ends it is kept for the cloud and followed by a new start;
    in an engineer's hands by the REPL."""
    device = hardware.make(board)
    gc.threshold(device.collect_every)
    if device.debug:
        micropython.kbd_intr(3)
        _serve(device)
        return
    try:
        _serve(device, Ends(device).begin(_program()))
        Ends(device).in_order()
    except BaseException as error:  # there is none after which nothing is to be done
        ends = Ends(device)
        if not ends.ordered:  # a restart() that is an exception
            ends.note(error)
    device.restart()
