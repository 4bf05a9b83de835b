"""The access points of known networks: in which order they are tried, and which are passed over
for a time."""

from micropython import const

_STARTING_MS = const(600000)  # so long one that gave no address is passed over: its router starts
_REFUSED_MS = const(3600000)  # and any other that was not joined
_MOST = const(16)  # access points that are passed over

_SECURITIES = ("wpa", "wpa2")  # as hotspot/credentials.py


async def in_reach(connection, known):
    """(n, -dBm, ssid, bssid) of the known networks in the air, in the order of trying them. n: 1
    for one that has failed, 2 where its security can not be joined, else 0."""
    found = []
    now, failed = connection.hardware.uptime_ms(), connection.failed
    for ssid, bssid, _, dbm, security, _ in await connection.hardware.radio.scan():
        for name in known:
            if name.encode() == ssid:
                order = int(max(failed.get(bssid, 0), failed.get(ssid, 0)) > now)
                if security not in _SECURITIES:
                    order = 2
                found.append((order, -dbm, name, bssid))
    return sorted(found)


def pass_over(connection, bssid, result):
    """It was not joined: it is passed over for a time."""
    failed = connection.failed
    if len(failed) >= _MOST:
        failed.clear()
    ms = _STARTING_MS if result == "no_address" else _REFUSED_MS
    failed[bssid] = connection.hardware.uptime_ms() + ms
