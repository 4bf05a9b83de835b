"""Runs in the interpreter, from the application image: the portal on a stand-in for the radio.

Arguments: the ports of HTTP and DNS. plan.json holds a table: `networks` as lists of name, dBm and
security, `passwords` {name: what is right}, `results` {name: what else is said of it}, `seconds`
that joining takes, `speed` of the board's clock, `line` the path of a pty for Improv. Prints a
JSON line for whatever happens; an LED blinks on the same clock.
"""

import asyncio
import gc
import json
import sys
import time

from counters import Counters

HTTP_PORT, DNS_PORT = int(sys.argv[1]), int(sys.argv[2])
with open("plan.json") as file:
    PLAN = json.load(file)


def tell(**event):
    print(json.dumps(event))


class Radio:
    hotspot_ip = "127.0.0.1"

    def start_hotspot(self, name, key):
        tell(hotspot=name, key=key)

    def stop_hotspot(self):
        tell(hotspot=None)

    async def scan(self):
        await asyncio.sleep_ms(50)
        return [
            (name.encode(), b"\2" * 6, 6, rssi, security, not name)
            for name, rssi, security in PLAN["networks"]
        ]


class Hardware:
    name = "GENIUS"
    serial = "5020000042"
    hotspot_ports = HTTP_PORT, DNS_PORT
    radio = Radio()

    def uptime_ms(self):
        return time.ticks_ms() * PLAN.get("speed", 1)

    def improv_line(self):
        return open(PLAN["line"], "r+b") if "line" in PLAN else None


class Connection:
    async def try_credentials(self, name, key):
        await asyncio.sleep(PLAN.get("seconds", 0.3))
        result = PLAN.get("results", {}).get(name, "ok")
        if PLAN["passwords"].get(name) != key:
            result = "wrong_password" if name in PLAN["passwords"] else "not_found"
        tell(tried=name, result=result)
        return result


async def blink():
    """The LED: the longest time in which it stood still, in ms, told when it grows."""
    last, longest = time.ticks_ms(), 0
    while True:
        await asyncio.sleep_ms(40)
        now = time.ticks_ms()
        if time.ticks_diff(now, last) > longest + 20:
            longest = time.ticks_diff(now, last)
            tell(still=longest)
        last = now


async def main():
    gc.collect()
    before = gc.mem_alloc()
    import wifi_provision

    counters = Counters()
    provisioning = wifi_provision.Provisioning(Hardware(), Connection(), {}, counters)
    del wifi_provision
    asyncio.create_task(blink())
    running = asyncio.create_task(provisioning.run())
    await asyncio.sleep_ms(300)
    gc.collect()
    tell(listening=True, heap=gc.mem_alloc() - before)
    done = await running
    del provisioning, running
    await asyncio.sleep_ms(50)
    gc.collect()
    tell(done=done, heap=gc.mem_alloc() - before, counts=counters.counts)
    left = [name for name in sys.modules if name.startswith(("portal", "wifi", "http", "dns"))]
    tell(modules=left)


asyncio.run(main())
