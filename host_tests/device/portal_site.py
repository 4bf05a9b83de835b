"""Runs in the interpreter, from the application image: the portal on a stand-in for the radio.

Arguments: the ports of HTTP and DNS. plan.json holds a table: `networks` as lists of name (text,
or a list of bytes), dBm and security, `passwords` {name: what is right}, `results` {name: what
else is said of it}, `seconds` that joining takes, `held` that it takes until there is a file named
`end`, `scan_ms` that a scan takes, `speed` of the board's clock, `line` the path of a pty for
Improv, `rounds` how often the hotspot opens, `starve` after how many steps of the LED nothing is
left of the heap for a second, `leave` how many bytes are left of it after 20 steps, `stuck` that
the access point can not be stopped, `wrong` what is wrong with the gateway, `site` its fingerprint
where it has a commissioning page, of `large` bytes, `unread` how many bytes of an answer are taken
before they are read. A file `room` has how much is left of the chip's own memory. Prints a JSON
line for what happens; an LED beats on the same clock.
"""

import asyncio
import gc
import json
import os
import socket
import sys
import time

from system.counters import Counters
import wifi_provision
from hotspot import improv
from hotspot.own_key import OwnKey
from wifi_provision import Provisioning, hotspot_name
from net.hotspot_window import HotspotWindow
from net.trial import Trial

BEGAN_MS = time.ticks_ms()
HTTP_PORT, DNS_PORT = int(sys.argv[1]), int(sys.argv[2])
with open("plan.json") as file:
    PLAN = json.load(file)


def report(**event):
    print(json.dumps(event))


class Radio:
    hotspot_ip = "127.0.0.1"

    def start_hotspot(self, name, key):
        report(hotspot=name, key=key)

    def connected(self):
        return False

    def is_on_hotspot(self, sender):
        return True

    def stop_hotspot(self):
        report(hotspot=None)
        if PLAN.get("stuck"):
            raise RuntimeError("stuck")


class Hardware:
    name = "GENIUS"
    serial = "5020000042"
    hotspot_ports = HTTP_PORT, DNS_PORT
    radio = Radio()

    def uptime_ms(self):
        return int(time.ticks_diff(time.ticks_ms(), BEGAN_MS) * PLAN.get("speed", 1))

    def room(self):
        if "room" in os.listdir():
            with open("room") as file:
                return min(gc.mem_free(), int(file.read()))
        return gc.mem_free()

    def improv_line(self):
        if "line" not in PLAN:
            return None
        from serial_line import SerialLine

        return SerialLine(PLAN["line"])


counters = Counters()


class Links:
    """A network that was given leads to the cloud, or what plan.json says of it."""

    link = reachability = None

    def choose_wifi(self):
        pass

    def select_link(self):
        pass

    def set_reachability(self, link, found):
        self.reachability = found

    async def check(self, link):
        return Joining.leads


class Networks:
    joined = None


class Joining:
    leads = "ok"

    async def scan(self):
        await asyncio.sleep_ms(PLAN.get("scan_ms", 50))
        return [
            (name.encode("utf-8") if isinstance(name, str) else bytes(name), b"\2" * 6, 6)
            + (rssi, security, not name)
            for name, rssi, security in PLAN["networks"]
        ]

    async def join_given(self, name, key):
        await asyncio.sleep(PLAN.get("seconds", 0.3))
        while PLAN.get("held") and "end" not in os.listdir():
            await asyncio.sleep_ms(50)
        if PLAN.get("held"):
            os.remove("end")
        result = PLAN.get("results", {}).get(name, "ok")
        if PLAN["passwords"].get(name) != key:
            result = "wrong_password" if name in PLAN["passwords"] else "not_found"
        report(tried=name, result=result)
        if result in ("no_internet", "no_dns", "captive", "no_cloud"):
            Joining.leads = result
            return "ok"
        Joining.leads = "ok"
        return result


class Service:
    """The commissioning page's place, with as many bytes as plan.json says."""

    PATH = "/wiring"

    def fingerprint(self):
        return PLAN["site"]

    def has(self, path):
        return path == self.PATH and "large" in PLAN

    async def answer(self, request, path):
        return 200, b"", b"x" * PLAN["large"]

    def close(self):
        pass


class Sockets:
    """The module, whose sockets keep so little of what nobody reads as those of a chip."""

    SEND_BUFFER = 7  # Linux's number

    def __getattr__(self, name):
        return getattr(socket, name)

    def socket(self, *kind):
        line = socket.socket(*kind)
        line.setsockopt(socket.SOL_SOCKET, self.SEND_BUFFER, PLAN["unread"])
        return line


if "unread" in PLAN:
    wifi_provision.socket = Sockets()


async def beat():
    """The LED: 25 steps a second, reported every 10, with the heap in use."""
    steps = 0
    while True:
        await asyncio.sleep_ms(40)
        steps += 1
        if steps == PLAN.get("starve"):
            await starve()
        if steps == 20 and "leave" in PLAN:
            leave(PLAN["leave"])
        if steps % 10 == 0:
            gc.collect()
            report(steps=steps, used=gc.mem_alloc())


def leave(size):
    """Leave so many bytes of the heap, for good."""
    global _taken
    gc.collect()
    while gc.mem_free() > size:
        _taken = [_taken, bytearray(256)]
    report(left=gc.mem_free())


_taken = None


async def starve():
    """Leave nothing of the heap for a second."""
    report(starving=True)
    taken = None
    for size in (4096, 256, 16):
        try:
            while True:
                taken = [taken, bytearray(size)]
        except MemoryError:
            pass
    await asyncio.sleep_ms(1000)
    taken = None
    report(starved=True)


def clear(depth=40):
    """Write over the stack below: a collection takes what lies there for addresses."""
    if depth:
        clear(depth - 1)


async def used():
    """Bytes of the heap in use. What asyncio's own frames had on the stack has made room for
    another task, and what lay below them is written over."""
    for _ in range(3):
        clear()
        await asyncio.sleep_ms(20)
    gc.collect()
    return gc.mem_alloc()


async def one_round(key):
    before = await used()
    hardware = Hardware()
    window = HotspotWindow(hardware.uptime_ms)
    window.open()
    trial = Trial(hardware.radio, Joining(), Links(), Networks(), window, counters)
    shown = (key, lambda: PLAN.get("wrong", []), Service() if PLAN.get("site") else None)
    provisioning = Provisioning(hardware, counters, window, trial, *shown)
    line = hardware.improv_line()
    if line:
        improv.ticks_ms = hardware.uptime_ms
        about = (hardware.name, hotspot_name(hardware.serial))
        speaker = improv.Improv(line, about)
        speaker.serve(trial)
        asyncio.create_task(speaker.run())
    running = asyncio.create_task(provisioning.run())
    await asyncio.sleep_ms(300)
    gc.collect()
    report(listening=True, heap=gc.mem_alloc() - before)
    done = await running
    del provisioning, trial, running
    heap = await used() - before
    left = [name for name in sys.modules if name.startswith(("portal", "http", "dns", "gzip"))]
    report(done=done, heap=heap, modules=left, counts=counters.counts)


async def main():
    beating = asyncio.create_task(beat())
    key = OwnKey(hotspot_name(Hardware.serial), Hardware.serial, counters.count)
    for _ in range(PLAN.get("rounds", 1)):
        await one_round(key)
    beating.cancel()


asyncio.run(main())
