"""The access points of networks that are wanted: in which order they are tried, and which come
last for a time. Owns what each has shown."""

from micropython import const

from hotspot.credentials import SECURITIES

_WEAK_DB = const(75)  # dBm below zero, at which handshakes are lost
_STARTING_MS = const(600000)  # so long one that gave no address comes last: its router starts
_REFUSED_MS = const(3600000)  # and any other that was not joined
_MAX_FAILED = const(48)

# Places: what is tried first. _PERHAPS: a name that was not heard and was never hidden before.
_FITS, _HIDDEN, _FAILED, _PERHAPS = const(0), const(1), const(2), const(3)


class AccessPoint:
    """One that may be tried. `ssid`: the network's name; `bssid`: its address, empty where any
    will do; `hidden`: whether it hides its name; `key`: of both; `place`: sorts by what is
    tried first."""

    def __init__(self, key: tuple[str, bytes], hidden: bool, place: tuple[int, ...]):
        self.ssid, self.bssid = key
        self.hidden = hidden
        self.key = key
        self.place = place

    def good(self) -> bool:
        """Whether nothing is said against it."""
        return self.place[0] == _FITS

    def weak(self) -> bool:
        """Whether so little of it is received that frames get lost."""
        return self.place[-1] >= _WEAK_DB


class AccessPoints:
    """uptime_ms: a function, ms since start."""

    def __init__(self, uptime_ms: UptimeMs):
        self._uptime_ms = uptime_ms
        self._failed = {}  # AccessPoint.key: (ms when, how)

    def failure(self, key: tuple[str, bytes]) -> str | None:
        """How this one failed, None where it did not or where that is long ago."""
        at, result = self._failed.get(key, (0, None))
        last_ms = _STARTING_MS if result == "no_address" else _REFUSED_MS
        return result if self._uptime_ms() - at < last_ms else None

    def set_result(self, key: tuple[str, bytes], result: str) -> None:
        """What came of joining this one, as radio.join() returns it."""
        if result == "ok":
            self._failed.pop(key, None)
            return
        if len(self._failed) >= _MAX_FAILED:
            self._failed.clear()
        self._failed[key] = (self._uptime_ms(), result)

    def in_reach(
        self, heard: Iterable[Heard], names: Iterable[str], networks: Networks
    ) -> tuple[list[AccessPoint], bool]:
        """The access points that these networks may have, what is tried first comes first; and
        whether one of the names was heard that has a security which can not be joined.

        heard: as radio.scan() gives it; networks: networks.Networks.
        """
        found, secret, named, unfit = [], [], set(), False
        for ssid, bssid, _, dbm, security, hidden in heard:
            fits = security in SECURITIES
            if hidden or not ssid.strip(b"\0"):
                if fits:
                    secret.append((bssid, dbm))
                continue
            for name in names:
                if name.encode() == ssid:
                    named.add(name)
                    unfit = unfit or not fits
                    if fits:
                        place = _FAILED if networks.leads_nowhere(name) else _FITS
                        found.append(self._access_point(name, bssid, dbm, False, place))
        for name in names:
            if name not in named:
                place = _HIDDEN if networks.hidden(name) else _PERHAPS
                for bssid, dbm in secret or ((b"", 0),):
                    found.append(self._access_point(name, bssid, dbm, True, place))
        found.sort(key=lambda one: one.place)
        return found, unfit

    def _access_point(self, ssid, bssid, dbm, hidden, place):
        key = (ssid, bssid)
        failure = self.failure(key)
        if failure is None:
            return AccessPoint(key, hidden, (place, 0, 0, -dbm))
        # They take turns: those that fail within seconds first, what waits for an address last.
        slow = int(failure == "no_address")
        return AccessPoint(key, hidden, (max(place, _FAILED), slow, self._failed[key][0], -dbm))
