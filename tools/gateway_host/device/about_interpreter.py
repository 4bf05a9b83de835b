# Runs in an interpreter: prints the bits of its words, and whether it has `ffi`, 1 or 0.
import sys

try:
    import ffi
except ImportError:
    ffi = None
print(64 if sys.maxsize > 1 << 32 else 32, int(ffi is not None))
