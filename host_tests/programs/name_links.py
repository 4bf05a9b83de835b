"""Makes the hardware of a gateway with a label. Prints its name and the links, in their order."""

import json

from esp32_fakes import Anything, network

import board
import hardware

order = []


def link(kind):
    def make(*what, **named):
        order.append(kind)
        return Anything()

    return make


network.hostname = order.append
network.LAN, network.WLAN = link("ethernet"), link("wifi")
with open("factory.json", "w") as file:
    file.write(json.dumps({"serial": "5010000123"}))
hardware.make(board)
print(json.dumps(order))
