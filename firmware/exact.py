"""Whole numbers beyond 32 bits, added and multiplied exactly and without heap: what a report does
with its sums.

A *value* is a signed integer of 64 bits, an item of an array("q"). A *product* is one of 128 bits,
PRODUCT items of an array("H"), the lowest first. Both are two's complement. A *factor* is a number
from 0 to 2^48 - 1 in two parts: its low 24 bits and the rest. All of it is done in pieces of 16
bits, so that it is the same where words have 32 and where they have 64. Nothing here allocates.
"""

import micropython
from micropython import const

PRODUCT = const(8)  # items of an array("H")


@micropython.viper
def widen(sums: ptr16, at: int, values: ptr16, k: int):
    """values[k] = the limbs (low 24 bits, signed rest) at word `at` of `sums`."""
    low = ptr16(int(sums) + 4 * at)
    to = ptr16(int(values) + 8 * k)
    to[0] = low[0]
    to[1] = low[1] | (low[2] & 0xFF) << 8
    to[2] = low[2] >> 8 | (low[3] & 0xFF) << 8
    high = low[3] >> 8
    to[3] = (high ^ 0x80) - 0x80


@micropython.viper
def add(to: ptr16, at: int, values: ptr16, k: int, minus: int):
    """to[at] += values[k]; with `minus` 1 it is taken away."""
    t = ptr16(int(to) + 8 * at)
    v = ptr16(int(values) + 8 * k)
    flip = 0xFFFF if minus else 0
    carry = minus
    j = 0
    while j < 4:
        carry += t[j] + (v[j] ^ flip)
        t[j] = carry
        carry = carry >> 16
        j += 1


@micropython.viper
def negate(values: ptr16, k: int):
    """values[k] = -values[k]."""
    v = ptr16(int(values) + 8 * k)
    carry = 1
    j = 0
    while j < 4:
        carry += v[j] ^ 0xFFFF
        v[j] = carry
        carry = carry >> 16
        j += 1


@micropython.viper
def sign(values: ptr16, k: int) -> int:
    """-1, 0 or 1: of values[k]."""
    v = ptr16(int(values) + 8 * k)
    if v[3] >> 15:
        return -1
    return int((v[0] | v[1] | v[2] | v[3]) != 0)


@micropython.viper
def multiply(product: ptr16, p: int, values: ptr16, k: int, low: int, high: int, minus: int):
    """Product p += values[k] x factor; with `minus` 1 it is taken away."""
    a = ptr16(int(product) + 16 * p)
    v = ptr16(int(values) + 8 * k)
    flip = 0
    one = 0
    if v[3] >> 15:  # the value's magnitude is multiplied
        flip = 0xFFFF
        one = 1
        minus = 1 - minus
    f0 = low & 0xFFFF
    f1 = (low >> 16 & 0xFF) | (high & 0xFF) << 8
    f2 = high >> 8
    j = 0
    if minus:  # a - x = not (not a + x)
        while j < 8:
            a[j] = a[j] ^ 0xFFFF
            j += 1
        j = 0
    while j < 4:
        x = (v[j] ^ flip) + one
        one = x >> 16
        x = x & 0xFFFF
        if x:
            t = x * f0
            s = (t & 0xFFFF) + a[j]
            a[j] = s
            carry = (s >> 16) + (t >> 16 & 0xFFFF)
            t = x * f1
            s = (t & 0xFFFF) + a[j + 1] + carry
            a[j + 1] = s
            carry = (s >> 16) + (t >> 16 & 0xFFFF)
            t = x * f2
            s = (t & 0xFFFF) + a[j + 2] + carry
            a[j + 2] = s
            carry = (s >> 16) + (t >> 16 & 0xFFFF)
            i = j + 3
            while carry and i < 8:
                s = a[i] + carry
                a[i] = s
                carry = s >> 16
                i += 1
        j += 1
    if minus:
        j = 0
        while j < 8:
            a[j] = a[j] ^ 0xFFFF
            j += 1


@micropython.viper
def take(product: ptr16, p: int, values: ptr16, k: int):
    """values[k] = product p / 2^24, rounded down; the product becomes 0."""
    a = ptr16(int(product) + 16 * p)
    v = ptr16(int(values) + 8 * k)
    j = 0
    while j < 4:
        v[j] = a[j + 1] >> 8 | (a[j + 2] & 0xFF) << 8
        j += 1
    j = 0
    while j < 8:
        a[j] = 0
        j += 1


@micropython.viper
def count(product: ptr16, p: int, joules: ptr16, rest: ptr16, r: int):
    """Count product p, in 2^-60 of a unit, in register r when it is positive, its magnitude in r +
    1 when it is negative: whole units in the value joules[r], what is left in rest[r]. The product
    becomes 0."""
    a = ptr16(int(product) + 16 * p)
    carry = 0
    j = 0
    if a[7] >> 15:
        r += 1
        carry = 1
        while j < 8:
            carry += a[j] ^ 0xFFFF
            a[j] = carry
            carry = carry >> 16
            j += 1
        j = 0
        carry = 0
    to = ptr16(int(rest) + 8 * r)
    while j < 8:
        carry += a[j]
        if j < 4:
            carry += to[j]
        a[j] = carry
        carry = carry >> 16
        j += 1
    j = 0
    while j < 4:
        to[j] = a[j] if j < 3 else a[j] & 0xFFF
        j += 1
    to = ptr16(int(joules) + 8 * r)
    carry = 0
    j = 0
    while j < 4:
        carry += to[j] + (a[j + 3] >> 12 | (a[j + 4] & 0xFFF) << 4)
        to[j] = carry
        carry = carry >> 16
        j += 1
    j = 0
    while j < 8:
        a[j] = 0
        j += 1
