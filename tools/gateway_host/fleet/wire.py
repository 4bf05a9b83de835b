"""As much of MQTT 3.1.1 as a gateway speaks: packets out as bytes, packets in out of a buffer."""

from __future__ import annotations

from collections.abc import Iterator

PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"
CONNACK, PUBLISH, PUBACK, SUBACK = 2, 3, 4, 9
REFUSED = 0x80


def connect(name: str, keep_alive_s: int, will_topic: str) -> bytes:
    """Clean session, and a retained last will with QoS 0."""
    body = _text("MQTT") + b"\x04" + bytes([0b00100110]) + keep_alive_s.to_bytes(2, "big")
    body += _text(name) + _text(will_topic) + _text('{"value": false}')
    return b"\x10" + _length(len(body)) + body


def subscribe(identifier: int, topic: str) -> bytes:
    """With QoS 0, as a gateway does (docs/gateway-commands.md)."""
    body = identifier.to_bytes(2, "big") + _text(topic) + b"\x00"
    return b"\x82" + _length(len(body)) + body


def publish_head(topic: str, size: int, identifier: int = 0, retained: bool = False) -> bytes:
    """All of a PUBLISH before its payload of `size` bytes; with an identifier its QoS is 1."""
    name = _text(topic)
    if identifier:
        name += identifier.to_bytes(2, "big")
    first = 0x30 | (2 if identifier else 0) | retained
    return bytes([first]) + _length(len(name) + size) + name


def published(flags: int, body: bytes) -> tuple[int, bytes]:
    """Of a PUBLISH that came: its identifier (0 with QoS 0) and its payload."""
    at = 2 + int.from_bytes(body[:2], "big")
    if not flags & 6:
        return 0, body[at:]
    return int.from_bytes(body[at : at + 2], "big"), body[at + 2 :]


def puback(identifier: int) -> bytes:
    """The answer to a PUBLISH with QoS 1."""
    return b"\x40\x02" + identifier.to_bytes(2, "big")


def packets(buffer: bytearray) -> Iterator[tuple[int, int, bytes]]:
    """Takes whole packets out of the buffer: type, flags, body. ValueError where it is no MQTT."""
    while len(buffer) >= 2:
        size, shift, at = 0, 0, 1
        while True:
            if at >= len(buffer):
                return
            byte = buffer[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
            if shift > 21:
                raise ValueError("no MQTT packet")
        if len(buffer) < at + size:
            return
        first, body = buffer[0], bytes(buffer[at : at + size])
        del buffer[: at + size]
        yield first >> 4, first & 0xF, body


def _text(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def _length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, low = size >> 7, size & 0x7F
        out.append(low | (0x80 if size else 0))
        if not size:
            return bytes(out)
