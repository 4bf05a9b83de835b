# Runs on the rv32 target: counts the instructions of one call. rv32.py writes the call below it.
import gc
from binascii import b2a_base64

import micropython


@micropython.asm_rv32
def instructions():
    """Instructions so far, modulo 2^29: a small integer, so that every reading costs the same."""
    csrrs(a0, zero, 0xC02)
    slli(a0, a0, 3)
    srli(a0, a0, 3)


def count(function, nothing, arguments):
    """Print what a call takes, and beyond a call of `nothing`; the result; every buffer."""
    arguments = tuple(arguments)
    gc.collect()
    gc.disable()
    a = instructions()
    b = instructions()
    nothing(*arguments)
    c = instructions()
    result = function(*arguments)
    d = instructions()
    gc.enable()
    print((d - c - (b - a)) & 0x1FFFFFFF, ((d - c) - (c - b)) & 0x1FFFFFFF)
    print(result if isinstance(result, int) else None)
    for argument in arguments:
        print("-" if isinstance(argument, int) else b2a_base64(argument).decode().strip())
