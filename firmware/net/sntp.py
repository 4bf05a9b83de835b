"""The time from the network: SNTP version 4 (RFC 4330, RFC 5905), without blocking."""

import asyncio
import os
import socket
import struct

from micropython import const

from system.watchdog import unwatched
from net.resolve import resolve

_TO_UNIX = const(2208988800)  # seconds from 1900 to 1970
_TIMEOUT_S = const(3)
_EVERY_S = const(1800)
_SOON_S = const(15)
_AGAIN_S = const(4)
_AGREE_MS = const(2000)
_FROM_MS = const(1763942400000)  # 2025-11-24: the firmware is no older; see system/version.py
_TO_MS = const(4102444800000)  # 2100-01-01: the calendar (energy/demand.py) is right until then
_LEAST_S = const(64)  # RFC 5905: no client asks a public server more often for long


class SntpError(OSError):
    """No time was given: one line, why."""


def _ms(data, at):
    """The time stamp at `at`, ms since 1970; from 2036 on the seconds begin again at 0."""
    seconds, fraction = struct.unpack_from(">II", data, at)
    if seconds < 0x80000000:
        seconds += 0x100000000
    return (seconds - _TO_UNIX) * 1000 + (fraction * 1000 >> 32)


def _offset(data, cookie, sent_ms, heard_ms):
    """Time of day minus uptime, in ms, by an answer; SntpError when it is not to be trusted."""
    if len(data) < 48 or data[24:32] != cookie:
        raise SntpError("not an answer to our question")
    if data[0] & 7 != 4 or data[0] >> 6 == 3 or not 0 < data[1] < 16:
        raise SntpError("the time server does not know the time")
    received, sent = _ms(data, 32), _ms(data, 40)
    away = heard_ms - sent_ms - (sent - received)
    if not 0 <= away < _TIMEOUT_S * 1000 or sent < received:
        raise SntpError("the time server's stamps contradict each other")
    if not _FROM_MS <= sent < _TO_MS:
        raise SntpError("the time server's date can not be")
    return sent + away // 2 - heard_ms


async def ask(server: tuple[str, int], name_server: str, uptime_ms: UptimeMs) -> int:
    """Time of day minus uptime, in ms; half the way there and back is the error at most. OSError
    or SntpError when there is no good answer. server: (host, port)."""
    address = await resolve(server[0], name_server)
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        line.setblocking(False)
        line.connect(socket.getaddrinfo(address, server[1])[0][-1])
        cookie = os.urandom(8)  # in the place of our time, which is nobody's business
        sent_ms = uptime_ms()
        line.send(b"\x23" + bytes(39) + cookie)
        data = await asyncio.wait_for(asyncio.StreamReader(line).read(48), _TIMEOUT_S)
        return _offset(data, cookie, sent_ms, uptime_ms())
    except asyncio.TimeoutError:
        raise SntpError("the time server does not answer")
    finally:
        line.close()


async def _believed(hardware, name_server):
    """Time of day minus uptime, in ms. What the clock doubts is believed when a second answer says
    the same, by a name looked up anew: of a pool mostly another server's."""
    server, uptime_ms = hardware.time_server, hardware.uptime_ms
    offset = await ask(server, name_server, uptime_ms)
    if hardware.clock.doubts(offset):
        await asyncio.sleep(_AGAIN_S)
        first, offset = offset, await ask(server, name_server, uptime_ms)
        if abs(offset - first) > _AGREE_MS:
            raise SntpError("two answers of the time server contradict each other")
    return offset


async def keep(
    hardware: BoardHardware, connection: Connection, counters: Counters, beat: Beat = unwatched
) -> None:
    """Keep the hardware's clock right, without end."""
    while True:
        beat()
        pause = 1
        if connection.online():
            try:
                hardware.clock.correct(await _believed(hardware, connection.name_server()))
                pause = _EVERY_S
            except OSError:
                counters.count("sntp.failed")
                pause = _SOON_S if hardware.clock.now_ms() is None else _LEAST_S
        await asyncio.sleep(pause)
