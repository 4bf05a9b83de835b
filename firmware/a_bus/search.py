"""Finding nodes on the A-bus (docs/a-bus.md section 10): the SEARCH frame, and what FOUND says.

Owns session and salt.
"""

from struct import pack_into, unpack_from

from micropython import const

from a_bus.frame import EVERYBODY, HEADER_BYTES, SEARCH, encode
from a_bus.schedule import microseconds

SLOTS = const(16)
_FIRST_US = const(50)
_FOUND_BYTES = const(36)
_SPARE_US = const(30)


class Search:
    """session: 1 to 65535, another one at every start of the gateway. `us`: how long a search
    takes on the line."""

    def __init__(self, session: int, baud: int):
        self.session = session
        self._salt = session
        self._frame = bytearray(HEADER_BYTES + 12)
        self._width_us = microseconds(_FOUND_BYTES, baud) + _SPARE_US
        self.us = microseconds(len(self._frame), baud) + _FIRST_US + SLOTS * self._width_us

    def frame(self) -> bytearray:
        """The next SEARCH, in the same buffer every time; allocates nothing."""
        # Of full period: 65536 searches go by before a salt comes again.
        self._salt = (self._salt * 13821 + 6925) & 0xFFFF
        pack_into("<HHI", self._frame, HEADER_BYTES, self.session, self._salt, 0)
        encode(self._frame, SEARCH, EVERYBODY, SLOTS, self._width_us)
        return self._frame


def parse_serial(view: Bytes, at: int) -> str:
    """The serial from INFO's or FOUND's payload at byte `at`; allocates."""
    kind, _, number = unpack_from("<HHI", view, at)
    return "%04d%06d" % (kind, number)


def parse_found(view: Bytes, at: int) -> tuple[str, int, int, int]:
    """(serial, nonce, inputs, version) from FOUND's payload at byte `at`; allocates."""
    version, _, inputs = unpack_from("<HIB", view, at + 2)
    return parse_serial(view, at), unpack_from("<I", view, at + 16)[0], inputs, version
