"""The hotspot of boards/common's radio. Standard input: `joined`, address and netmask of the
network that the station has joined, or None. Prints the hotspot's address and the calls of the
access point."""

import json
import sys

from esp32_fakes import Anything, network

import links

joined = json.load(sys.stdin)["joined"]
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
print(json.dumps([radio.hotspot_ip, calls]))
