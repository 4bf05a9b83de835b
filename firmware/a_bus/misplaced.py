"""Devices of the B-bus that are plugged into port A, where no frame of the A-bus can show them:
they are searched at their own speed (docs/a-bus.md section 10).

Owns what is sent for that and what an answer means.
"""

from struct import unpack_from

from micropython import const

from b_bus.modbus import crc16

_BAUD = const(38400)
_SILENCE_US = const(2000)  # before the first request
_WINDOW = b"\x00\x10\x7e\x10\x00\x06\x0c\x00\x00\x00\x00\x00\x00\x27\x0f\x42\x3f\x00\x0f\x4d\xf9"
_SEARCH = b"\xf7\x03\x00\x00\x00\x03\x11\x5d"
# Sent one after the other: all serial numbers are meant; who is there? With the us until its
# last byte, and a module's answer, are over.
_REQUESTS = ((_WINDOW, 11000), (_SEARCH, 28000))
_ANSWER = b"\xf7\x03\x06"
_ANSWER_BYTES = const(11)


def look(uart: UartLine, receiver: Receiver, baud: int) -> Generator[int, None, str | None]:
    """Generator: steps of 41 ms, then the A-bus's speed `baud` again; nodes hold their blocks for
    longer. Returns who answered: a serial number, "" when it was not understood, or None.
    Allocates."""
    uart.set_baud(_BAUD)
    yield _SILENCE_US
    for request, us in _REQUESTS:
        uart.write(request)
        yield us
    heard = receiver.raw()
    uart.set_baud(baud)
    return _said(heard)


def _said(heard):
    """As `look`: from what was heard after the requests, perhaps ourselves too."""
    heard = heard.replace(_WINDOW, b"").replace(_SEARCH, b"")
    if not heard:
        return None
    at = heard.find(_ANSWER)
    if at < 0 or len(heard) < at + _ANSWER_BYTES:
        return ""
    if crc16(heard[at : at + _ANSWER_BYTES], _ANSWER_BYTES):
        return ""
    kind, low, high = unpack_from(">HHH", heard, at + len(_ANSWER))
    return "%04d%06d" % (kind, high << 16 | low)
