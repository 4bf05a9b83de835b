"""The hotspot's name server: every name is the gateway (RFC 1035, RFC 6891).

Owns what is answered. An A query is answered with the gateway's address, any
other kind with no record and no error, so that a phone asks again for A and not elsewhere.
"""

import asyncio
import struct

from micropython import const

_LOOK_MS = const(50)
_MAX_QUERY = const(384)  # bytes of a query: a name of 255, options; 512 are not always free
_TTL_S = const(1)  # a phone that has left the hotspot must not keep the answers
_A, _OPT, _ANY = const(1), const(41), const(255)
_NO_ERROR, _FORMAT_ERROR, _NOT_IMPLEMENTED = const(0), const(1), const(4)
_BAD_VERSION = const(1)  # the upper bits of code 16, in the OPT record
# An OPT record without options: root name, type 41, our payload size, code, version 0, flags.
_OPT_RECORD = b"\x00\x00\x29\x02\x00%c\x00\x00\x00\x00\x00"


def _end_of_name(query, at):
    """Where the name that begins at `at` ends; ValueError where it is none."""
    begin = at
    while query[at]:
        if query[at] > 63:  # longer than a label can be, or a pointer: there is nothing before it
            raise ValueError
        at += query[at] + 1
    if at - begin > 254:
        raise ValueError
    return at + 1


def _extension(query, at, count):
    """The EDNS version that the additional records ask for, None without an OPT record."""
    version = None
    for _ in range(count):
        named = query[at]
        at = _end_of_name(query, at)
        kind, _, _, asked, _, size = struct.unpack_from(">HHBBHH", query, at)
        at += 10 + size
        if at > len(query):
            raise ValueError
        if kind == _OPT:
            if named or version is not None:
                raise ValueError
            version = asked
    return version


def answer(query: bytes, address: bytes) -> bytes | None:
    """The reply to `query` (bytes), or None where no reply is due: it is no query, or damaged.

    `address`: the gateway's four bytes.
    """
    if len(query) < 17 or query[2] & 0x80:
        return None
    questions, answers, authorities, additional = struct.unpack_from(">4H", query, 4)
    opcode = query[2] >> 3 & 15
    if opcode or questions != 1 or answers or authorities:
        code = _NOT_IMPLEMENTED if opcode else _FORMAT_ERROR
        return query[:2] + bytes((0x80 | query[2] & 0x79, code)) + bytes(8)
    try:
        end = _end_of_name(query, 12)
        kind, family = struct.unpack_from(">HH", query, end)
        end += 4
        version = _extension(query, end, additional)
    except (IndexError, ValueError):
        return None
    known = not version and family in (1, _ANY) and kind in (_A, _ANY)
    # A reply, authoritative; whether recursion was asked for is repeated, and it is available.
    reply = query[:2] + bytes((0x84 | query[2] & 1, 0x80 | _NO_ERROR))
    reply += struct.pack(">4H", 1, known, 0, version is not None) + query[12:end]
    if known:
        reply += b"\xc0\x0c" + struct.pack(">HHIH", _A, 1, _TTL_S, 4) + address
    if version is not None:
        reply += _OPT_RECORD % (_BAD_VERSION if version else 0)
    return reply


class DnsServer:
    """The name server. poll: of the listening socket, which its owner closes; ip: what every name
    is, text."""

    def __init__(self, poll: Poll, ip: str, counters: Counters):
        self._poll = poll
        self._counters = counters
        self._address = bytes(int(part) for part in ip.split("."))

    async def run(self) -> Never:
        """Answer until cancelled."""
        while True:
            pause = _LOOK_MS
            for line, _ in self._poll.ipoll(0):
                if self._reply(line):
                    pause = 0
            await asyncio.sleep_ms(pause)

    def _reply(self, line):
        """Whether one was taken."""
        try:
            query, sender = line.recvfrom(_MAX_QUERY)
            reply = answer(query, self._address)
            if reply is None:
                self._counters.count("dns.malformed")
            else:
                line.sendto(reply, sender)
            return True
        except (OSError, MemoryError):
            self._counters.count("dns.failed")  # no memory for a packet, the phone has gone
            return False
