"""The hotspot of boards/common's radio. Standard input: `joined`, address and netmask of the
network that the station has joined, or None; `senders`. Prints the hotspot's address, the calls of
the access point, and which senders are on the hotspot while it is open and when it is closed."""

import json
import sys

from esp32_fakes import Anything, network

import links

given = json.load(sys.stdin)
joined, senders = given["joined"], given.get("senders", ())
calls = []


class AccessPoint:
    def __getattr__(self, name):
        def call(*values, **named):
            calls.append([name, values])

        return call


class Joined(Anything):
    def isconnected(self):
        return True

    def ifconfig(self):
        own, mask = joined
        return (own, mask, own, own)


def made(kind):
    if kind == network.AP_IF:
        return AccessPoint()
    return Joined() if joined else Anything()


network.AUTH_WPA2_PSK = 3
network.WLAN = made
radio = links.Radio()
radio.start_hotspot("Gateway-5010000042", "vj4kd8tw")
ip = radio.hotspot_ip
during = [radio.is_on_hotspot((sender, 1234)) for sender in senders]
radio.stop_hotspot()
behind = [radio.is_on_hotspot((sender, 1234)) for sender in senders]
print(json.dumps([ip, calls, during, behind]))
