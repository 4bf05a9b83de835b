"""The gateway's way to the internet (docs/connection-decisions.md): gets a link and gets it back,
looks for better ones, and opens the hotspot. Owns the tasks of that; the parts lie beside it."""

import asyncio
import sys

from micropython import const

from system.watchdog import unwatched
from net.hotspot_service import HotspotService
from net.hotspot_window import SERVICE_S, HotspotWindow
from net.joining import Joining
from net.links import NOWHERE, Links
from net.networks import Networks
from net.trial import Trial

_LOOK_MS = const(500)
_CHECK = const(6)  # looks without the cloud, then: where does the link lead?
_CHECK_AGAIN = const(40)  # with what a look takes, the internet that is back is seen within 30 s
_BETTER = const(110)  # looks between two tries of other links,
_ROAM = const(120)  # and of other access points
_WEAK_DBM = const(-75)
_CABLE_MS = const(10000)  # a cable that has no address yet: so long nothing else is tried
_NO_CABLE_MS = const(7000)  # until the chip knows that there is none: 4 s, and its next look
_ROUTER_MS = const(180000)  # routers start slower than we do
_CLASH_S = const(10)  # until the hotspot gives way to a network that has its addresses
_PAUSE_MS = const(1000)
_MAX_PAUSE_MS = const(15000)  # a network that is back is used within 30 s


class Connection:
    """`links`: links.Links; `networks`: networks.Networks; `trial`: the trial.Trial of
    credentials; `hotspot`: hotspot_service.HotspotService.

    hardware, board: the board's; settings: settings.Settings; set_event: Housekeeping.set_event;
    cloud: a function, whether the cloud has accepted us; wrong: a function, sentences that say
    what is wrong with the gateway, and service: the commissioning page or None, both for the
    hotspot's page (hotspot.portal).
    """

    def __init__(
        self,
        hardware: BoardHardware,
        board: Board,
        settings: Settings,
        counters: Counters,
        set_event: SetEvent,
        cloud: Callable[[], bool],
        wrong: Callable[[], list[str]],
        service: ServicePage | None = None,
    ):
        self._hardware = hardware
        self._radio = hardware.radio
        self._board = board
        self._apn = settings.apn
        self._counters = counters
        self._set_event = set_event
        self._cloud = cloud
        now_ms = hardware.uptime_ms
        self.networks = networks = Networks(settings, now_ms, counters.count)
        self._window = HotspotWindow(now_ms)
        # Without a radio nobody asks these two.
        radio: Any = self._radio
        self._joining = Joining(radio, networks, now_ms)
        self.links = links = Links(hardware, board, settings, networks, counters)
        self.trial = Trial(radio, self._joining, links, networks, self._window, counters)
        self.trial.on_change(self._trial_changed)
        self.hotspot = HotspotService(
            hardware, counters, self._window, self.trial, set_event, wrong, service
        )
        self._work = None  # the task that gets a link, or a better one
        self._checking = None  # the task that looks where the link leads
        self._roaming = False
        self._pause_ms = 0
        self._next_ms = 0  # from then on the next round

    @property
    def link(self) -> str | None:
        """As Links.link."""
        return self.links.link

    def online(self) -> bool:
        """Whether a link is up."""
        return self.links.online()

    def name_server(self) -> str:
        """Address of the link's name server."""
        return self.links.name_server()

    def wrong(self) -> str | None:
        """What is wrong with the way to the internet, a name of net/advice.py's; or None."""
        wrong = self.links.problem or self.links.reachability
        return None if wrong == "ok" else wrong

    def describe(self) -> Table:
        """For people: which link, its signal, what is wrong."""
        return self.links.describe()

    def glance(self) -> object:
        """What people see of it: it is reported soon when this changes."""
        return self.link, self.wrong()

    def open_hotspot(self, seconds: int = SERVICE_S) -> None:
        """Open the hotspot with its page for so long from now on, whatever the links do, where
        there is a radio; from then on it does not open by itself."""
        if self._radio:
            self._window.open(seconds)

    async def run(self, beat: Beat = unwatched) -> Never:
        """Keep a link up, and the hotspot open while it is to be; without end. beat: called
        meanwhile."""
        looks = due = 0
        try:
            while True:
                if not self._roaming:  # the link is gone for a moment only
                    self._select_link()
                if self._work is None:
                    beat()
                    work = self._due(looks, looks >= due, beat)
                    if work:
                        due = looks + _BETTER
                        self._work = asyncio.create_task(self._do(work))
                    elif self.trial.state != "trying":
                        self._look_ahead(looks)
                self._tend_hotspot()
                looks += 1
                await asyncio.sleep_ms(_LOOK_MS)
        finally:
            for task in (self._work, self._checking):
                if task:
                    task.cancel()
            self._work = self._checking = None
            self.hotspot.close()

    def _select_link(self):
        """Use the first link that has an address, and set what the LED shows."""
        links, set_event = self.links, self._set_event
        if links.select_link():
            self._begin_anew()
        if links.online():
            set_event("link", "up")
        elif links.problem is None:
            set_event("link", "searching")
        if not (self._work or self.hotspot.is_open() or self._busy() or self._joining.busy()):
            links.leave_others()
        set_event("unreachable", links.reachability not in (None, "ok"))
        set_event("cloud", self._cloud())
        modem = self._hardware.modem
        if links.link == "lte" and modem:
            board: Any = self._board  # one with a modem has these limits
            set_event("signal", modem.quality(board.SIGNAL_DBM))

    def _begin_anew(self):
        """Another link, or none: what was found out of the last one says nothing of it."""
        self._pause_ms = self._next_ms = 0
        if self._checking:
            self._checking.cancel()
            self._checking = None

    def _busy(self):
        """Whether somebody gives another network."""
        state = self.trial.state
        return state == "trying" or self.hotspot.is_open() and state == "done"

    def _due(self, looks, better, beat):
        """What is to be done now about the link: a coroutine, or None. better: whether it is time
        to look for another link."""
        links = self.links
        if self._busy():
            return None
        if not links.online():
            if self._hardware.uptime_ms() < self._next_ms or self._waits_for_cable():
                return None
            return self._seek(beat)
        if self._window.is_open() or self.hotspot.is_open():
            return None
        if better and self._checking is None and links.better():
            # Beside a Wi-Fi that is being tried no other link can be checked.
            return self._improve(beat)
        if links.link == "wifi" and looks % _ROAM == 0:
            if links.reachability in NOWHERE or (links.dbm() or 0) <= _WEAK_DBM:
                return self._roam()
        return None

    async def _roam(self):
        self._roaming = True
        try:
            await self._joining.roam(lambda result: self._busy())
        finally:
            self._roaming = False

    async def _do(self, work):
        try:
            await work
        except Exception as error:
            self._counters.count("task.joining")
            sys.print_exception(error)
        self._work = None
        self._tend_hotspot()  # before the next round

    # Getting a link

    def _waits_for_cable(self):
        """Whether the cable, where it comes first, may still get an address at power-up."""
        ethernet = self._hardware.ethernet
        usable = self.links.usable
        if not ethernet or usable[0][1] is not ethernet or self._window.is_open():
            return False
        wait_ms = _CABLE_MS if ethernet.plugged() else _NO_CABLE_MS
        return self._hardware.uptime_ms() < wait_ms

    def _gives_up(self, result):
        """Whether a round ends here: somebody gives a network, or wants the hotspot. What refuses
        our key is tried to the end: later it would throw the phone off."""
        if self._busy():
            return True
        waits = self._window.is_open() and not self.hotspot.is_open()
        return waits and result not in (None, "wrong_password")

    async def _get(self, link, beat):
        """Try to get the link; what came of it."""
        if link is self._radio:
            return await self._joining.join_known(self._gives_up, self.hotspot.is_open(), beat)
        modem, ethernet = self._hardware.modem, self._hardware.ethernet
        if modem and link is modem:
            return await modem.dial(self._apn)
        return "no_address" if ethernet and ethernet.plugged() else "no_cable"

    async def _seek(self, beat):
        """Try every link once."""
        links, uptime_ms = self.links, self._hardware.uptime_ms
        began = uptime_ms()
        problem = None
        for _, link in links.usable:
            result = await self._get(link, beat)
            if problem is None or link is not self._hardware.ethernet:
                problem = result
            if links.online() or link.connected():
                break
        if self._busy():
            return
        self._select_link()
        if links.online():
            return
        links.set_problem(problem or "no_modem")
        self._set_event("link", "none")
        now, pause = uptime_ms(), min(max(2 * self._pause_ms, _PAUSE_MS), _MAX_PAUSE_MS)
        self._pause_ms = pause
        self._next_ms = max(began + pause, now + pause // 3)

    async def _improve(self, beat):
        """Try what may do better than the link that is used."""
        links = self.links
        for name, link in links.better():
            if await self._get(link, beat) == "ok":
                self._select_link()
                if links.link != name:  # it does not come first: leads it somewhere?
                    links.set_reachability(link, await links.check(link))
                    self._select_link()
                if links.link == name:
                    break

    def _look_ahead(self, looks):
        """Where does the link lead? The network that was given may lead to the cloud now."""
        links = self.links
        if not links.online():
            return
        if self._cloud():
            links.set_in_cloud()
        elif self._hardware.probe and self._checking is None:
            if looks % (_CHECK_AGAIN if links.reachability else _CHECK) == 0:
                self._checking = asyncio.create_task(self._check())
        if self.hotspot.is_open():
            self.trial.follow_up()
            if links.reachability == "address_clash":
                self._window.close_within(_CLASH_S)

    async def _check(self):
        try:
            await self.links.check_used()
        except Exception as error:
            self._counters.count("task.connection")
            sys.print_exception(error)
        self._checking = None

    def _tend_hotspot(self):
        """It opens where it is wanted; and by itself, once, where nothing has ever been up."""
        links, window = self.links, self._window
        if self._radio and not (window.used or links.had_link):
            if links.problem == "nothing_known" or self._hardware.uptime_ms() >= _ROUTER_MS:
                window.open()
        self.hotspot.tend(self._work is None)

    def _trial_changed(self):
        """Somebody gives a network, or what came of that is known."""
        self._begin_anew()
        if self.trial.state != "trying":
            self._select_link()
