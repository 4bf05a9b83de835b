"""How much of the flash the journal may have."""

import os

from micropython import const

from journal.segments import FOLDER

MAX_BYTES = const(10000000)  # 60 days of minutes of 28 points
# What stays free, bytes: for what else is kept, and for wear, which is spread over free blocks. Of
# the whole a quarter.
_SPARE = const(196608)
_PART = const(4)
_LEAST = const(65536)


def _kept():
    """Bytes that the journal has already."""
    try:
        return sum([about[2] for _, *about in os.ilistdir(FOLDER) if len(about) > 2])
    except OSError:
        return 0


def capacity() -> int:
    """Bytes for segments. It looks at the whole file system."""
    try:
        block, _, blocks, free = os.statvfs(".")[:4]
    except OSError:
        return _LEAST
    spare = max(_SPARE, block * blocks // _PART)
    return max(_LEAST, min(MAX_BYTES, block * free + _kept() - spare))
