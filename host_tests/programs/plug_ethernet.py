"""Prints of each status of network.LAN whether the socket is plugged."""

import json

from esp32_fakes import Module, network

import links

NAMES = ("INITIALIZED", "STARTED", "STOPPED", "CONNECTED", "DISCONNECTED", "GOT_IP")


def plugged(status):
    network.LAN = lambda **what: Module(active=lambda on: None, status=lambda: status)
    return links.Ethernet({"eth_mdc": 23, "eth_mdio": 18, "eth_address": 0}).plugged()


print(json.dumps({name: plugged(getattr(network, "ETH_" + name)) for name in NAMES}))
