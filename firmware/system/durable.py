"""A value in the file system that survives a power cut at any byte.

Two files, `<name>.0` and `<name>.1`, take turns: the one with the older value is written, so the
other one is whole at every moment. Each is a header ("DUR1", sequence number, length; <4sII), the
value, and the CRC-32 of both (<I). Owns these files.
"""

import struct
from binascii import crc32

from micropython import const

_MAGIC = b"DUR1"
_HEADER = "<4sII"
_SIZE = const(12)
OVERHEAD = const(16)  # bytes of a slot beside the value
_LAST = const(0xFFFFFFFF)
_NONE = const(2)  # ENOENT


class Durable:
    """`value`: bytes, as last written whole; None when there is none. `damaged`: slots that were
    found but not whole, or cannot be read; one is what a power cut leaves behind, or had the newer
    value; two mean that the value is lost. `missing`: slots that are not there.

    name: path without an extension.
    """

    def __init__(self, name: str):
        self._name = name
        self.value: bytes | None = None
        self.damaged = self.missing = 0
        self._sequence = 0
        self._next = 0  # the slot to be written
        for slot in (0, 1):
            self._read(slot)

    def _read(self, slot):
        try:
            with open("%s.%d" % (self._name, slot), "rb") as file:
                data = file.read()
        except OSError as error:
            self.missing += error.errno == _NONE
            self.damaged += error.errno != _NONE
            return
        size = len(data) - _SIZE - 4
        if size >= 0:
            magic, sequence, length = struct.unpack_from(_HEADER, data)
            check = struct.unpack_from("<I", data, _SIZE + size)[0]
            if magic == _MAGIC and length == size and check == crc32(data[: _SIZE + size]):
                newer = (sequence - self._sequence) & _LAST < 0x80000000
                if self.value is None or newer:
                    self.value = data[_SIZE : _SIZE + size]
                    self._sequence = sequence
                    self._next = 1 - slot
                return
        self.damaged += 1

    def write(self, value: bytes) -> None:
        """Replace the value; OSError when the file system has no room, and then the old value
        stays. Blocks for as long as the flash takes."""
        sequence = (self._sequence + 1) & _LAST
        header = struct.pack(_HEADER, _MAGIC, sequence, len(value))
        with open("%s.%d" % (self._name, self._next), "wb") as file:
            file.write(header)
            file.write(value)
            file.write(struct.pack("<I", crc32(value, crc32(header))))
        self.value = value
        self._sequence = sequence
        self._next = 1 - self._next
