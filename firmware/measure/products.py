"""The products of the voltages with each other, in exact integers, for the line voltages: as the
kernel forms its sums. Nothing here allocates."""

import micropython
from micropython import const

# Of the references, as the kernel has them.
_FIRST = const(0)
_SECOND = const(1)
_VI = const(3)
_VI_HIGH = const(7)
_ROW_BYTES = const(40)
_PHASE_BYTES = const(32 * _ROW_BYTES)
# Of the products of two voltages (metering.CROSS_WORDS): limbs, samples.
_CROSS = const(0)
_CROSS_HIGH = const(1)
_CROSS_N = const(2)
_CROSS_BYTES = const(12)


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

    r, x: working registers, pass `references` for both. references: as fill() has written them for
    these samples. sums: for L1 x L2, L2 x L3, L3 x L1. A pair's sum is -2^31 + 2^16 to 2^31
    here; with 2^31 - 1 added an unsigned word holds it.
    """
    bias = 1
    bias = (bias << 31) - 1
    p = 0
    while p < 3:
        q = p + 1 if p < 2 else 0
        w = ptr32(int(sums) + p * _CROSS_BYTES)
        if not (where[p] | where[q]) >> 31:
            x = ptr32(int(references) + p * _PHASE_BYTES)
            r = ptr32(int(references) + q * _PHASE_BYTES)
            p0 = 0
            p1 = 0
            left = count
            while left >= 2:
                r[_VI] = x[_FIRST] * r[_FIRST] + (x[_SECOND] * r[_SECOND] + bias)
                p0 = r[_VI] + p0
                p1 = ptr16(r)[_VI_HIGH] + p1
                x = ptr32(int(x) + _ROW_BYTES)
                r = ptr32(int(r) + _ROW_BYTES)
                left -= 2
            if left:
                r[_VI] = x[_FIRST] * r[_FIRST] + bias
                p0 = r[_VI] + p0
                p1 = ptr16(r)[_VI_HIGH] + p1
            y = w[_CROSS] + ((p0 - (p1 << 16)) & 0xFFFFFF) + ((p1 & 0xFF) << 16)
            y += (count + 1) >> 1
            w[_CROSS] = y & 0xFFFFFF
            w[_CROSS_HIGH] = w[_CROSS_HIGH] + (p1 >> 8) - ((count + 1) >> 1 << 7) + (y >> 24)
            w[_CROSS_N] = w[_CROSS_N] + count
        p += 1
