"""What arrived on the A-bus, entered where it belongs: good sections into the cycle, counts into
the nodes' statistics.

One viper function does the whole of a clean cycle without a step in bytecode; frames that are not
DATA of a known node it hands to its caller. Nothing here allocates.
"""

import micropython
from micropython import const

# A node's statistics, ROW 32-bit integers at ROW x address.
ROW = const(8)
EXPECTED = const(0)  # 1: it has a slot and is not lost
SILENT = const(1)  # cycles in a row without an answer
ANSWERS = const(2)
TIMEOUTS = const(3)  # cycles without an answer
DAMAGED = const(4)  # sections with a wrong check
REPAIRS = const(5)  # sections had by asking again
GAPS = const(6)  # channel blocks lost for good
# Bit 0: it has ever delivered (before that nothing of it is missed); bit 1: in step; bit 2: it has
# answered though it was not expected.
STARTED = const(7)

# What is being collected, an array of 32-bit integers.
BLOCK = const(0)
MISSING = const(1)  # channels that may still come
PATCHES = const(2)  # byte offset in `samples` where repaired channels go, 128 bytes each


@micropython.viper
def enter(
    at: int,
    words: ptr32,
    data: ptr8,
    found: ptr32,
    table: ptr32,
    stats: ptr32,
    where: ptr32,
    cycle: ptr32,
    base: int,
    samples: ptr32,
) -> int:
    """Enter a DATA frame that frame.find() has reported in `found`; returns the byte offset of its
    timing section in `data`, or -1.

    at, words: working registers, pass 0 and `data`. table[4 x address + c]: the channel of the
    node's input c, or -1. base: byte offset of `data` in `samples`, or -1 when good sections are
    to be copied to `samples`.
    """
    address = found[1]
    argument = found[2]
    bad = found[5]
    s = ptr32(int(stats) + address * 32)
    s[1] = 0
    s[2] = s[2] + 1
    s[7] = 3 | (s[0] ^ 1) << 2
    at = found[4]
    timing = 0 - 1
    if argument & 16:
        if not bad & 1:
            timing = at
        bad = bad >> 1
        at += 12
    wanted = int(cycle[0] == found[3])
    c = 0
    while c < 4:
        if (argument >> c) & 1:
            i = table[4 * address + c]
            if bad & 1:
                s[4] = s[4] + 1
            elif wanted and not i >> 31:
                if int(where[i] & 3) == 3:  # MISSING, -1
                    cycle[1] = cycle[1] - 1
                    if base >> 31:
                        s[5] = s[5] + 1
                        place = cycle[2] + i * 128
                        where[i] = place
                        words = ptr32(int(data) + at)
                        to = ptr32(int(samples) + place)
                        for k in range(32):
                            to[k] = words[k]
                    else:
                        where[i] = base + at
            bad = bad >> 1
            at += 132
        c += 1
    return timing


@micropython.viper
def begin(where: ptr32, hopes: ptr32, channels: int, stats: ptr32, nodes: int) -> int:
    """Before a POLL: where[i] becomes hopes[i] (MISSING or GAP), every expected node one cycle
    more silent. Returns how many are MISSING."""
    missing = 0
    for i in range(channels):
        where[i] = hopes[i]
        missing += hopes[i] & 1
    s = ptr32(int(stats) + 32)
    while nodes:
        s[1] = s[1] + s[0]
        s = ptr32(int(s) + 32)
        nodes -= 1
    return missing


@micropython.viper
def end(where: ptr32, table: ptr32, stats: ptr32, nodes: int, limit: int) -> int:
    """After the last try: what is still MISSING becomes a GAP and is counted, silent nodes get a
    time-out. Returns how many nodes have now been silent for `limit` cycles, or have answered
    though they were not expected."""
    changed = 0
    a = 1
    while a <= nodes:
        s = ptr32(int(stats) + a * 32)
        for c in range(4):
            i = table[4 * a + c]
            if not i >> 31:
                if int(where[i]) & 1 and where[i] >> 31:
                    where[i] = 0 - 2
                if where[i] >> 31:
                    s[6] = s[6] + (s[7] & 1)
        if s[7] & 4:
            changed += 1
        if s[0]:
            if s[1]:
                s[3] = s[3] + 1
                if int(s[1]) >= limit:
                    changed += 1
        a += 1
    return changed
