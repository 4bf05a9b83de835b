"""Values in the registers of meters: types, word orders, and what says "not available".

Integers and energies are exact: floats of the device have 24 bits.
"""

import struct

# Registers; whether it has a sign; whether it is a float; the contents that mean "not available"
# unless a profile says more.
TYPES = {
    "uint16": (1, False, False, (0xFFFF,)),
    "int16": (1, True, False, (0x7FFF, 0x8000)),
    "uint32": (2, False, False, (0xFFFFFFFF,)),
    "int32": (2, True, False, (0x7FFFFFFF, 0x80000000)),
    "uint64": (4, False, False, (0xFFFFFFFFFFFFFFFF,)),
    "int64": (4, True, False, (0x7FFFFFFFFFFFFFFF, 0x8000000000000000)),
    "float32": (2, False, True, ()),
    "float64": (4, False, True, ()),
}


def bits(data: bytes, place: int, words: int, low_first: bool) -> int:
    """The `words` registers from `place` on as one number without sign."""
    number = 0
    for k in range(words):
        at = 2 * (place + (words - 1 - k if low_first else k))
        number = number << 16 | data[at] << 8 | data[at + 1]
    return number


def value(kind: str, number: int) -> float:
    """A number of this type as int or float; a float may be infinite or not a number."""
    words, _, real, _ = TYPES[kind]
    if real:
        raw = number.to_bytes(2 * words, "big")
        return struct.unpack(">f" if words == 2 else ">d", raw)[0]
    return _integer(kind, number)


def _integer(kind, number):
    words, signed, _, _ = TYPES[kind]
    if signed and number >> 16 * words - 1:
        number -= 1 << 16 * words
    return number


def exact(kind: str, number: int, weight: int) -> tuple[int, int] | None:
    """(value x weight, weight of its last digit) as whole numbers, rounded down; None for a float
    that is not finite."""
    words, _, real, _ = TYPES[kind]
    if not real:
        return _integer(kind, number) * weight, weight
    places, most = (23, 0xFF) if words == 2 else (52, 0x7FF)
    exponent = number >> places & most
    mantissa = number & (1 << places) - 1
    if exponent == most:
        return None
    if exponent:
        mantissa |= 1 << places
    else:
        exponent = 1
    if number >> 16 * words - 1:
        mantissa = -mantissa
    shift = exponent - (most >> 1) - places
    if shift >= 0:
        return mantissa * weight << shift, weight << shift
    return mantissa * weight >> -shift, max(1, weight >> -shift)
