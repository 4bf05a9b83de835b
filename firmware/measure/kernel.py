"""The measuring kernel: what is done for every sample of every channel, in exact integers.

Samples are signed 16-bit integers, all 65536 values of them; a viper integer is a 32-bit word and
a block's sums need 37 bits. Why none of it overflows, with v a voltage, x a current, |q| <= 511:

    -v x - v' x' of a pair: at least -2^31 (v = x = v' = x' = -32768) and, as 32768 x -32767 is the
        most that one product reaches, at most 2^31 - 2^16. A signed word holds it; with 2^31 added
        an unsigned one. This is why mains writes -v: v x + v' x' reaches 2^31.
    x x + x' x': 0 to 2^31, which an unsigned word holds.
    q (x + x'): at most 511 x 2^16; 32 pairs stay below 2^30.

The words of the first two kinds are written into the row of their pair and summed twice, as they
are (modulo 2^32) and their high halves alone (32 of them: below 2^21). What is left of the first
sum after 2^16 times the second is the sum of the low halves, below 2^21 too: both together are the
exact sum. Limbs of 24 bits collect it. `host_tests/device/test_metering.py` compares with big
integers at the extremes.

Nothing here allocates.
"""

import micropython


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

    x, r: working registers, pass 0 and `references` (only the first two names of a viper function
    live in registers: they are the ones that every sample touches). Loads and stores through r are
    one instruction each, a sum in a local takes three more.

    references: as mains writes them for these samples; two words of each row are written here.
    samples: the receive buffer. where[i]: byte offset of channel i's 64 samples in it, even, or
    negative when there are none. plan[2 i]: the word where channel i's references begin; plan[2 i
    + 1]: the voltage channel that it needs. sums[8 i ...]: see WORDS. `where` and `plan` are
    trusted.
    """
    sign = 1
    sign = sign << 31  # as a constant it would be an object
    word = (sign << 1) - 1  # all 32 bits
    count = end - first
    i = 0
    while i < channels:
        w = ptr32(int(sums) + i * 32)
        at = where[i]
        v = where[plan[2 * i + 1]]
        if (at | v) >> 31:
            w[7] = w[7] + count
            i += 1
            continue
        c = ptr16(int(samples) + at + 2 * first)
        r = ptr32(int(references) + 4 * plan[2 * i])
        p0 = 0  # 2^31 - v x - v' x' of the pairs, modulo 2^32
        p1 = 0  # their high halves
        s0 = 0  # x x + x' x' of the pairs, modulo 2^32
        s1 = 0  # their high halves
        b0 = 0
        left = count
        while left >= 16:
            x = (c[0] ^ 0x8000) - 0x8000
            r[3] = x
            y = r[0] * x + sign
            r[4] = x * x
            x = (c[1] ^ 0x8000) - 0x8000
            b0 = (r[3] + x) * r[2] + b0
            r[3] = r[1] * x + y
            r[4] = x * x + r[4]
            x = (c[2] ^ 0x8000) - 0x8000
            r[13] = x
            y = r[10] * x + sign
            r[14] = x * x
            x = (c[3] ^ 0x8000) - 0x8000
            b0 = (r[13] + x) * r[12] + b0
            r[13] = r[11] * x + y
            r[14] = x * x + r[14]
            x = (c[4] ^ 0x8000) - 0x8000
            r[23] = x
            y = r[20] * x + sign
            r[24] = x * x
            x = (c[5] ^ 0x8000) - 0x8000
            b0 = (r[23] + x) * r[22] + b0
            r[23] = r[21] * x + y
            r[24] = x * x + r[24]
            x = (c[6] ^ 0x8000) - 0x8000
            r[33] = x
            y = r[30] * x + sign
            r[34] = x * x
            x = (c[7] ^ 0x8000) - 0x8000
            b0 = (r[33] + x) * r[32] + b0
            r[33] = r[31] * x + y
            r[34] = x * x + r[34]
            x = (c[8] ^ 0x8000) - 0x8000
            r[43] = x
            y = r[40] * x + sign
            r[44] = x * x
            x = (c[9] ^ 0x8000) - 0x8000
            b0 = (r[43] + x) * r[42] + b0
            r[43] = r[41] * x + y
            r[44] = x * x + r[44]
            x = (c[10] ^ 0x8000) - 0x8000
            r[53] = x
            y = r[50] * x + sign
            r[54] = x * x
            x = (c[11] ^ 0x8000) - 0x8000
            b0 = (r[53] + x) * r[52] + b0
            r[53] = r[51] * x + y
            r[54] = x * x + r[54]
            x = (c[12] ^ 0x8000) - 0x8000
            r[63] = x
            y = r[60] * x + sign
            r[64] = x * x
            x = (c[13] ^ 0x8000) - 0x8000
            b0 = (r[63] + x) * r[62] + b0
            r[63] = r[61] * x + y
            r[64] = x * x + r[64]
            x = (c[14] ^ 0x8000) - 0x8000
            r[73] = x
            y = r[70] * x + sign
            r[74] = x * x
            x = (c[15] ^ 0x8000) - 0x8000
            b0 = (r[73] + x) * r[72] + b0
            r[73] = r[71] * x + y
            r[74] = x * x + r[74]
            x = p0
            p0 = r[3] + x + r[13] + r[23] + r[33] + r[43] + r[53] + r[63] + r[73]
            x = s0
            s0 = r[4] + x + r[14] + r[24] + r[34] + r[44] + r[54] + r[64] + r[74]
            x = p1
            p1 = (
                ptr16(r)[7]
                + x
                + ptr16(r)[27]
                + ptr16(r)[47]
                + ptr16(r)[67]
                + ptr16(r)[87]
                + ptr16(r)[107]
                + ptr16(r)[127]
                + ptr16(r)[147]
            )
            x = s1
            s1 = (
                ptr16(r)[9]
                + x
                + ptr16(r)[29]
                + ptr16(r)[49]
                + ptr16(r)[69]
                + ptr16(r)[89]
                + ptr16(r)[109]
                + ptr16(r)[129]
                + ptr16(r)[149]
            )
            c = ptr16(int(c) + 32)
            r = ptr32(int(r) + 320)
            left -= 16
        while left >= 2:
            x = (c[0] ^ 0x8000) - 0x8000
            r[3] = x
            y = r[0] * x + sign
            r[4] = x * x
            x = (c[1] ^ 0x8000) - 0x8000
            b0 = (r[3] + x) * r[2] + b0
            r[3] = r[1] * x + y
            r[4] = x * x + r[4]
            x = p0
            p0 = r[3] + x
            x = s0
            s0 = r[4] + x
            x = p1
            p1 = ptr16(r)[7] + x
            x = s1
            s1 = ptr16(r)[9] + x
            c = ptr16(int(c) + 4)
            r = ptr32(int(r) + 40)
            left -= 2
        if left:
            x = (c[0] ^ 0x8000) - 0x8000
            b0 = r[2] * x + b0
            r[3] = r[0] * x + sign
            r[4] = x * x
            x = p0
            p0 = r[3] + x
            x = s0
            s0 = r[4] + x
            x = p1
            p1 = ptr16(r)[7] + x
            x = s1
            s1 = ptr16(r)[9] + x
        # Into limbs; each row of the products holds 2^31 too much.
        y = w[0] - ((p0 - (p1 << 16)) & 0xFFFFFF) - ((p1 & 0xFF) << 16)
        w[0] = y & 0xFFFFFF
        w[1] = w[1] - (p1 >> 8) + ((count + 1) >> 1 << 7) + (y >> 24)
        # Where words have 64 bits, loads from ptr32 are not sign-extended: do it here. (Changes
        # nothing on 32 bits.)
        b0 = ((b0 & word) ^ sign) - sign
        y = w[2] + (b0 & 0xFFFFFF)
        w[2] = y & 0xFFFFFF
        w[3] = w[3] + (b0 >> 24) + (y >> 24)
        y = w[4] + ((s0 - (s1 << 16)) & 0xFFFFFF) + ((s1 & 0xFF) << 16)
        w[4] = y & 0xFFFFFF
        w[5] = w[5] + (s1 >> 8) + (y >> 24)
        w[6] = w[6] + count
        i += 1


@micropython.viper
def cross(
    r: ptr32,
    x: ptr32,
    references: ptr32,
    where: ptr32,
    count: int,
    sums: ptr32,
):
    """Add `count` samples (1 to 64) of the voltages' products with each other to sums.

    r, x: working registers, pass `references` for both. references: as mains has written them for
    these samples. sums: for L1 x L2, L2 x
    L3, L3 x L1 the limbs (low, high) and the number of samples in which both were there. A pair's
    sum is -2^31 + 2^16 to 2^31 here; with 2^31 - 1 added an unsigned word holds it.
    """
    bias = 1
    bias = (bias << 31) - 1
    p = 0
    while p < 3:
        q = p + 1 if p < 2 else 0
        w = ptr32(int(sums) + p * 12)
        if not (where[p] | where[q]) >> 31:
            x = ptr32(int(references) + p * 1280)
            r = ptr32(int(references) + q * 1280)
            p0 = 0
            p1 = 0
            left = count
            while left >= 2:
                r[3] = x[0] * r[0] + (x[1] * r[1] + bias)
                p0 = r[3] + p0
                p1 = ptr16(r)[7] + p1
                x = ptr32(int(x) + 40)
                r = ptr32(int(r) + 40)
                left -= 2
            if left:
                r[3] = x[0] * r[0] + bias
                p0 = r[3] + p0
                p1 = ptr16(r)[7] + p1
            y = w[0] + ((p0 - (p1 << 16)) & 0xFFFFFF) + ((p1 & 0xFF) << 16)
            y += (count + 1) >> 1
            w[0] = y & 0xFFFFFF
            w[1] = w[1] + (p1 >> 8) - ((count + 1) >> 1 << 7) + (y >> 24)
            w[2] = w[2] + count
        p += 1
