"""Provisioning: the gateway gets the credentials of a Wi-Fi network, from a phone on its hotspot
or over the serial line.

Owns the hotspot while it is open, what listens on it, and the state that every way in shares:
which networks there are, which one is being tried, and what came of it. Imported when it is
needed; `close` leaves nothing behind in memory.
"""

import asyncio
import json
import os
import select
import socket
import sys

from dns_server import DnsServer
from http_server import HttpServer
from lazy import forget
from micropython import const
from portal import Portal
from tasks import keep
from wifi_credentials import check_network, may_join, text_of

_SEEN_MS = const(10000)  # from when the phone has shown the success
_UNSEEN_MS = const(180000)  # from the success, where no phone came to see it
_LOOK_MS = const(200)
_PATIENCE = const(25)  # looks: a request has 8 s (http_server.py)
_MOST = const(16)  # networks that are listed,
_REFUSED = const(4)  # and places kept for those that cannot be joined, so that they say why
_WAITING = const(16)  # connections that nobody has looked at yet
_FACTORY = "factory.json"
_KEY_LENGTH = const(12)
_KEY_CHARACTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none can be taken for another
_MODULES = (
    "dns_server",
    "gzip_parts",
    "http_server",
    "improv",
    "portal",
    "portal_page",
    "portal_static",
    "portal_de",
    "portal_en",
    "portal_fr",
    "portal_nl",
    "wifi_credentials",
    "wifi_provision",
)


def hotspot_name(serial):
    """The hotspot's SSID; the label (`make label`) says the same."""
    return "Gateway-" + serial


def hotspot_key(counters, serial):
    """The hotspot's password: the factory's, as on the label, in factory.json; where there is
    none, a new one of 59 random bits, kept there beside what else there is. `serial`: the
    gateway's."""
    factory = {}
    try:
        with open(_FACTORY) as file:
            factory = dict(json.load(file))
        if factory.get("serial", serial) != serial:  # the label is another gateway's
            counters.count("provision.factory_serial")
        if "hotspot_key" in factory:
            check_network("hotspot", factory["hotspot_key"], "wpa2")
            return factory["hotspot_key"]
    except OSError:
        pass
    except (ValueError, TypeError):
        counters.count("provision.factory_damaged")
    key = ""
    while len(key) < _KEY_LENGTH:
        at = os.urandom(1)[0] & 31
        if at < len(_KEY_CHARACTERS):
            key += _KEY_CHARACTERS[at]
    factory["hotspot_key"] = key
    with open(_FACTORY + ".new", "w") as file:
        json.dump(factory, file)
    os.rename(_FACTORY + ".new", _FACTORY)
    return key


class Provisioning:
    """`state`: "ready" for credentials, "trying" some, or "done". `result`: what came of the last
    try, a word of joining.try_credentials, None before the first; `ssid`: the network that was
    chosen last, None at first; `networks`: the names, dBm and securities of what was found, first
    what can be joined, the strongest first: the 16 that are listed.

    connection: its service_ms says until when the hotspot is open; joining: the Joining that has
    the radio."""

    def __init__(self, hardware, connection, joining):
        self.state = "ready"
        self.result = None
        self.ssid = None
        self.networks = ()
        self._hardware = hardware
        self._connection = connection
        self._joining = joining
        self._counters = connection.counters
        self._search = None  # the task that looks for networks again
        self._attempt = None
        self._closing = []  # what is to be called in the end, the last one first

    async def run(self):
        """Keep the hotspot open until its time is over; whether credentials have worked."""
        hardware = self._hardware
        radio = hardware.radio
        try:
            await self._look_for_networks()  # before a phone can come
            key = hotspot_key(self._counters, hardware.serial)
            self._closing.append(radio.stop_hotspot)
            radio.start_hotspot(hotspot_name(hardware.serial), key)
            ip = radio.hotspot_ip
            http_port, dns_port = hardware.hotspot_ports
            origin = ip if http_port == 80 else "%s:%d" % (ip, http_port)
            dns = DnsServer(self._listen(socket.SOCK_DGRAM, ip, dns_port), ip, self._counters)
            self._keep("dns", dns.run)
            portal = Portal(self, hardware.serial, origin)
            waiting = self._listen(socket.SOCK_STREAM, ip, http_port)
            http = HttpServer(waiting, portal.handle, self._counters)
            self._closing.append(http.close)
            self._keep("http", http.run)
            line = hardware.improv_line()
            if line:
                from improv import Improv

                self._closing.append(line.close)
                improv = Improv(self, line, (hardware.name, hotspot_name(hardware.serial)))
                self._keep("improv", improv.run)
                self._keep("improv", improv.watch)
            while self.state == "trying" or hardware.uptime_ms() < self._connection.service_ms:
                await asyncio.sleep_ms(_LOOK_MS)
        finally:
            self.close()
        return self.state == "done"

    def close(self):
        """Close everything: nothing listens afterwards, and the modules leave the memory."""
        if self._attempt:
            self._attempt.cancel()
            self._attempt = None
        while self._closing:
            try:
                self._closing.pop()()
            except Exception as error:  # the rest is closed all the same
                self._counters.count("provision.close")
                sys.print_exception(error)
        forget(*_MODULES)

    async def scan(self):
        """Look for networks again, unless one is being tried; what was known stays where the radio
        has no time."""
        if self.state == "trying":
            return
        # A request may be given up, the chip's scan not: it has a task of its own.
        if not self._search or self._search.done():
            self._search = asyncio.create_task(self._look_for_networks())
        for _ in range(_PATIENCE):
            if self._search.done():
                return
            await asyncio.sleep_ms(_LOOK_MS)

    async def _look_for_networks(self):
        found = {}
        for name, _, _, rssi, security, hidden in await self._joining.scan():
            if security == "wpa":
                security = "wpa2"  # one network, joined alike
            network = ("" if hidden else text_of(name).strip("\0"), security)
            found[network] = max(rssi, found.get(network, rssi))
        self.networks = networks = sorted(
            [(name, rssi, security) for (name, security), rssi in found.items()],
            key=lambda network: (not may_join(network[0], network[2]), -network[1]),
        )
        refused = sum(not may_join(name, security) for name, _, security in networks)
        del networks[_MOST - min(refused, _REFUSED) : len(networks) - refused]
        del networks[_MOST:]

    def submit(self, ssid, key, delay_ms=0):
        """Check the credentials, CredentialError where a rule is broken, and begin to try them.
        Only in the state "ready"."""
        self.ssid, self.result = ssid, None
        known = [security for name, _, security in self.networks if name == ssid]
        check_network(ssid, key, known[0] if known else "wpa2")
        self.state = "trying"
        self._attempt = asyncio.create_task(self._try(ssid, key, delay_ms))

    def seen(self):
        """The phone has shown that all is well: the hotspot closes soon."""
        connection = self._connection
        connection.service_ms = min(connection.service_ms, self._hardware.uptime_ms() + _SEEN_MS)

    async def _try(self, ssid, key, delay_ms):
        await asyncio.sleep_ms(delay_ms)
        try:
            self.result = await self._joining.try_credentials(ssid, key)
        except Exception as error:
            self._counters.count("provision.try")
            sys.print_exception(error)
            self.result = "failed"
        if self.result == "ok":
            self.succeed()
        else:
            self.state = "ready"

    def succeed(self):
        """The network that was given leads to the cloud."""
        self.state, self.result = "done", "ok"
        self._connection.service_ms = self._hardware.uptime_ms() + _UNSEEN_MS

    def _listen(self, kind, ip, port):
        """A poll object that tells when something has come; OSError when the port is taken."""
        line = socket.socket(socket.AF_INET, kind)
        self._closing.append(line.close)
        line.setblocking(False)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind(socket.getaddrinfo(ip, port)[0][-1])
        if kind == socket.SOCK_STREAM:
            line.listen(_WAITING)
        poll = select.poll()
        poll.register(line, select.POLLIN)
        return poll

    def _keep(self, name, task):
        self._closing.append(asyncio.create_task(keep(self._counters, name, task)).cancel)
