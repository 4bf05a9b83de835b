"""What the journal keeps beside its records, and those that are in no segment yet, as the bytes
that go behind the registers' record: both are written together, so they never disagree."""

import json
import struct

from micropython import const

from journal.coding import header
from journal.decoder import Decoder

_MAX_OFFSETS = const(16)  # starts whose time became known late


class State:
    """`boot`: the number of the start; `last`: the highest sequence given; `cursors`: by name, the
    highest sequence acknowledged; `pulses`: by serial number, totals at the end of the last
    record; `chunks`: bytes, oldest first."""

    def __init__(self) -> None:
        self.boot = 0
        self.last = 0
        self.cursors: dict[str, int] = {}
        self.pulses: dict[str, list[int | None]] = {}
        self.chunks: list[Any] = []
        self._offsets: list[list[int]] = []  # boot, epoch s less uptime

    def restore(self, data: bytes) -> None:
        """Go on from what record() has given; ValueError where it is none of these."""
        size = struct.unpack_from("<H", data)[0]
        table = json.loads(data[2 : 2 + size])
        self.boot, self.last = table["boot"], table["last"]
        self.cursors, self.pulses = table["cursors"], table["pulses"]
        self._offsets = table["offsets"]
        at = 2 + size
        while at < len(data):
            found = header(data, at)
            if found is None:
                raise ValueError
            self.chunks.append(data[at : at + found[2]])
            Decoder(self.chunks[-1])
            at += found[2]

    def record(self) -> bytes:
        """What is to be kept."""
        table = {
            "boot": self.boot,
            "last": self.last,
            "cursors": self.cursors,
            "pulses": self.pulses,
            "offsets": self._offsets,
        }
        text = json.dumps(table).encode()
        return b"".join([struct.pack("<H", len(text)), text] + self.chunks)

    def set_offset(self, boot: int, offset: int) -> None:
        """The time of that start is known now: epoch s less uptime."""
        if self.offset_of(boot) is None:
            self._offsets = self._offsets[1 - _MAX_OFFSETS :] + [[boot, offset]]

    def offset_of(self, boot: int) -> int | None:
        for one, offset in self._offsets:
            if one == boot:
                return offset
        return None
