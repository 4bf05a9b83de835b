"""Where the program lies in a file system, for imports: the names in its folder, read once.

An import asks for three names, one after the other, and for each LittleFS reads every folder on
the way to it: 30 ms for a module, as long as all the rest of it. Owns these names, as they were at
the start; main.py has them read before anything else is imported.
"""

import gc
import os
import sys

import vfs
from micropython import const

_FOLDER = "/lib"
_PLACE = "/program"
_FIRST = "/start.mpy"
_IS_FOLDER = const(0x4000)
_NONE = const(2)  # ENOENT
_ROOM_BYTES = const(1000000)  # the names take 15,000; without PSRAM an import may take its time


class Names:
    """A file system to be mounted, which is only read: a folder of another, whose names it has."""

    def __init__(self, folder: str):
        self._folder = folder
        self._kinds: dict[str, int] = {}
        self._read("")

    def _read(self, place):
        for name, kind, *_ in os.ilistdir(self._folder + place):
            path = place + "/" + name
            self._kinds[path] = kind
            if kind & _IS_FOLDER:
                self._read(path)

    def mount(self, readonly: bool, mkfs: bool) -> None:
        """Nothing is to be done."""

    def umount(self) -> None:
        """Nothing is to be done."""

    def stat(self, path: str) -> tuple[int, ...]:
        """Its kind alone; OSError where there is nothing."""
        if path not in self._kinds:
            raise OSError(_NONE)
        return (self._kinds[path],) + (0,) * 9

    def open(self, path: str, mode: str) -> Any:
        return open(self._folder + path, mode)


def look_once() -> None:
    """Have the names read, and modules looked for there first. Where the program is not a folder
    of the file system, or the heap is small, nothing is done."""
    if _FOLDER not in sys.path or gc.mem_free() < _ROOM_BYTES:
        return
    try:
        os.stat(_FOLDER + _FIRST)
    except OSError:
        return
    vfs.mount(Names(_FOLDER), _PLACE)
    sys.path.insert(0, _PLACE)
