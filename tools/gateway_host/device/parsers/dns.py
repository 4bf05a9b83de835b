"""A query to the hotspot's name server."""

from hotspot.dns_server import answer

_ADDRESS = b"\x7f\x00\x00\x01"


def take(data):
    reply = answer(data, _ADDRESS)
    if reply is None:
        return "dropped"
    assert reply[:2] == data[:2] and reply[2] & 0x80 and len(reply) <= len(data) + 27, reply
    return "answered"
