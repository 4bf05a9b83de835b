"""The address of a host by name, without blocking: a DNS query for an A record (RFC 1035) over
UDP.

`socket.getaddrinfo` stops the whole program until the name server answers, longer than the nodes
keep their samples; this does not.
"""

import asyncio
import os
import socket
import struct

from system.addresses import is_address

_NOBODY = "0.0.0.0"  # what a filter says of what it blocks
_TRIES = 3
_TIMEOUT_S = 2


def _query(number, host):
    message = bytearray(struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0))
    for label in host.split("."):
        message.append(len(label))
        message.extend(label.encode())
    message.extend(b"\x00\x00\x01\x00\x01")
    return message


def _skip_name(data, at):
    while data[at]:
        if data[at] >= 0xC0:
            return at + 2
        at += data[at] + 1
    return at + 1


def _answer(data, number):
    """The first address in the reply `data`; None when it has none or is not the reply. IndexError
    or ValueError when it is cut off."""
    if len(data) < 12 or struct.unpack_from(">H", data)[0] != number or data[3] & 15:
        return None
    questions, answers = struct.unpack_from(">HH", data, 4)
    at = 12
    for _ in range(questions):
        at = _skip_name(data, at) + 4
    for _ in range(answers):
        at = _skip_name(data, at)
        kind, _, _, size = struct.unpack_from(">HHIH", data, at)
        at += 10
        if kind == 1 and size == 4:
            found = "%d.%d.%d.%d" % struct.unpack_from("4B", data, at)
            return None if found == _NOBODY else found
        at += size
    return None


async def resolve(host: str, name_server: str) -> str:
    """The IPv4 address of `host` as text; `host` itself when it is one. OSError when no name
    server knows it."""
    if is_address(host):
        return host
    for _ in range(_TRIES):
        number = int.from_bytes(os.urandom(2), "big")
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            line.setblocking(False)
            line.connect(socket.getaddrinfo(name_server, 53)[0][-1])
            line.send(_query(number, host))
            stream = asyncio.StreamReader(line)
            data = await asyncio.wait_for(stream.read(512), _TIMEOUT_S)
            address = _answer(data, number)
            if address:
                return address
        except (asyncio.TimeoutError, OSError, IndexError, ValueError):
            pass  # the next try, or the error below
        finally:
            line.close()
    raise OSError("no address for " + host)
