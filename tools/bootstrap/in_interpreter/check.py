# Runs in an interpreter that is new: prints its version, the bits of its words, whether viper code
# works, whether it has `ffi`. Fails where it lacks a module.
import asyncio  # noqa: F401
import socket  # noqa: F401
import sys
from array import array

import vfs  # noqa: F401

try:
    from viper_total import total

    viper = total(array("h", [-32768, 32767, -5]), 3) == -6
except SyntaxError:
    viper = False
try:
    import ffi
except ImportError:
    ffi = None
bits = 64 if sys.maxsize > 1 << 32 else 32
version = ".".join(str(part) for part in sys.implementation[1][:3])
print(version, bits, int(viper), int(ffi is not None))
