"""What arrived on the A-bus, entered where it belongs: good sections into the cycle, counts into
the nodes' rows.

`enter_clean` does a clean cycle, or the part of it that has come, in one call; it leaves all that
is not as it should be to bus_a_receive, frame by frame, and to `enter`. Nothing here allocates.
"""

import micropython
from micropython import const

# A node's row, ROW 32-bit integers at ROW x address: statistics, and the channel of each input
# from CHANNELS on, -1 where it has none. Row 0 is no node's; it begins with how many nodes have a
# slot: their addresses are 1 to that.
ROW = const(12)
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
CHANNELS = const(8)

# What is being collected, an array of 32-bit integers.
BLOCK = const(0)
MISSING = const(1)  # channels that may still come
PATCHES = const(2)  # byte offset in `samples` where repaired channels go, 128 bytes each
HEAD_BLOCK = const(3)  # the head was at this block at the POLL, -1: it has not told
HEAD_WITHIN = const(4)  # and so many samples into it
SIZE = const(5)  # channels


@micropython.viper
def enter_clean(words: ptr32, check: int, rows: ptr32, where: ptr32, cycle: ptr32, p: int) -> int:
    """Enter the DATA frames that answer a POLL, from byte `p` on, as long as nothing is wrong with
    them: nodes with a slot, the block asked for, all checks right, whole. Returns where they end.

    words, check: what was received (4-byte aligned) and how many bytes; they become the working
    registers. Takes 32 instructions a word.
    """
    data = ptr8(int(words))
    heard = check
    ones = 1
    ones = (ones << 31 << 1) - 1  # 32 bits, also where words have 64
    while p + 12 <= heard:
        words = ptr32(int(data) + p)
        address = words[0] >> 16 & 255
        mask = words[0] >> 24 & 15
        timing = words[0] >> 28 & 15
        left = (mask & 5) + (mask >> 1 & 5)
        left = (left & 3) + (left >> 2)  # sections of channels
        end = p + 12 + timing * 12 + left * 132
        if (
            words[0] & 0xFFFF != 0x02A5
            or words[1] & 0xFFFF != cycle[0]
            or words[1] >> 16 & 0xFFFF != end - p - 12
            or end > heard
            or address > rows[0]
            or address == 0
            or timing > int(address == 1)
        ):
            break
        # A header in the place of the timing section is that of a frame after one cut off.
        if timing and (data[p + 12] == 0xA5 or data[p + 18] or data[p + 19]):
            break
        short = 1 + timing
        check = 0
        while (short or left) and not check:
            size = 1
            if short:
                short -= 1
            else:
                size = 16
                left -= 1
            check = ones
            while size:
                check = words[0] ^ check
                check = check + check ^ check
                check = check >> 10 & 0x3FFFFF ^ check
                check = check << 9 ^ check
                check = words[1] ^ check
                check = check + check ^ check
                check = check >> 10 & 0x3FFFFF ^ check
                check = check << 9 ^ check
                words = ptr32(int(words) + 8)
                size -= 1
            check = (check ^ words[0]) & ones
            words = ptr32(int(words) + 4)
        if check:
            break
        p += 12
        if timing:
            words = ptr32(int(data) + p)
            cycle[3] = words[0] >> 6 & 0xFFFF
            cycle[4] = words[0] & 63
            p += 12
        words = ptr32(int(rows) + address * 48)
        words[1] = 0
        words[2] = words[2] + 1
        words[7] = 3 | (words[0] ^ 1) << 2
        while mask:
            if mask & 1:
                i = words[8]
                if not i >> 31:
                    if int(where[i] & 3) == 3:  # MISSING, -1
                        where[i] = p
                        cycle[1] = cycle[1] - 1
                p += 132
            words = ptr32(int(words) + 4)
            mask = mask >> 1
        p = end
    return p


@micropython.viper
def enter(
    at: int,
    words: ptr32,
    data: ptr8,
    found: ptr32,
    rows: ptr32,
    where: ptr32,
    cycle: ptr32,
    copied: int,
    samples: ptr32,
) -> int:
    """Enter a DATA frame that frame.find() has reported in `found`; returns the byte offset of its
    timing section in `data`, or -1.

    at, words: working registers, pass 0 and `data`. copied: whether good sections are to be copied
    to `samples`; else `data` is where they begin.
    """
    address = found[1]
    argument = found[2]
    bad = found[5]
    s = ptr32(int(rows) + address * 48)
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
            i = s[8 + c]
            if bad & 1:
                s[4] = s[4] + 1
            elif wanted and not i >> 31:
                if int(where[i] & 3) == 3:  # MISSING, -1
                    cycle[1] = cycle[1] - 1
                    if copied:
                        s[5] = s[5] + 1
                        place = cycle[2] + i * 128
                        where[i] = place
                        words = ptr32(int(data) + at)
                        to = ptr32(int(samples) + place)
                        for k in range(32):
                            to[k] = words[k]
                    else:
                        where[i] = at
            bad = bad >> 1
            at += 132
        c += 1
    return timing


@micropython.viper
def move(data: ptr8, to: int, source: ptr8, first: int, count: int):
    """Copy `count` bytes of `source` from `first` on to `data` from `to` on, the first one
    first."""
    while count:
        data[to] = source[first]
        to += 1
        first += 1
        count -= 1


@micropython.viper
def begin(where: ptr32, hopes: ptr32, rows: ptr32, cycle: ptr32, block: int):
    """Before a POLL of `block`: where[i] becomes hopes[i] (MISSING or GAP), every expected node
    one cycle more silent."""
    missing = 0
    i = int(cycle[5])
    while i:
        i -= 1
        where[i] = hopes[i]
        missing += hopes[i] & 1
    i = int(rows[0])
    while i:
        i -= 1
        rows = ptr32(int(rows) + 48)
        rows[1] = rows[1] + rows[0]
    cycle[0] = block
    cycle[1] = missing
    cycle[3] = 0 - 1


@micropython.viper
def end(where: ptr32, rows: ptr32, limit: int) -> int:
    """After the last try: what is still MISSING becomes a GAP and is counted, silent nodes get a
    time-out. Returns how many nodes have now been silent for `limit` cycles, or have answered
    though they were not expected."""
    changed = 0
    nodes = int(rows[0])
    s = rows
    while nodes:
        nodes -= 1
        s = ptr32(int(s) + 48)
        for c in range(4):
            i = s[8 + c]
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
    return changed
