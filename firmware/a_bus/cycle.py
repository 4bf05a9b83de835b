"""One block of all channels, as it is collected from the A-bus: where the samples lie."""

from array import array

from micropython import const

MISSING = const(-1)  # not here yet, may still be repaired
GAP = const(-2)  # cannot be had any more


class Cycle:
    """One block of all channels: `where[i]` is the byte offset of channel i's 64 samples in the
    bus's `samples`, or GAP. early: how many bytes of the answers may be taken before the rest."""

    def __init__(self, view: memoryview, early: int, patches: int, channels: int):
        self.block = -1
        self.skipped = 0  # blocks before it, after the cycle handed over last, that are lost
        self.where = array("i", [GAP] * channels)
        self.view = view  # the first part of `samples`, that the line is read into
        self.early = view[:early]
        self.late = view[early:]
        self.state = array("i", [-1, 0, patches, -1, 0, channels])  # see a_bus.collect


def difference(a: int, b: int) -> int:
    """a - b of two block numbers modulo 65536, as -32768 to 32767."""
    return ((a - b + 32768) & 0xFFFF) - 32768
