"""Networks joined with boards/common's radio on a model of network_wlan.c (1.22 to 1.28) and of
what ESP-IDF's guide to its Wi-Fi driver says of events and reasons.

Standard input: `tries`, name and key of each; `air`, what an access point does with who joins: its
key; ms until it has accepted us; ms from then until the router gives an address, None for never;
the reason of the event when the key is wrong, and when it comes; `reported_ms`, until the chip has
reported that the station has left; `pause_ms` between tries; `leave_ms`, when the radio leaves, or
None; `busy`, whether the driver is. A name that is not in the air is looked for for 2.4 s. The
driver reports disconnect() only where the station was connected.

Prints a list: the result of each try, how long it took in s, what the station has joined.
"""

import asyncio
import json
import sys

from esp32_fakes import network
from passing_time import later, passed, time_module

import links

links.time = time_module
given = json.load(sys.stdin)


class Station:
    def __init__(self):
        self.reason = 0
        self.requested = self.has_address = self.connecting = False
        self.associated = None
        self.conf_reconnects = 0
        self.reconnects = 0
        self.attempt = 0

    # What the driver does

    def event(self, ms, function):
        attempt = self.attempt
        later(ms, lambda: attempt == self.attempt and function())

    def accept(self, name, address_ms):
        self.connecting = False
        self.associated = name
        if address_ms is not None:
            self.event(address_ms, self.got_address)

    def fail(self, reason):
        self.attempt += 1
        self.connecting = False
        self.associated = None
        self.disconnected(reason)

    # The port's handlers of events

    def got_address(self):
        self.has_address = True
        self.reason = 0

    def disconnected(self, reason):
        self.reason = reason
        self.has_address = False
        if self.requested:
            self.reconnects += 1
            assert self.conf_reconnects and self.reconnects >= self.conf_reconnects

    # network.WLAN

    def active(self, on):
        pass

    def config(self, reconnects):
        self.conf_reconnects = 0 if reconnects == -1 else reconnects + 1

    def connect(self, ssid, key, *, bssid=None):
        if self.connecting or self.associated:
            raise OSError("Wifi Internal Error")
        self.attempt += 1
        self.connecting = True
        self.reconnects = 0
        self.requested = True
        if ssid not in given["air"]:
            self.event(2400, lambda: self.fail(201))
            return
        wanted, accept_ms, address_ms, reason, reason_ms = given["air"][ssid]
        if accept_ms is not None:
            self.event(accept_ms, lambda: self.accept(ssid, address_ms if key == wanted else None))
        if key != wanted:
            self.event(reason_ms, lambda: self.fail(reason))

    def disconnect(self):
        self.requested = self.connecting = False
        self.attempt += 1
        if self.associated:
            self.associated = None
            later(given["reported_ms"], lambda: self.disconnected(8))

    def isconnected(self):
        return self.has_address

    def status(self, what=None):
        if what == "rssi":
            if not self.associated:
                raise OSError("Wifi Not Connected")
            return -60
        if self.has_address:
            return network.STAT_GOT_IP
        if self.reason in (201, 210, 211, 212):
            return self.reason
        if self.reason in (202, 205):
            return 202
        if self.reason == 8:
            return network.STAT_IDLE
        if self.requested and (not self.conf_reconnects or self.reconnects < self.conf_reconnects):
            return network.STAT_CONNECTING
        return self.reason or network.STAT_IDLE


station = Station()
network.WLAN = lambda kind: station
radio = links.Radio()

if given["busy"]:
    station.connecting = True
    station.disconnect = lambda: None


async def leave():
    await asyncio.sleep_ms(given["leave_ms"])
    radio.leave()


async def main():
    if given["leave_ms"] is not None:
        asyncio.create_task(leave())
    reported = []
    for ssid, key in given["tries"]:
        began = passed[0]
        result = await radio.join(ssid, key)
        took = passed[0] - began
        await asyncio.sleep_ms(50)
        reported.append([result, took / 1000, station.associated])
        await asyncio.sleep_ms(given["pause_ms"])
    print(json.dumps(reported))


asyncio.run(main())
