"""Prints sevenths as the bytes of single-precision floats, and the oscillator's table."""

import struct

from measure import oscillator

print([struct.pack("<f", x / 7).hex() for x in range(1, 5)])
print(list(oscillator.ARCTAN))
