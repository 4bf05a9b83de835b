"""Where the program lies, for imports: the one that was flashed, or an update (docs/update.md).

Of the one that was flashed the names in its folder are read once: an import asks for three names,
one after the other, and for each LittleFS reads every folder on the way to it: 30 ms for a module,
as long as all the rest of it. Owns these names, as they were at the start; main.py has them read
before anything else is imported.
"""

import gc
import os
import sys

import vfs
from micropython import const

_STATE = "programs/state."
_OF_THE_CHOICE = ("update", "system")  # rooms that are loaded for it
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


def choose() -> None:
    """Have modules looked for where the program lies that is to run, and nowhere else: whatever
    has been left in the file system is in nobody's way. Where no update can be used the one that
    was flashed runs."""
    if any([_exists(_STATE + end) for end in "01"]):
        try:
            if _is_update():
                return
        except Exception as error:
            sys.print_exception(error)
    _look_once()


def _is_update():
    from update.container import Container
    from update.slots import PLACE, Slots, path_of

    slot = Slots().choose()
    if slot:
        place = PLACE + slot
        vfs.mount(Container(path_of(slot)), place)
        sys.path[:] = [place, ".frozen"]
    for name in list(sys.modules):  # the update has its own
        if name.split(".")[0] in _OF_THE_CHOICE:
            del sys.modules[name]
    return slot


def _exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def _look_once():
    """Have the names read, and modules looked for there first. Where the program is not a folder
    of the file system, or the heap is small, nothing is done."""
    if _FOLDER not in sys.path or gc.mem_free() < _ROOM_BYTES:
        return
    if not _exists(_FOLDER + _FIRST):
        return
    vfs.mount(Names(_FOLDER), _PLACE)
    sys.path.insert(0, _PLACE)
