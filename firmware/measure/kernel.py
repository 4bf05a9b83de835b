"""The measuring kernel: what is done for every sample of every channel, in exact integers.

Samples are signed 16-bit integers, all 65536 values of them; a viper integer is a 32-bit word and
a block's sums need 37 bits. Why none of it overflows, with v a voltage, x a current, |q| <= 511:

    -v x - v' x' of a pair: at least -2^31 (v = x = v' = x' = -32768) and, as 32768 x -32767 is the
        most that one product reaches, at most 2^31 - 2^16. A signed word holds it; with 2^31 added
        an unsigned one. This is why it writes -v: v x + v' x' reaches 2^31.
    x x + x' x': 0 to 2^31, which an unsigned word holds.
    q (x + x'): at most 511 x 2^16; 32 pairs stay below 2^30.

docs/metering-exact.md says how they are summed exactly. Nothing here allocates.
"""

import micropython
from micropython import const

# A channel's sums (metering.WORDS): limbs of a (voltage x current), b (quadrature wave x current)
# and s (current squared); samples; missing ones.
_A = const(0)
_A_HIGH = const(1)
_B = const(2)
_B_HIGH = const(3)
_S = const(4)
_S_HIGH = const(5)
_N = const(6)
_MISSING = const(7)
_SUMS_BYTES = const(32)
# A channel's words of the plan: where its references begin, which voltage it needs, the bits of
# all its pairs of squares: bit 30 or 31 where a sample may be at full scale.
_PLAN = const(3)
_PLAN_BYTES = const(4 * _PLAN)
_VOLTAGE = const(1)
_PEAK = const(2)
# A row of the references, for two samples: minus the voltage at the first and the second one, the
# quadrature wave midway; then what is formed here: products, squares, their high halves.
_FIRST = const(0)
_SECOND = const(1)
_WAVE = const(2)
_VI = const(3)
_II = const(4)
_VI_HIGH = const(7)
_II_HIGH = const(9)
_ROW = const(10)
_ROW_BYTES = const(4 * _ROW)


@micropython.viper
def accumulate(
    x: int,
    r: ptr32,
    references: ptr32,
    samples: ptr8,
    where: ptr32,
    plan: ptr32,
    channels: int,
    first: int,
    end: int,
    sums: ptr32,
):
    """Add samples first to end - 1 (0 <= first < end <= 64) of every channel to its sums.

    x, r: working registers, pass 0 and `references`: only the first two names of a viper function
    live in registers, and every sample touches these.

    references: as oscillator.fill() writes them; two words of each row are written here. samples:
    the receive buffer. where[i]: byte offset of channel i's 64 samples in it, even, or
    negative when there are none. plan: three words a channel. `where` and `plan` are trusted.
    """
    sign = 1
    sign = sign << 31  # as a constant it would be an object
    word = (sign << 1) - 1  # all 32 bits
    count = end - first
    i = 0
    while i < channels:
        w = ptr32(int(sums) + i * _SUMS_BYTES)
        at = where[i]
        v = where[plan[_PLAN * i + _VOLTAGE]]
        if (at | v) >> 31:
            w[_MISSING] = w[_MISSING] + count
            i += 1
            continue
        c = ptr16(int(samples) + at + 2 * first)
        r = ptr32(int(references) + 4 * plan[_PLAN * i])
        p0 = 0  # 2^31 - v x - v' x' of the pairs, modulo 2^32
        p1 = 0  # their high halves
        s0 = 0  # x x + x' x' of the pairs, modulo 2^32
        s1 = 0  # their high halves
        b0 = 0
        m = plan[_PLAN * i + _PEAK]
        left = count
        while left >= 16:
            x = (c[0] ^ 0x8000) - 0x8000
            r[_VI] = x
            y = r[_FIRST] * x + sign
            r[_II] = x * x
            x = (c[1] ^ 0x8000) - 0x8000
            b0 = (r[_VI] + x) * r[_WAVE] + b0
            r[_VI] = r[_SECOND] * x + y
            r[_II] = x * x + r[_II]
            x = (c[2] ^ 0x8000) - 0x8000
            r[_ROW + _VI] = x
            y = r[_ROW + _FIRST] * x + sign
            r[_ROW + _II] = x * x
            x = (c[3] ^ 0x8000) - 0x8000
            b0 = (r[_ROW + _VI] + x) * r[_ROW + _WAVE] + b0
            r[_ROW + _VI] = r[_ROW + _SECOND] * x + y
            r[_ROW + _II] = x * x + r[_ROW + _II]
            x = (c[4] ^ 0x8000) - 0x8000
            r[2 * _ROW + _VI] = x
            y = r[2 * _ROW + _FIRST] * x + sign
            r[2 * _ROW + _II] = x * x
            x = (c[5] ^ 0x8000) - 0x8000
            b0 = (r[2 * _ROW + _VI] + x) * r[2 * _ROW + _WAVE] + b0
            r[2 * _ROW + _VI] = r[2 * _ROW + _SECOND] * x + y
            r[2 * _ROW + _II] = x * x + r[2 * _ROW + _II]
            x = (c[6] ^ 0x8000) - 0x8000
            r[3 * _ROW + _VI] = x
            y = r[3 * _ROW + _FIRST] * x + sign
            r[3 * _ROW + _II] = x * x
            x = (c[7] ^ 0x8000) - 0x8000
            b0 = (r[3 * _ROW + _VI] + x) * r[3 * _ROW + _WAVE] + b0
            r[3 * _ROW + _VI] = r[3 * _ROW + _SECOND] * x + y
            r[3 * _ROW + _II] = x * x + r[3 * _ROW + _II]
            x = (c[8] ^ 0x8000) - 0x8000
            r[4 * _ROW + _VI] = x
            y = r[4 * _ROW + _FIRST] * x + sign
            r[4 * _ROW + _II] = x * x
            x = (c[9] ^ 0x8000) - 0x8000
            b0 = (r[4 * _ROW + _VI] + x) * r[4 * _ROW + _WAVE] + b0
            r[4 * _ROW + _VI] = r[4 * _ROW + _SECOND] * x + y
            r[4 * _ROW + _II] = x * x + r[4 * _ROW + _II]
            x = (c[10] ^ 0x8000) - 0x8000
            r[5 * _ROW + _VI] = x
            y = r[5 * _ROW + _FIRST] * x + sign
            r[5 * _ROW + _II] = x * x
            x = (c[11] ^ 0x8000) - 0x8000
            b0 = (r[5 * _ROW + _VI] + x) * r[5 * _ROW + _WAVE] + b0
            r[5 * _ROW + _VI] = r[5 * _ROW + _SECOND] * x + y
            r[5 * _ROW + _II] = x * x + r[5 * _ROW + _II]
            x = (c[12] ^ 0x8000) - 0x8000
            r[6 * _ROW + _VI] = x
            y = r[6 * _ROW + _FIRST] * x + sign
            r[6 * _ROW + _II] = x * x
            x = (c[13] ^ 0x8000) - 0x8000
            b0 = (r[6 * _ROW + _VI] + x) * r[6 * _ROW + _WAVE] + b0
            r[6 * _ROW + _VI] = r[6 * _ROW + _SECOND] * x + y
            r[6 * _ROW + _II] = x * x + r[6 * _ROW + _II]
            x = (c[14] ^ 0x8000) - 0x8000
            r[7 * _ROW + _VI] = x
            y = r[7 * _ROW + _FIRST] * x + sign
            r[7 * _ROW + _II] = x * x
            x = (c[15] ^ 0x8000) - 0x8000
            b0 = (r[7 * _ROW + _VI] + x) * r[7 * _ROW + _WAVE] + b0
            r[7 * _ROW + _VI] = r[7 * _ROW + _SECOND] * x + y
            r[7 * _ROW + _II] = x * x + r[7 * _ROW + _II]
            x = p0
            p0 = (
                r[_VI]
                + x
                + r[_ROW + _VI]
                + r[2 * _ROW + _VI]
                + r[3 * _ROW + _VI]
                + r[4 * _ROW + _VI]
                + r[5 * _ROW + _VI]
                + r[6 * _ROW + _VI]
                + r[7 * _ROW + _VI]
            )
            x = s0
            s0 = (
                r[_II]
                + x
                + r[_ROW + _II]
                + r[2 * _ROW + _II]
                + r[3 * _ROW + _II]
                + r[4 * _ROW + _II]
                + r[5 * _ROW + _II]
                + r[6 * _ROW + _II]
                + r[7 * _ROW + _II]
            )
            x = p1
            p1 = (
                ptr16(r)[_VI_HIGH]
                + x
                + ptr16(r)[2 * _ROW + _VI_HIGH]
                + ptr16(r)[4 * _ROW + _VI_HIGH]
                + ptr16(r)[6 * _ROW + _VI_HIGH]
                + ptr16(r)[8 * _ROW + _VI_HIGH]
                + ptr16(r)[10 * _ROW + _VI_HIGH]
                + ptr16(r)[12 * _ROW + _VI_HIGH]
                + ptr16(r)[14 * _ROW + _VI_HIGH]
            )
            x = s1
            s1 = (
                ptr16(r)[_II_HIGH]
                + x
                + ptr16(r)[2 * _ROW + _II_HIGH]
                + ptr16(r)[4 * _ROW + _II_HIGH]
                + ptr16(r)[6 * _ROW + _II_HIGH]
                + ptr16(r)[8 * _ROW + _II_HIGH]
                + ptr16(r)[10 * _ROW + _II_HIGH]
                + ptr16(r)[12 * _ROW + _II_HIGH]
                + ptr16(r)[14 * _ROW + _II_HIGH]
            )
            x = m
            m = (
                r[_II]
                | x
                | r[_ROW + _II]
                | r[2 * _ROW + _II]
                | r[3 * _ROW + _II]
                | r[4 * _ROW + _II]
                | r[5 * _ROW + _II]
                | r[6 * _ROW + _II]
                | r[7 * _ROW + _II]
            )
            c = ptr16(int(c) + 32)
            r = ptr32(int(r) + 8 * _ROW_BYTES)
            left -= 16
        while left >= 2:
            x = (c[0] ^ 0x8000) - 0x8000
            r[_VI] = x
            y = r[_FIRST] * x + sign
            r[_II] = x * x
            x = (c[1] ^ 0x8000) - 0x8000
            b0 = (r[_VI] + x) * r[_WAVE] + b0
            r[_VI] = r[_SECOND] * x + y
            r[_II] = x * x + r[_II]
            x = p0
            p0 = r[_VI] + x
            x = s0
            s0 = r[_II] + x
            x = p1
            p1 = ptr16(r)[_VI_HIGH] + x
            x = s1
            s1 = ptr16(r)[_II_HIGH] + x
            m = r[_II] | m
            c = ptr16(int(c) + 4)
            r = ptr32(int(r) + _ROW_BYTES)
            left -= 2
        if left:
            x = (c[0] ^ 0x8000) - 0x8000
            b0 = r[_WAVE] * x + b0
            r[_VI] = r[_FIRST] * x + sign
            r[_II] = x * x
            x = p0
            p0 = r[_VI] + x
            x = s0
            s0 = r[_II] + x
            x = p1
            p1 = ptr16(r)[_VI_HIGH] + x
            x = s1
            s1 = ptr16(r)[_II_HIGH] + x
            m = r[_II] | m
        plan[_PLAN * i + _PEAK] = m
        # Into limbs; each row of the products holds 2^31 too much.
        y = w[_A] - ((p0 - (p1 << 16)) & 0xFFFFFF) - ((p1 & 0xFF) << 16)
        w[_A] = y & 0xFFFFFF
        w[_A_HIGH] = w[_A_HIGH] - (p1 >> 8) + ((count + 1) >> 1 << 7) + (y >> 24)
        # Where words have 64 bits, loads from ptr32 are not sign-extended: do it here. (Changes
        # nothing on 32 bits.)
        b0 = ((b0 & word) ^ sign) - sign
        y = w[_B] + (b0 & 0xFFFFFF)
        w[_B] = y & 0xFFFFFF
        w[_B_HIGH] = w[_B_HIGH] + (b0 >> 24) + (y >> 24)
        y = w[_S] + ((s0 - (s1 << 16)) & 0xFFFFFF) + ((s1 & 0xFF) << 16)
        w[_S] = y & 0xFFFFFF
        w[_S_HIGH] = w[_S_HIGH] + (s1 >> 8) + (y >> 24)
        w[_N] = w[_N] + count
        i += 1
