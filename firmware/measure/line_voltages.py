"""Line-to-line voltages, where circuits are measured with them: made of the head's three voltages
in place, a block at a time. Everything after that takes them for measured ones. Allocates
nothing."""

import micropython
from micropython import const

from a_bus.cycle import GAP

_BLOCK = const(64)  # samples
_MAX = const(0x7FFF)
_MIN = const(-0x8000)


@micropython.viper
def _subtract(samples: ptr8, where: ptr32, delta: int):
    """For 64 samples each: voltage 2 becomes 0 - 1; with `delta` 0 becomes 0 - 2 and 1 becomes 1 -
    2. A difference that does not fit into 16 bits becomes the nearest that does."""
    a = ptr16(int(samples) + where[0])
    b = ptr16(int(samples) + where[1])
    c = ptr16(int(samples) + where[2])
    for k in range(_BLOCK):
        x = (a[k] ^ 0x8000) - 0x8000
        y = (b[k] ^ 0x8000) - 0x8000
        z = x - y
        if delta:
            w = (c[k] ^ 0x8000) - 0x8000
            x -= w
            y -= w
            x = x if x < _MAX else _MAX
            a[k] = x if x > _MIN else _MIN
            y = y if y < _MAX else _MAX
            b[k] = y if y > _MIN else _MIN
        z = z if z < _MAX else _MAX
        c[k] = z if z > _MIN else _MIN


def delta(samples: Samples, where: Words) -> None:
    """Make a block's voltages L1, L2, L3 of the head L1-L3, L2-L3, L1-L2. where[p]: byte offset of
    voltage p in `samples`, negative when it is missing; then all are."""
    if where[0] >= 0 and where[1] >= 0 and where[2] >= 0:
        _subtract(samples, where, 1)
    else:
        where[0] = where[1] = where[2] = GAP


def split(samples: Samples, where: Words) -> None:
    """Make L3, which is not connected, L1-L2; missing when one of the three is."""
    if where[0] >= 0 and where[1] >= 0 and where[2] >= 0:
        _subtract(samples, where, 0)
    else:
        where[2] = GAP
