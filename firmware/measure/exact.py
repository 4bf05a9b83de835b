"""Whole numbers beyond 32 bits, added and multiplied exactly and without heap: what a report does
with its sums.

A *value* is a signed integer of 64 bits, an item of an array("q"). A *product* is one of 128 bits,
PRODUCT items of an array("H"), the lowest first. Both are two's complement. A *factor* is a
positive number below 2^80, LIMBS items of such an array. All of it is done in pieces of 16 bits,
so that it is the same where words have 32 and where they have 64. What is native code lies in the
chip's internal memory, so it is short. Nothing but factor() allocates.
"""

import micropython
from micropython import const

PRODUCT = const(8)  # items of an array("H")
LIMBS = const(5)  # of a factor
_VALUE_BYTES = const(8)
_PRODUCT_BYTES = const(2 * PRODUCT)
_FACTOR_BYTES = const(2 * LIMBS)
_TOP = const(3)  # item of a value, and
_PRODUCT_TOP = const(7)  # of a product, that has its sign


@micropython.viper
def widen(sums: ptr16, at: int, values: ptr16, k: int):
    """values[k] = the limbs (low 24 bits, signed rest) at word `at` of `sums`."""
    low = ptr16(int(sums) + 4 * at)
    to = ptr16(int(values) + _VALUE_BYTES * k)
    to[0] = low[0]
    to[1] = low[1] | (low[2] & 0xFF) << 8
    to[2] = low[2] >> 8 | (low[3] & 0xFF) << 8
    high = low[3] >> 8
    to[3] = (high ^ 0x80) - 0x80


@micropython.viper
def add(to: ptr16, at: int, values: ptr16, k: int, minus: int):
    """to[at] += values[k]; with `minus` 1 it is taken away."""
    t = ptr16(int(to) + _VALUE_BYTES * at)
    v = ptr16(int(values) + _VALUE_BYTES * k)
    flip = 0xFFFF if minus else 0
    carry = minus
    j = 0
    while j < 4:
        carry += t[j] + (v[j] ^ flip)
        t[j] = carry
        carry = carry >> 16
        j += 1


@micropython.viper
def sign(values: ptr16, k: int) -> int:
    """-1, 0 or 1: of values[k]."""
    v = ptr16(int(values) + _VALUE_BYTES * k)
    if v[_TOP] >> 15:
        return -1
    return int((v[0] | v[1] | v[2] | v[3]) != 0)


def factor(factors: Words, f: int, number: int) -> None:
    """factors[LIMBS f ...] = a number from 0 to 2^80 - 1."""
    for j in range(LIMBS):
        factors[LIMBS * f + j] = number >> 16 * j & 0xFFFF


@micropython.viper
def multiply(product: ptr16, p: int, values: ptr16, k: int, factors: ptr16, f: int, minus: int):
    """Product p += values[k] x factor f; with `minus` 1 it is taken away."""
    a = ptr16(int(product) + _PRODUCT_BYTES * p)
    v = ptr16(int(values) + _VALUE_BYTES * k)
    c = ptr16(int(factors) + _FACTOR_BYTES * f)
    sign = 1 - 2 * minus
    flip = 0
    one = 0
    if v[_TOP] >> 15:  # the value's magnitude is multiplied
        flip = 0xFFFF
        one = 1
        sign = 0 - sign
    left = PRODUCT
    while left > 4:
        x = (v[0] ^ flip) + one
        one = x >> 16
        x = x & 0xFFFF
        carry = 0
        i = 0
        while i < left:
            s = a[i] + carry
            carry = 0
            if i < LIMBS:
                t = x * c[i]
                s += sign * (t & 0xFFFF)
                carry = sign * (t >> 16 & 0xFFFF)
            a[i] = s
            carry += s >> 16
            i += 1
        v = ptr16(int(v) + 2)
        a = ptr16(int(a) + 2)
        left -= 1


@micropython.viper
def take(product: ptr16, p: int, values: ptr16, k: int):
    """values[k] = product p / 2^24, rounded down; the product becomes 0."""
    a = ptr16(int(product) + _PRODUCT_BYTES * p)
    v = ptr16(int(values) + _VALUE_BYTES * k)
    j = 0
    while j < 4:
        v[j] = a[j + 1] >> 8 | (a[j + 2] & 0xFF) << 8
        j += 1
    while j:
        j -= 1
        a[j] = 0
        a[j + 4] = 0


@micropython.viper
def count(product: ptr16, p: int, joules: ptr16, rest: ptr16, r: int):
    """Count product p, in 2^-60 of a unit, in register r when it is positive, its magnitude in r +
    1 when it is negative: whole units in the value joules[r], what is left in rest[r]. The product
    becomes 0."""
    a = ptr16(int(product) + _PRODUCT_BYTES * p)
    flip = 0
    carry = 0
    if a[_PRODUCT_TOP] >> 15:
        r += 1
        flip = 0xFFFF
        carry = 1
    to = ptr16(int(rest) + _VALUE_BYTES * r)
    j = 0
    while j < PRODUCT:
        carry += a[j] ^ flip
        if j < 4:
            carry += to[j]
            to[j] = carry if j < 3 else carry & 0xFFF
        a[j] = carry
        carry = carry >> 16
        j += 1
    to = ptr16(int(joules) + _VALUE_BYTES * r)
    units = ptr16(int(a) + 6)
    carry = 0
    j = 0
    while j < 4:
        carry += to[j] + (units[j] >> 12 | (units[j + 1] & 0xFFF) << 4)
        to[j] = carry
        carry = carry >> 16
        j += 1
    while j:
        j -= 1
        a[j] = 0
        a[j + 4] = 0
