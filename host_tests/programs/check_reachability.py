"""Where a link leads. Standard input: `dns`, the name server's port; `lies`, whether whatever
address a name has is answered here; `cloud` and `probe`, host and port, or None; `addresses`
of the link; `hotspot_ip`, the hotspot's, or none. Prints the answer."""

import asyncio
import json
import socket
import sys

from net import reachability, resolve

task = json.load(sys.stdin)


class Redirected:  # the name server listens at a port of its own here
    def __getattr__(self, name):
        return getattr(socket, name)

    def getaddrinfo(self, host, port):
        return socket.getaddrinfo(host, task["dns"] if port == 53 else port)


resolve.socket = Redirected()
resolve._TIMEOUT_S = 0.2
reachability._TIMEOUT_S = 0.5
open_connection = asyncio.open_connection
if task.get("lies"):  # whatever address a name has, it is answered here
    asyncio.open_connection = lambda address, port: open_connection("127.0.0.1", port)
cloud = task["cloud"] and tuple(task["cloud"])
probe = task["probe"] and tuple(task["probe"])
addresses = task.get("addresses", ("10.9.8.7", "255.255.255.0", "10.9.8.1", "127.0.0.1"))
print(asyncio.run(reachability.check(cloud, addresses, probe, task.get("hotspot_ip"))))
