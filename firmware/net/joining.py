"""Joining a Wi-Fi network: access point by access point, the same way for credentials that
somebody gives and for those that are known. Owns the radio; what came of a try is returned."""

import asyncio

from micropython import const

from system.watchdog import unwatched
from net.access_points import AccessPoints
from net.round import Round

_ROUND_MS = const(20000)  # after which no other try begins: a phone, or another network, waits
_BETTER_DB = const(10)


def _never(result):
    return False


class Joining:
    """radio: the board's; networks: networks.Networks; uptime_ms: a function, ms since start."""

    def __init__(self, radio: Radio, networks: Networks, uptime_ms: UptimeMs):
        self._radio = radio
        self._networks = networks
        self._uptime_ms = uptime_ms
        self._access_points = AccessPoints(uptime_ms)
        self._lock = asyncio.Lock()  # who changes the radio

    def busy(self) -> bool:
        """Whether the radio is scanning or joining."""
        return self._lock.locked()

    async def scan(self) -> Sequence[Heard]:
        """What radio.scan() gives, when the radio has nothing else to do."""
        async with self._lock:
            return await self._radio.scan()

    async def join_known(
        self, stop: Stop = _never, alone: bool = False, beat: Beat = unwatched
    ) -> str:
        """Join one of the known networks; what came of it: "ok", "nothing_known", or as
        radio.join(). stop: a function of what came last (None: nothing yet), whether to give up;
        alone: whether a phone on the hotspot is to be left alone: then what refused our key is
        not tried again. beat: called before each try."""
        keys = self._networks.keys()
        if not keys:
            return "nothing_known"
        async with self._lock:
            result, _ = await self._join(keys, self._access_points, stop, alone, beat)
        return result

    async def join_given(self, ssid: str, key: str) -> str:
        """Join this network, and keep it when that gives an address; what came of it, as
        radio.join(). What was being joined is left."""
        self._radio.leave()
        async with self._lock:
            # Nothing is held against an access point for what it said to another key.
            fresh = AccessPoints(self._uptime_ms)
            result, hidden = await self._join({ssid: key}, fresh, _never, False, unwatched)
            if result == "ok":
                self._networks.remember(ssid, key, hidden)
        return result

    async def roam(self, stop: Stop) -> None:
        """Join another access point of a known network where one is much stronger, or of another
        known network where this one leads nowhere; of those that have failed none is tried. stop:
        as join_known."""
        radio, networks = self._radio, self._networks
        async with self._lock:
            keys, dbm = networks.keys(), radio.dbm()
            found, _ = self._access_points.in_reach(await radio.scan(), keys, networks)
            if dbm is None or not found or not found[0].good() or stop(None):
                return
            best = found[0]
            nowhere = networks.leads_nowhere(networks.joined)
            if nowhere or -best.place[-1] >= dbm + _BETTER_DB:
                result = await radio.join(best.ssid, keys[best.ssid], best.bssid)
                if result == "ok":
                    networks.set_joined(best.ssid)
                if result == "wrong_password":
                    result = "failed"  # one handshake says nothing of a key
                if not stop(result):
                    self._access_points.set_result(best.key, result)

    async def _join(self, keys, access_points, stop, alone, beat):
        """A round over the access points of these networks, {name: key}; what came of it, and
        whether the one that was joined is hidden."""
        networks = self._networks
        this = Round(access_points, keys, alone)
        began = self._uptime_ms()
        result = None
        while not stop(result) and self._uptime_ms() - began < _ROUND_MS:
            found, unfit = access_points.in_reach(await self._radio.scan(), keys, networks)
            if unfit:
                this.set_unfit()
            target = None if stop(None) else this.choose(found)
            if target is None:
                break
            beat()
            result = await self._radio.join(target.ssid, keys[target.ssid], target.bssid)
            if result == "ok":
                networks.set_joined(target.ssid)
            elif result == "failed" and stop(None):
                break  # somebody has ended it
            this.set_result(target, result)
            if result == "ok":
                this.end()
                return result, target.hidden
        this.end()
        return this.result(), False
