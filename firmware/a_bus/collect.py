"""What arrived on the A-bus, entered where it belongs: good sections into the cycle, counts into
the nodes' rows.

`enter_clean` does a clean cycle, or the part of it that has come, in one call; it leaves all that
is not as it should be to a_bus.receive, frame by frame, and to `enter`. Nothing here allocates.
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
HEAD_BLOCK = const(3)  # the head was at this block at the POLL, -1: it has not said
HEAD_WITHIN = const(4)  # and so many samples into it
SIZE = const(5)  # channels

_ROW_BYTES = const(4 * ROW)
_NODES = const(0)  # word of row 0
# Bits of STARTED
_DELIVERED = const(1)
_IN_STEP = const(2)
_UNEXPECTED = const(4)
# What frame.find() reports, and parts of frames, as there
_ADDRESS = const(1)
_ARGUMENT = const(2)
_FRAME_BLOCK = const(3)
_BODY = const(4)
_BAD_SECTIONS = const(5)
_HEADER_BYTES = const(12)
_TIMING_BYTES = const(12)
_ZERO = const(_HEADER_BYTES + 6)  # its two bytes that are always zero
_SECTION_BYTES = const(132)
_TIMING_FLAG = const(16)
_START_DATA = const(0x02A5)  # the first two bytes of a DATA frame
_START = const(0xA5)
_HEAD = const(1)  # its address
_CHANNELS = const(4)
_BLOCK_BYTES = const(128)
_GAP = const(-2)  # as cycle.GAP


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
    while p + _HEADER_BYTES <= heard:
        words = ptr32(int(data) + p)
        # Word 0: start, kind, address, what follows; word 1: block, length of the payload.
        address = words[0] >> 16 & 255
        mask = words[0] >> 24 & 15
        timing = words[0] >> 28 & 15
        left = (mask & 5) + (mask >> 1 & 5)
        left = (left & 3) + (left >> 2)  # sections of channels
        end = p + _HEADER_BYTES + timing * _TIMING_BYTES + left * _SECTION_BYTES
        if (
            words[0] & 0xFFFF != _START_DATA
            or words[1] & 0xFFFF != cycle[BLOCK]
            or words[1] >> 16 & 0xFFFF != end - p - _HEADER_BYTES
            or end > heard
            or address > rows[_NODES]
            or address == 0
            or timing > int(address == _HEAD)
        ):
            break
        # A header in the place of the timing section is that of a frame after one cut off.
        if timing and (
            data[p + _HEADER_BYTES] == _START or data[p + _ZERO] or data[p + (_ZERO + 1)]
        ):
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
        p += _HEADER_BYTES
        if timing:
            words = ptr32(int(data) + p)
            cycle[HEAD_BLOCK] = words[0] >> 6 & 0xFFFF
            cycle[HEAD_WITHIN] = words[0] & 63
            p += _TIMING_BYTES
        words = ptr32(int(rows) + address * _ROW_BYTES)
        words[SILENT] = 0
        words[ANSWERS] = words[ANSWERS] + 1
        words[STARTED] = (_DELIVERED | _IN_STEP) | (words[EXPECTED] ^ 1) << 2
        while mask:
            if mask & 1:
                i = words[CHANNELS]
                if not i >> 31:
                    if int(where[i] & 3) == 3:  # MISSING, -1
                        where[i] = p
                        cycle[MISSING] = cycle[MISSING] - 1
                p += _SECTION_BYTES
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
    address = found[_ADDRESS]
    argument = found[_ARGUMENT]
    bad = found[_BAD_SECTIONS]
    s = ptr32(int(rows) + address * _ROW_BYTES)
    s[SILENT] = 0
    s[ANSWERS] = s[ANSWERS] + 1
    s[STARTED] = (_DELIVERED | _IN_STEP) | (s[EXPECTED] ^ 1) << 2
    at = found[_BODY]
    timing = 0 - 1
    if argument & _TIMING_FLAG:
        if not bad & 1:
            timing = at
        bad = bad >> 1
        at += _TIMING_BYTES
    wanted = int(cycle[BLOCK] == found[_FRAME_BLOCK])
    c = 0
    while c < _CHANNELS:
        if (argument >> c) & 1:
            i = s[CHANNELS + c]
            if bad & 1:
                s[DAMAGED] = s[DAMAGED] + 1
            elif wanted and not i >> 31:
                if int(where[i] & 3) == 3:  # MISSING, -1
                    cycle[MISSING] = cycle[MISSING] - 1
                    if copied:
                        s[REPAIRS] = s[REPAIRS] + 1
                        place = cycle[PATCHES] + i * _BLOCK_BYTES
                        where[i] = place
                        words = ptr32(int(data) + at)
                        to = ptr32(int(samples) + place)
                        for k in range(_BLOCK_BYTES // 4):
                            to[k] = words[k]
                    else:
                        where[i] = at
            bad = bad >> 1
            at += _SECTION_BYTES
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
def begin(where: ptr32, initial: ptr32, rows: ptr32, cycle: ptr32, block: int):
    """Before a POLL of `block`: where[i] becomes initial[i] (MISSING or GAP), every expected node
    one cycle more silent."""
    missing = 0
    i = int(cycle[SIZE])
    while i:
        i -= 1
        where[i] = initial[i]
        missing += initial[i] & 1
    i = int(rows[_NODES])
    while i:
        i -= 1
        rows = ptr32(int(rows) + _ROW_BYTES)
        rows[SILENT] = rows[SILENT] + rows[EXPECTED]
    cycle[BLOCK] = block
    cycle[MISSING] = missing
    cycle[HEAD_BLOCK] = 0 - 1


@micropython.viper
def end(where: ptr32, rows: ptr32, limit: int) -> int:
    """After the last try: what is still MISSING becomes a GAP and is counted, silent nodes get a
    time-out. Returns how many nodes have now been silent for `limit` cycles, or have answered
    though they were not expected."""
    changed = 0
    nodes = int(rows[_NODES])
    s = rows
    while nodes:
        nodes -= 1
        s = ptr32(int(s) + _ROW_BYTES)
        for c in range(_CHANNELS):
            i = s[CHANNELS + c]
            if not i >> 31:
                if int(where[i]) & 1 and where[i] >> 31:
                    where[i] = 0 + _GAP
                if where[i] >> 31:
                    s[GAPS] = s[GAPS] + (s[STARTED] & _DELIVERED)
        if s[STARTED] & _UNEXPECTED:
            changed += 1
        if s[EXPECTED]:
            if s[SILENT]:
                s[TIMEOUTS] = s[TIMEOUTS] + 1
                if int(s[SILENT]) >= limit:
                    changed += 1
    return changed
