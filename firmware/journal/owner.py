"""Whose journal it is: a file says it (docs/journal.md, "Whose journal it is").

Owns `journal/site`, and the end of a journal that is another site's. What was the site before this
one goes with it.
"""

import os
import struct
from binascii import crc32

from micropython import const

from site.site_file import BEFORE
from energy import record
from journal.segments import FOLDER, make_folder

_NAME = "site"
_FILE = FOLDER + "/" + _NAME
_NEW = _FILE + ".new"  # a power cut may leave it
_MARK = "<III"  # the uuid's CRC-32; sequence and start behind which this site's begin
_SIZE = const(16)  # with a CRC-32 of that
_ABSENT = 2, 20  # ENOENT, and ENOTDIR: there is no folder


def _remove(path):
    """If it is there."""
    try:
        os.remove(path)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise


def is_of_another(site: Site) -> bool:
    """Whether the flash has registers or a journal that are not this site's."""
    mark = _read()
    own = crc32(site.uuid.encode())
    return any([one not in (None, own) for one in (record.found(), mark and mark[0])])


def _read():
    try:
        with open(_FILE, "rb") as file:
            data = file.read()
    except OSError:
        return None
    if len(data) != _SIZE or crc32(data[:-4]) != struct.unpack_from("<I", data, _SIZE - 4)[0]:
        return None
    return struct.unpack_from(_MARK, data)


class Owner:
    """`foreign`: the folder has another site's journal; `tail`: the registers in the flash, and
    what is behind them, are another site's; `mark`: (whose, sequence, start) of the file, None
    where there is none, or it is damaged: the registers say whose the folder is, then.

    kept: energy.record.Record; count: counts an error by name."""

    def __init__(self, kept: RegistersRecord, count: Count):
        self._site = kept.site
        self._count = count
        self._begun = False
        self._lost = False  # it has minutes, which nobody has counted as lost
        self.mark = _read()
        self._found = self.mark[0] if self.mark else kept.found
        self.foreign = self._found not in (None, self._site)
        self.tail = kept.found not in (None, self._site)

    def _write(self, site, state):
        """Whole or not at all, in place of the one before."""
        mark = site, state.last, state.boot
        data = struct.pack(_MARK, *mark)
        make_folder()
        with open(_NEW, "wb") as file:
            file.write(data)
            file.write(struct.pack("<I", crc32(data)))
        os.rename(_NEW, _FILE)
        self.mark = mark

    def note_minutes(self, found: bool) -> None:
        """Whether minutes of another site were found, which are lost now."""
        self._lost = self._lost or found

    def is_marked(self) -> bool:
        """Whether the file says that it is this site's."""
        return self.mark is not None and self.mark[0] == self._site

    def keep(self, state: State) -> None:
        """Say whose it is, before anything else is in the folder. OSError where there is no
        room."""
        if not self.is_marked():
            self._write(self._site, state)

    def take(self, state: State, most: int) -> bool:
        """Remove what is another site's, so many files at most; whether none is left and the
        journal is this site's. OSError where that cannot be: nothing may be written as this
        site's, then. state: which has gone on."""
        if self._lost:
            self._count("journal.foreign")
            self._lost = False
        if not self.foreign:
            return True
        if not self._begun:  # what says where sequences begin goes with the files
            self._write(self._found, state)
            self._begun = True
        names = self._others(most)
        for name in names:
            _remove("%s/%s" % (FOLDER, name))
        if len(names) == most:
            return False
        _remove(BEFORE)
        self._write(self._site, state)
        self.foreign = False
        return True

    @staticmethod
    def _others(most):
        """Some names of what is to be removed."""
        names: list[str] = []
        try:
            for name, *_ in os.ilistdir(FOLDER):
                if name != _NAME:
                    names.append(name)
                if len(names) == most:
                    break
        except OSError as error:
            if error.errno not in _ABSENT:
                raise
        return names
