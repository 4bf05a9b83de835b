"""Functions in machine code for the counters of instructions: exact dot products of 16-bit
numbers in two parts, with every size of access, shifts of both kinds, calls of the
interpreter, and division; and what is refused."""

import micropython


@micropython.viper
def dot(x: int, c: ptr16, v: ptr16, bytes_: ptr8, out: ptr32, channels: int, n: int) -> int:
    k = 0
    while k < channels:
        low = 0
        high = 0
        i = 0
        while i < n:
            x = (c[i] ^ 0x8000) - 0x8000
            y = (v[i] ^ 0x8000) - 0x8000
            low = (y & 255) * x + low
            high = (y >> 8) * x + high
            i += 1
        out[2 * k] = low
        out[2 * k + 1] = high
        bytes_[k] = (low >> 3) ^ (high << 2)
        c = ptr16(int(c) + 2 * n)
        k += 1
    return out[0] // 7 + bytes_[1] % 5 + (out[1] & int(0x7FFFFFFF))


@micropython.viper
def beyond(out: ptr32, i: int):
    out[i] = 1


@micropython.viper
def odd(out: ptr8) -> int:
    return ptr16(int(out) + 1)[0]


def plain(x):
    return x
