"""The gateway's way to the internet: which link is used and where it leads (docs/connection.md).

Owns the links. How one is got, and the hotspot, is in net/joining.py.
"""

import asyncio
import sys

from micropython import const

from system.modules import unload
from system.watchdog import unwatched
from net.joining import Joining

_LOOK_MS = const(500)
_CHECK = const(6)  # looks without the cloud, then: where does the link lead?
_CHECK_AGAIN = const(40)  # with what a look takes, the internet that is back is seen within 30 s
_BETTER = const(110)
_ROAM = const(120)
_WEAK_DBM = const(-75)
_ASTRAY_MS = const(3600000)

SERVICE_S = const(900)
_NOWHERE = ("captive", "no_dns", "no_internet")


class Connection:
    """`link`: "ethernet", "wifi", "lte" or None; `leads`: where it leads, "ok" or what
    link_check.check() gives, None while unknown; `problem`: why there is no link, or None.

    `links`: (name, link) of those that may be used, in the order of preference; none where none
    works. `trial`: the trial.Trial of credentials.

    hardware, board: the board's; settings: settings.Settings; tell: Front.tell; cloud: a function,
    whether the cloud has accepted us.
    """

    def __init__(self, hardware, board, settings, counters, tell, cloud):
        self.link = None
        self.leads = None
        self.problem = None
        self.had_link = False  # since power-up
        # bssid that was not joined, ssid that leads nowhere: until this uptime others come first
        self.failed = {}
        self.ssid = b""  # what the radio has joined last
        self.service_ms = 0  # the hotspot is open until this uptime; 0: not yet since power-up
        self.hardware = hardware
        self.board = board
        self.settings = settings
        self.counters = counters
        self.tell = tell
        self._cloud = cloud
        self._radio_work = Joining(self)
        self.trial = self._radio_work.trial
        self._joining = None  # the task
        self._checking = None  # the task
        self._used = None  # the object of `link`
        self._shunned = None  # one that leads nowhere, while another one does better
        self._doubt = None  # what check() gave once
        names = board.LINKS
        links = {"ethernet": hardware.ethernet, "wifi": hardware.radio, "lte": hardware.modem}
        if board.CHOOSES == "installer" and links.get(settings.link):
            names = (settings.link,)
        self.links = [(name, links[name]) for name in names if links[name]]
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

    def glance(self):
        """What people see of it: it is told soon when this changes."""
        return self.link, self.leads, self.problem

    def open_service(self, seconds=SERVICE_S):
        """Open the hotspot with its page for so long from now on, whatever the links do; where
        there is a radio."""
        if self.hardware.radio:
            self.service_ms = self.hardware.uptime_ms() + seconds * 1000

    async def check(self, link):
        """Where the link leads: link_check.check()."""
        from net.reachability import check

        mqtt = self.settings.mqtt
        cloud = (mqtt["host"], mqtt["port"]) if mqtt else None
        try:
            return await check(cloud, link.name_server(), self.hardware.probe)
        finally:
            unload("net.reachability")

    def learn(self, link, leads):
        """A link that is up leads there. One that leads somewhere is used in the place of one
        that does not."""
        if link is self.hardware.radio:
            if leads in _NOWHERE:
                self.failed[self.ssid] = self.hardware.uptime_ms() + _ASTRAY_MS
            else:
                self.failed.pop(self.ssid, None)
        if link is not self._used:
            if leads == "ok" and self.leads in _NOWHERE:
                self._shunned = self._used
            return
        if leads in _NOWHERE:
            self._shunned = None  # it may do better now
        if leads not in ("ok", self.leads):
            self.counters.count("connection." + leads)
        self.leads = leads
        self.tell("astray", leads != "ok")

    def better(self):
        """(name, link) of those to be got that may do better than the one that is used: what comes
        before it, and all others where it leads nowhere."""
        found = []
        for name, link in self.links:
            if link is self._used:
                if self.leads not in _NOWHERE:
                    break
            elif link is not self.hardware.ethernet:  # a cable comes by itself
                found.append((name, link))
        return found

    async def run(self, beat=unwatched):
        """Keep a link up; without end. beat: called meanwhile."""
        looks = due = 0
        while True:
            self.follow()
            if self._joining is None:
                beat()
                wanted = self._used is None or self.service_ms > self.hardware.uptime_ms()
                # Beside a Wi-Fi that is being tried no other link can be checked.
                if wanted or looks >= due and not self._checking and self.better():
                    due = looks + _BETTER
                    self._joining = asyncio.create_task(self._join(beat))
                else:
                    await self.look_ahead(looks)
            looks += 1
            await asyncio.sleep_ms(_LOOK_MS)

    def follow(self):
        """Use the first link that has an address, and tell how things are."""
        tell = self.tell
        if self._look():
            tell("astray", False)
        link = self._used
        if link:
            tell("link", "up")
        elif self.problem is None:
            tell("link", "searching")
        idle = not self._joining and not self._radio_work.busy()
        for other in (self.hardware.radio, self.hardware.modem):
            if link and other and other is not link and idle and other.connected():
                other.leave()  # the chip would send through it, or it costs
        tell("cloud", self._cloud())
        if self.link == "lte":
            tell("signal", link.quality(self.board.SIGNAL_DBM))

    def _look(self):
        """Choose the first link that has an address; whether it is another one than before."""
        up = [(name, link) for name, link in self.links if link.connected()]
        good = [one for one in up if one[1] is not self._shunned]
        if len(good) in (0, len(up)):
            self._shunned = None  # it is alone, or gone
        name, link = (good or up or ((None, None),))[0]
        if link is self._used:
            return False
        self._used = link
        self.link = name
        self.leads = self.problem = self._doubt = None
        if self._checking:
            self._checking.cancel()
            self._checking = None
        if link:
            self.had_link = True
        else:
            self.counters.count("connection.lost")
        return True

    async def look_ahead(self, looks):
        """Is there a better access point or network, and where does the link lead?"""
        roams = self._joining is None and self.link == "wifi" and looks % _ROAM == 0
        if roams and (self.leads in _NOWHERE or (self._used.dbm() or 0) <= _WEAK_DBM):
            await self._radio_work.roam()
        if self._cloud():
            self.learn(self._used, "ok")
        elif self.hardware.probe and looks % (_CHECK_AGAIN if self.leads else _CHECK) == 0:
            if self._checking is None:
                self._checking = asyncio.create_task(self._check_used())

    async def _check_used(self):
        """Where does the link lead? _look() cancels this where it is another one."""
        link, radio = self._used, self.hardware.radio
        try:
            leads = await self.check(link)
            if link is radio or not radio or not radio.connected():  # else all goes through it
                if leads in ("ok", "captive", self._doubt):  # a slow network may be silent once
                    self.learn(link, leads)
                self._doubt = leads
        except Exception as error:
            self.counters.count("task.connection")
            sys.print_exception(error)
        self._checking = None

    async def _join(self, beat):
        try:
            await self._radio_work.run(beat)
        except Exception as error:
            self.counters.count("task.joining")
            sys.print_exception(error)
        finally:
            self._joining = None
