"""The time from the network: SNTP version 4 (RFC 4330, RFC 5905), without blocking."""

import asyncio
import os
import socket
import struct

from micropython import const

from system.watchdog import unwatched
from net.resolve import resolve
from net.time_floor import FIRMWARE_MS

_TO_UNIX = const(2208988800)  # seconds from 1900 to 1970
_TIMEOUT_S = const(3)
_EVERY_S = const(1800)
_SOON_S = const(15)
_AGAIN_S = const(4)
_AGREE_MS = const(2000)
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
    if not FIRMWARE_MS <= sent < _TO_MS:
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


async def _believed(servers, name_server, hardware, floor):
    """Time of day minus uptime, in ms. What the clock doubts is believed when more than half of
    the servers say the same; of one alone a second answer, by a name looked up anew: of a pool
    mostly another server's."""
    clock, uptime_ms = hardware.clock, hardware.uptime_ms
    if len(servers) == 1:
        servers = servers * 2
    found = []
    problem = None
    for i, server in enumerate(servers):
        if i and server == servers[i - 1]:
            await asyncio.sleep(_AGAIN_S)
        try:
            offset = await ask(server, name_server, uptime_ms)
        except OSError as error:
            problem = error
            continue
        if clock.doubts(offset):
            found.append(offset)
            same = sum(abs(one - offset) <= _AGREE_MS for one in found)
            if 2 * same <= len(servers):
                continue
        if not floor.allows(offset + uptime_ms(), uptime_ms()):
            raise SntpError("the time servers' date is before what it was already")
        return offset
    if len(found) > 1:
        raise SntpError("the time servers contradict each other")
    raise problem or SntpError("too few time servers answer")


async def keep(
    servers: Sequence[TimeServer],
    hardware: BoardHardware,
    connection: Connection,
    floor: TimeFloor,
    counters: Counters,
    beat: Beat = unwatched,
) -> None:
    """Keep the hardware's clock right, without end. servers: [(host, port)]."""
    clock = hardware.clock
    while True:
        beat()
        pause = 1
        if connection.online():
            try:
                name_server = connection.name_server()
                clock.correct(await _believed(servers, name_server, hardware, floor))
                floor.set_known(clock.now_ms() or 0)
                pause = _EVERY_S
            except OSError:
                counters.count("sntp.failed")
                pause = _SOON_S if clock.now_ms() is None else _LEAST_S
        await asyncio.sleep(pause)
