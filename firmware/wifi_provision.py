"""Provisioning: the gateway gets the credentials of a Wi-Fi network from a phone on its hotspot.

Owns the hotspot while it is open, and what listens on it; trying the credentials is
net/trial.py's. `close` leaves nothing behind in memory but this module.
"""

import asyncio
import select
import socket
import sys

from micropython import const

from system.modules import HOTSPOT, unload
from system.tasks import keep

_LOOK_MS = const(200)
_WAITING = const(16)  # connections that nobody has looked at yet


def hotspot_name(serial: str) -> str:
    """The hotspot's SSID; the label (`make label`) says the same."""
    return "Gateway-" + serial


class Provisioning:
    """window: the HotspotWindow, which says until when the hotspot is open; trial: the
    trial.Trial, which begins anew; key: own_key.OwnKey; wrong, service: as portal.Portal's."""

    def __init__(
        self,
        hardware: BoardHardware,
        counters: Counters,
        window: HotspotWindow,
        trial: Trial,
        key: OwnKey,
        wrong: Callable[[], list[str]],
        service: ServicePage | None = None,
    ):
        self._hardware = hardware
        self._counters = counters
        self._window = window
        self._trial = trial
        self._key = key
        self._wrong = wrong
        self._service = service
        trial.renew()
        self._closing = []  # what is to be called in the end, the last one first

    async def run(self) -> bool:
        """Keep the hotspot open until its time is over; whether credentials have worked."""
        from hotspot.dns_server import DnsServer
        from hotspot.http_server import HttpServer
        from hotspot.portal import Portal

        hardware, trial = self._hardware, self._trial
        radio = hardware.radio
        assert radio  # it is opened by the radio alone
        try:
            await trial.look()  # before a phone can come
            key = self._key.get()
            self._closing.append(radio.stop_hotspot)
            radio.start_hotspot(hotspot_name(hardware.serial), key)
            ip = radio.hotspot_ip
            assert ip  # it is open
            http_port, dns_port = hardware.hotspot_ports
            origin = ip if http_port == 80 else "%s:%d" % (ip, http_port)
            dns = DnsServer(self._listen(socket.SOCK_DGRAM, ip, dns_port), ip, self._counters)
            self._keep("dns", dns.run)
            portal = Portal(trial, hardware.serial, origin, self._wrong, self._service)
            waiting = self._listen(socket.SOCK_STREAM, ip, http_port)
            admits, room = radio.is_on_hotspot, hardware.room
            http = HttpServer(waiting, admits, room, portal.handle, self._counters)
            self._closing.append(http.close)
            self._keep("http", http.run)
            while trial.state == "trying" or self._window.is_open():
                await asyncio.sleep_ms(_LOOK_MS)
        finally:
            self.close()
        return trial.state == "done"

    def close(self) -> None:
        """Close everything: nothing listens afterwards, and the modules leave the memory."""
        self._trial.cancel()
        while self._closing:
            try:
                self._closing.pop()()
            except Exception as error:  # the rest is closed all the same
                self._counters.count("provision.close")
                sys.print_exception(error)
        if self._service:
            self._service.close()
        unload(*HOTSPOT)

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
