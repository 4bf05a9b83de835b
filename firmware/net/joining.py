"""Getting a link: joining known networks, dialling, trying credentials, and the hotspot where
somebody gives them. Owns the radio."""

import asyncio
import sys

from micropython import const

from system.watchdog import unwatched
from wifi_provision import Provisioning
from site import settings
from net.access_points import in_reach, pass_over
from net.trial import Trial

_LOOK_MS = const(500)
_CABLE_MS = const(10000)  # a cable that has no address yet: so long nothing else is tried
_NO_CABLE_MS = const(7000)  # until the chip knows that there is none: 4 s, and its next look
_ROUTER_MS = const(180000)  # routers start slower than we do
_PAUSE_MS = const(1000)
_LONGEST_PAUSE_MS = const(15000)  # a network that is back is used within 30 s
_REOPEN_MS = const(15000)  # from when the hotspot has failed
_SHOWN_MS = const(5000)  # on the LED, that credentials did not work
_BETTER_DB = const(10)


class Joining:
    """`trial`: the Trial of credentials. connection: the Connection that wants a link, or the
    hotspot."""

    def __init__(self, connection):
        self._connection = connection
        self._hardware = connection.hardware
        self._radio = connection.hardware.radio
        self._settings = connection.settings
        self._lock = asyncio.Lock()  # who changes the radio
        self._pause_ms = 0
        self._next_ms = 0
        self._refused = set()  # networks whose password was wrong the last time
        self._given = None  # the network that credentials were given for, while it is used
        self._again = None  # the task that shows the hotspot on the LED again
        self._beat = unwatched
        self._portal = None
        self._open_ms = 0  # from then on, if it is wished
        self._task = None
        self.trial = Trial(self._hardware, connection, self)

    def busy(self):
        """Whether the radio is being used for something else than the link."""
        return self._lock.locked()

    async def run(self, beat=unwatched):
        """Until there is a link and nobody wishes the hotspot; where there is a link already, try
        once those that may do better. beat: called meanwhile."""
        connection, hardware = self._connection, self._hardware
        self._beat = beat
        self._pause_ms = self._next_ms = self._open_ms = 0
        self._refused.clear()
        try:
            if connection.online():
                if not self._wished():
                    await self._improve()
            elif hardware.ethernet and connection.links[0][1] is hardware.ethernet:
                await self._patience(hardware.ethernet)
            looks = 1
            while self._portal or not connection.online() or self._wished():
                beat()
                if connection.online():
                    await self._look_ahead(looks)
                elif hardware.uptime_ms() >= self._next_ms:
                    await self._seek()
                due = self._portal is None and hardware.uptime_ms() >= self._open_ms
                if due and (self._wished() or self._needed()):
                    self._task = asyncio.create_task(self._serve())
                looks += 1
                await asyncio.sleep_ms(_LOOK_MS)
            async with self._lock:
                pass  # a scan that a phone has asked for goes on to its end
        finally:
            if self._task:
                self._task.cancel()
                self._task = None

    async def roam(self):
        """Join another access point of a known network where one is much stronger, or of another
        known network where this one leads nowhere; of those that have failed none is tried."""
        connection, radio = self._connection, self._radio
        async with self._lock:
            known, dbm = dict(self._settings.networks), radio.dbm()
            heard = await in_reach(connection, known)
            if dbm is None or not heard or heard[0][0] or self._trying():
                return
            _, loss, ssid, bssid = heard[0]
            nowhere = connection.failed.get(connection.ssid, 0) > self._hardware.uptime_ms()
            if nowhere or -loss >= dbm + _BETTER_DB:
                result = await radio.join(ssid, known[ssid], bssid)
                if result == "ok":
                    connection.ssid = ssid.encode()
                elif not self._trying():
                    pass_over(connection, bssid, result)

    async def scan(self):
        """What radio.scan() gives, when the radio has nothing else to do."""
        async with self._lock:
            return await self._radio.scan()

    async def try_credentials(self, ssid, password):
        """Try to join, and keep the credentials when that gives an address. What radio.join()
        gives, or after "ok" what link_check.check() gives: anything from there is kept."""
        connection, radio = self._connection, self._radio
        if self._again:
            self._again.cancel()
        connection.tell("hotspot", True)
        radio.leave()  # ends what is being tried
        async with self._lock:
            self._given = None
            result = await radio.join(ssid, password)
            if result == "ok":
                connection.ssid = ssid.encode()
                self._given = ssid
                self._refused.discard(ssid)
                settings.remember(self._settings, ssid, password)
                if self._settings.link is not None:
                    settings.choose(self._settings, "wifi")
                    connection.links = [("wifi", radio)]
                connection.follow()
                result = await connection.check(radio)
                connection.learn(radio, result)
                connection.follow()
        # The LED shows the result: for some seconds, or for good.
        if radio.connected():
            connection.tell("hotspot", False)
        else:
            connection.tell("hotspot", "failed")
            self._again = asyncio.create_task(self._show_again())
        return result

    async def _show_again(self):
        await asyncio.sleep_ms(_SHOWN_MS)
        self._connection.tell("hotspot", self._portal is not None)

    async def _patience(self, ethernet):
        """Where the cable comes first: wait while it may still get an address."""
        while not self._connection.online() and not self._wished():
            passed = self._hardware.uptime_ms()
            if passed >= (_CABLE_MS if ethernet.plugged() else _NO_CABLE_MS):
                return
            await asyncio.sleep_ms(_LOOK_MS)

    async def _look_ahead(self, looks):
        """Where does the link lead, while nothing is tried? The network that was given may lead to
        the cloud now."""
        connection, trial = self._connection, self.trial
        if not self._trying():
            await connection.look_ahead(looks)
            if self._portal and self._given and self._given == trial.ssid:
                if connection.link == "wifi" and connection.leads == "ok":
                    trial.succeed()

    async def _seek(self):
        """Try everything once."""
        connection = self._connection
        async with self._lock:
            began = self._hardware.uptime_ms()
            if connection.online() or self._trying():
                return
            result = await self._round()
            if self._trying():
                return
        connection.follow()
        if connection.online():
            self._pause_ms = 0
        else:
            if result != connection.problem:
                connection.counters.count("connection." + result)
            connection.problem = result
            connection.tell("link", "none")
        self._pause_ms = min(max(2 * self._pause_ms, _PAUSE_MS), _LONGEST_PAUSE_MS)
        now, pause = self._hardware.uptime_ms(), self._pause_ms
        self._next_ms = max(began + pause, now + pause // 3)

    async def _round(self):
        """Try every link; the result of the last one, the cable's where there is no other, and
        "no_modem" where there is none at all."""
        result = None
        for _, link in self._connection.links:
            got = await self._get(link)
            if result is None or link is not self._hardware.ethernet:
                result = got
            if self._connection.online():
                break
        return result or "no_modem"

    async def _improve(self):
        """Try what may do better than the link that is used."""
        connection = self._connection
        async with self._lock:
            for name, link in connection.better():
                if await self._get(link) == "ok":
                    connection.follow()
                    if connection.link != name:  # it does not come first: leads it somewhere?
                        connection.learn(link, await connection.check(link))
                        connection.follow()
                    if connection.link == name:
                        break

    async def _get(self, link):
        """Try to get the link; what came of it."""
        if link is self._radio:
            return await self._join_known()
        if link is self._hardware.modem:
            return await link.dial(self._settings.apn)
        return "no_address" if link.plugged() else "no_cable"

    async def _join_known(self):
        known = dict(self._settings.networks)
        if not known:
            return "nothing_known"
        result = "not_found"
        if self._portal:  # joining on another channel would throw the phone off, in vain
            for ssid in self._refused:
                if known.pop(ssid, None):
                    result = "wrong_password"
        tried = []
        connection = self._connection
        while known and not self._trying():
            heard = await in_reach(connection, known)
            if self._trying():
                break
            left = [one for one in heard if one[0] < 2 and one[3] not in tried]
            if not left:
                if heard and not tried:
                    result = "failed"  # a name that we know, with another security
                break
            _, _, ssid, bssid = left[0]
            again = ssid in self._refused
            self._beat()
            result = await self._radio.join(ssid, known[ssid], bssid)
            self._refused.discard(ssid)
            if result == "ok":
                connection.ssid = ssid.encode()
                connection.failed.pop(bssid, None)
                if ssid != self._given:
                    self._given = None
                break
            if result == "failed" and self._trying():
                break  # try_credentials() has ended it
            tried.append(bssid)
            pass_over(connection, bssid, result)
            if result == "wrong_password":
                self._refused.add(ssid)
            elif self._portal is None and self._wished():
                break  # what refuses is tried now: later it would throw the phone off
            if again or result == "no_address":
                del known[ssid]  # its other access points would say the same
        return result

    def _trying(self):
        """Whether somebody gives another network."""
        state = self.trial.state
        return state == "trying" or self._portal and state == "done"

    # The hotspot

    def _wished(self):
        return self._connection.service_ms > self._hardware.uptime_ms()

    def _needed(self):
        connection = self._connection
        if connection.service_ms or connection.had_link:
            return False
        if connection.problem == "nothing_known" or self._hardware.uptime_ms() >= _ROUTER_MS:
            connection.open_service()
        return self._wished()

    async def _serve(self):
        """The hotspot, from its opening to its end."""
        connection = self._connection
        try:
            self._portal = Provisioning(self._hardware, connection, self.trial)
            connection.tell("hotspot", True)
            await self._portal.run()
        except Exception as error:
            connection.counters.count("task.portal")
            sys.print_exception(error)
            self._open_ms = self._hardware.uptime_ms() + _REOPEN_MS
        finally:
            self._portal = None
            connection.tell("hotspot", False)
