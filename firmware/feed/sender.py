"""On a gateway that feeds another one: sends each report to it (docs/several-gateways.md).

Owns the session with it. A report that is lost loses nothing: energies are counters.
"""

import asyncio
import os

from micropython import const

from measure.readings import RATES
from feed import datagram as d
from feed.port import Port, place

_LOOK_MS = const(100)
_HELLO_MS = const(2000)
_PATIENCE_MS = const(5000)  # without an answer, then it is looked for anew
_LOST_MS = const(15000)  # since something was taken
_LATE = const(5)  # reports: what is said of older ones says nothing of now
_AT_ONCE = const(4)  # datagrams taken
_LOST = "%s does not take what is measured here: is it on, in this network, does it gather %s?"
_NO_KEY = "settings.json has no site_key: give all gateways of the site the same"


class Sender:
    """home: (address that reaches the whole network, port); own: our serial number; key: text or
    empty; online: a function, whether there is a network."""

    def __init__(
        self,
        hardware: BoardHardware,
        site: Site,
        key: str,
        measuring: Measuring,
        online: Callable[[], bool],
        count: Count,
    ):
        self._home = hardware.home
        self._own = hardware.serial
        self._uptime_ms = hardware.uptime_ms
        self._genius = site.feeds or ""
        self._key = d.Key(key) if key else None
        self._measuring = measuring
        self._online = online
        self._count = count
        self._instance = os.urandom(8)  # of this run
        self._nonce = b""  # of the last HELLO, until it is answered
        self._session = b""
        self._number = self._taken = 0
        self._heard_ms = self._hello_ms = 0
        self._to: Any = None
        self._reports = 0  # sent
        self._sent = 0  # datagrams
        self._since_ms = self._uptime_ms()  # something was taken, or the start
        self._lost = False
        self.change(site)

    def change(self, site: Site) -> None:
        """Send this site's points from now on."""
        self._who = [d.who(point.node, point.input) for point in site.points]
        records = min(len(self._who), d.MAX_RECORDS)
        self._data = bytearray(d.HEAD + records * d.RECORD + d.CODE)

    def tasks(self) -> list[WatchedTask]:
        """As Gateway.run() has them."""
        return [("feed", 60, self.run)] if self._key else []

    def describe(self) -> Iterable[Table]:
        """For people: of the other one."""
        state = "lost" if self._lost else "well" if self._taken else "missing"
        seconds = (self._uptime_ms() - self._heard_ms) // 1000 if self._taken else None
        yield {
            "serial": self._genius, "feeds": False, "state": state, "seconds": seconds,
            "datagrams": self._sent,
        }  # fmt: skip

    def glance(self) -> object:
        """What people see of it."""
        return bool(self._session), self._lost

    def texts(self) -> list[AdviceText]:
        """What is wrong: [(name, text)]."""
        if not self._key:
            return [("feed_key", _NO_KEY)]
        if self._lost:
            return [("feed_lost", _LOST % (self._genius, self._own))]
        return []

    async def run(self, beat: Beat) -> Never:
        """Look for the other gateway and send, without end."""
        port = Port()
        try:
            port.allow_broadcast()
            while True:
                beat()
                self._look(port)
                await asyncio.sleep_ms(_LOOK_MS)
        finally:
            port.close()

    def _look(self, port):
        for _ in range(_AT_ONCE):
            try:
                heard = port.hear()
            except (OSError, MemoryError):
                self._count("feed.unheard")
                break
            if heard is None:
                break
            self._take(*heard)
        now, measuring = self._uptime_ms(), self._measuring
        if self._session and now - self._heard_ms > _PATIENCE_MS:
            self._session = b""
            self._hello_ms = now - _HELLO_MS
        try:
            if self._session:
                if measuring.reports != self._reports and not measuring.pending:
                    self._reports = measuring.reports
                    self._send_report(port)
            elif now - self._hello_ms >= _HELLO_MS and self._online():
                self._hello_ms = now
                self._send_hello(port)
        except (OSError, MemoryError):
            self._count("feed.unsent")
        if not self._lost and now - self._since_ms > _LOST_MS:
            self._lost = True
            self._count("feed.lost")

    def _send_hello(self, port):
        key: Any = self._key
        self._nonce = os.urandom(8)
        hello = key.sign(d.HELLO, self._own, self._genius, 0, self._nonce, self._instance)
        port.send(hello, place(*self._home))

    def _take(self, data, sender):
        """An answer."""
        key: Any = self._key
        head = d.head(data)
        if head is None or head[2:4] != (self._genius, self._own) or not key.is_of(data):
            self._count("feed.strange")
            return
        kind, _, _, _, number, token = head
        if kind == d.WELCOME and self._nonce and token == self._nonce:
            self._nonce = b""
            self._session = bytes(data[d.HEAD : -d.CODE])
            self._number = self._taken = 0
            self._to = sender
        elif kind == d.TAKEN and token == self._session and self._is_new(number):
            self._taken = number
            self._lost = False
            self._since_ms = self._uptime_ms()
        else:
            return
        self._heard_ms = self._uptime_ms()

    def _is_new(self, number):
        """Whether that this one was taken says that the other one hears us now."""
        datagrams = -(-len(self._who) // d.MAX_RECORDS)  # of a report
        oldest = self._number - _LATE * datagrams
        return max(self._taken, oldest) < number <= self._number

    def _send_report(self, port):
        for first in range(0, len(self._who), d.MAX_RECORDS):
            last = min(first + d.MAX_RECORDS, len(self._who))
            size = d.HEAD + (last - first) * d.RECORD
            data = self._data
            self._number += 1
            d.put_head(data, last - first, self._own, self._genius, self._number, self._session)
            self._put_records(data, first, last)
            view = memoryview(data)
            key: Any = self._key
            view[size : size + d.CODE] = key.code(view[:size])
            port.send(view[: size + d.CODE], self._to)
            self._sent += 1

    def _put_records(self, data, first, last):
        rates, joules = self._measuring.report.rates, self._measuring.energy.main.joules
        at = d.HEAD
        for i in range(first, last):
            for shift in range(4):
                data[at + shift] = self._who[i] >> 8 * shift & 0xFF
            d.copy(data, (at + d.RATES_AT) // 4, rates, RATES * i, RATES)
            d.copy(data, (at + d.COUNTERS_AT) // 4, joules, 4 * i, 4)
            at += d.RECORD
