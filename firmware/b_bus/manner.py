"""How a slave on the B-bus is spoken to: its speed and format, and its times."""

from micropython import const

BAUD = const(38400)
NONE, EVEN, ODD = None, 0, 1  # parity, as machine.UART has it
_LONG_MS = const(500)


class Manner:
    """`reply_us`: the longest until an answer begins. `late_us`: after so long a request that was
    not answered never will be. `pause_us`: silence before a request, more than the standard's.
    `char_us`: of a character on the line. `repeats`: whether a request is repeated at once when
    nothing came. baud, parity, stop: as machine.UART; 8 bits."""

    def __init__(
        self,
        reply_ms: int,
        late_ms: int,
        baud: int = BAUD,
        parity: int | None = NONE,
        stop: int = 1,
        pause_ms: int = 0,
    ):
        self.baud = baud
        self.parity = parity
        self.stop = stop
        self.reply_us = reply_ms * 1000
        self.late_us = late_ms * 1000
        self.pause_us = pause_ms * 1000
        self.char_us = (9 + stop + (parity is not NONE)) * 1000000 // baud + 1
        self.repeats = late_ms <= _LONG_MS

    def like(self, other: Manner) -> bool:
        """Whether both are heard with the same setting of the UART."""
        return (self.baud, self.parity, self.stop) == (other.baud, other.parity, other.stop)


# A module's answer begins within 5 ms, and no two of its requests have answers of one length.
MODULE = Manner(20, 100)
POWER_BOX = Manner(100, 2000)
