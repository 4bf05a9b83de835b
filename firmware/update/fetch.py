"""Fetches what a URL names, by HTTP (RFC 9110), from a byte on. What is fetched is proved by the
manifest's signature, so the way to it needs no proof of its own.

Owns nothing. What goes wrong is an OSError with a text.
"""

import asyncio

from micropython import const

from net.resolve import resolve

_TIMEOUT_S = const(20)
_PIECE = const(1024)
_MAX_HEAD = const(2048)
_OK, _PARTIAL = b"200", b"206"
# 1.0: an answer in chunks would be none of ours.
_REQUEST = "GET %s HTTP/1.0\r\nHost: %s:%d\r\nRange: bytes=%d-%d\r\nConnection: close\r\n\r\n"
_SCHEME = "http://"
_BYTES = b"bytes "


def parts(url: str) -> tuple[str, int, str]:
    """Host, port and path. ValueError: a text."""
    host, slash, path = url[len(_SCHEME) :].partition("/")
    name, colon, port = host.partition(":")
    if not (url.startswith(_SCHEME) and name and slash) or any([c <= " " for c in url]):
        raise ValueError("update.url: must begin with http://, then host and path")
    if colon and not (port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("update.url: %s is no port" % port)
    return name, int(port or 80), slash + path


async def fetch(
    url: str,
    name_server: str,
    first: int,
    size: int,
    take: Callable[[bytes], Awaitable[object]],
    may_be_less: bool = False,
) -> None:
    """Gives take() the bytes from `first` to before `size`, piece by piece; it may wait. OSError:
    not all came, where it may not be less."""
    host, port, path = parts(url)
    address = await resolve(host, name_server)
    stream = None
    try:
        stream, _ = await asyncio.wait_for(asyncio.open_connection(address, port), _TIMEOUT_S)
        stream.write((_REQUEST % (path, host, port, first, size - 1)).encode())
        await asyncio.wait_for(stream.drain(), _TIMEOUT_S)
        status, begin, length = await asyncio.wait_for(_head(stream), _TIMEOUT_S)
        if len(status) < 2 or status[1] not in (_OK, _PARTIAL):
            raise OSError("%s answers %s" % (url, _printed(b" ".join(status[1:])) or "nothing"))
        skipped = first if status[1] == _OK else 0  # a server that knows no ranges sends all
        if status[1] == _PARTIAL and begin != first:
            raise OSError("%s: another part came than was asked for" % url)
        left = size - first
        if may_be_less and length is not None:
            left = min(left, max(0, length - skipped))
            may_be_less = False
        while left:
            data = await asyncio.wait_for(stream.read(min(_PIECE, left + skipped)), _TIMEOUT_S)
            if not data and may_be_less:
                break
            if not data:
                raise OSError("%s: the connection ended before its time" % url)
            if skipped:
                cut = min(skipped, len(data))
                skipped -= cut
                data = data[cut:]
            left -= len(data)
            await take(data)
    except asyncio.TimeoutError:
        raise OSError("%s: nothing came for %d s" % (url, _TIMEOUT_S))
    finally:
        if stream:
            await stream.wait_closed()


async def _head(stream):
    """Of an answer: the words of its first line, at which byte its part begins, how many come;
    None for what it does not say."""
    words = begin = length = None
    line = bytearray()
    for _ in range(_MAX_HEAD):
        byte = await stream.read(1)
        line += byte
        if byte and byte != b"\n":
            continue
        if words is None:
            words = bytes(line).split()
        if not byte or not line.strip():
            return words, begin, length
        name, _, value = bytes(line).lower().partition(b":")
        if name == b"content-range":  # bytes 1000-1999/5000
            begin = _number(value.strip()[len(_BYTES) :].partition(b"-")[0])
        elif name == b"content-length":
            length = _number(value.strip())
        line = bytearray()
    raise OSError("the head of the answer has more than %d bytes" % _MAX_HEAD)


def _number(digits):
    return int(digits) if digits.isdigit() and len(digits) < 10 else None


def _printed(data):
    return "".join([chr(byte) if 32 <= byte < 127 else "?" for byte in data])
