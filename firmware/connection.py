"""The gateway's way to the internet: which link is used and where it leads (docs/connection.md).

Owns the links. How one is got, and the hotspot, is in joining.py, which is in memory only
meanwhile.
"""

import asyncio
import sys

from lazy import forget
from micropython import const

_LOOK_MS = const(500)
_CHECK = const(6)  # looks without the cloud, then: where does the link lead?
_CHECK_AGAIN = const(60)
_ROAM = const(120)
_WEAK_DBM = const(-75)

SERVICE_S = const(900)


class Connection:
    """`link`: "ethernet", "wifi", "lte" or None; `leads`: where it leads, "ok" or what
    link_check.check() gives, None while unknown; `problem`: why there is no link, or None.

    `links`: (name, link) of those that may be used, in the order of preference.

    hardware, board: the board's; settings: settings.Settings; tell: Front.tell; cloud: a function,
    whether the cloud has accepted us.
    """

    def __init__(self, hardware, board, settings, counters, tell, cloud):
        self.link = None
        self.leads = None
        self.problem = None
        self.had_link = False  # since power-up
        self.service_ms = 0  # the hotspot is open until this uptime; 0: not yet since power-up
        self.hardware = hardware
        self.board = board
        self.settings = settings
        self.counters = counters
        self.tell = tell
        self._cloud = cloud
        self._joining = None  # the task
        self._used = None  # the object of `link`
        names = board.LINKS
        if board.CHOOSES == "installer" and settings.link in names:
            names = (settings.link,)
        links = {"ethernet": hardware.ethernet, "wifi": hardware.radio, "lte": hardware.modem}
        self.links = [(name, links[name]) for name in names]
        self._look()

    def online(self):
        """Whether a link is up."""
        return self._used is not None

    def name_server(self):
        """Address of the link's name server."""
        return self._used.name_server() if self._used else "0.0.0.0"

    def describe(self):
        """For people: which link, its signal, what is wrong."""
        return {
            "link": self.link,
            "dbm": self._used.dbm() if self.link in ("wifi", "lte") else None,
            "leads": self.leads,
            "problem": self.problem,
        }

    def open_service(self, seconds=SERVICE_S):
        """Open the hotspot with its page for so long from now on, whatever the links do."""
        if self.hardware.radio:
            self.service_ms = self.hardware.uptime_ms() + seconds * 1000

    async def check(self, link, connect):
        """Where the link leads: link_check.check()."""
        from link_check import check

        hardware = self.hardware
        mqtt = self.settings.mqtt
        cloud = (mqtt["host"], mqtt["port"]) if mqtt else None
        leads = await check(cloud, link.name_server(), hardware.probe, connect)
        forget("link_check")
        if leads != "ok":
            self.counters.count("connection." + leads)
        return leads

    async def run(self):
        """Keep a link up; without end."""
        looks = 0
        while True:
            self.follow()
            if self._joining is None:
                if self._used is None or self.service_ms > self.hardware.uptime_ms():
                    self._joining = asyncio.create_task(self._join())
                else:
                    await self._look_ahead(looks)
            looks += 1
            await asyncio.sleep_ms(_LOOK_MS)

    def follow(self):
        """Use the first link that has an address, and tell how things are."""
        tell, link, radio = self.tell, self._used, self.hardware.radio
        if self._look():
            tell("astray", False)
            link = self._used
        if link:
            tell("link", "up")
        elif self.problem is None:
            tell("link", "searching")
        if link and radio and link is not radio and not self._joining and radio.connected():
            radio.leave()  # the chip would send through it
        tell("cloud", self._cloud())
        if self.link == "lte":
            tell("signal", link.quality(self.board.SIGNAL_DBM))

    def _look(self):
        """Choose the first link that has an address; whether it is another one than before."""
        up = [(name, link) for name, link in self.links if link.connected()]
        name, link = up[0] if up else (None, None)
        if link is self._used:
            return False
        self._used = link
        self.link = name
        self.leads = self.problem = None
        if link:
            self.had_link = True
        else:
            self.counters.count("connection.lost")
        return True

    async def _look_ahead(self, looks):
        """Where does the link lead, and is there a better access point?"""
        if self._cloud():
            self.leads = "ok"
            self.tell("astray", False)
        elif self.hardware.probe and looks % (_CHECK_AGAIN if self.leads else _CHECK) == 0:
            self.leads = await self.check(self._used, False)
            self.tell("astray", self.leads != "ok")
        if self.link == "wifi" and looks % _ROAM == 0 and (self._used.dbm() or 0) <= _WEAK_DBM:
            from joining import roam

            await roam(self.hardware.radio, dict(self.settings.networks))
            forget("joining", "settings", "durable")

    async def _join(self):
        from joining import Joining

        try:
            await Joining(self).run()
        except Exception as error:
            self.counters.count("task.joining")
            sys.print_exception(error)
        finally:
            self._joining = None
            forget("joining", "settings", "durable")
