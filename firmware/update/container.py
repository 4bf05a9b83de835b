"""A program in one file (docs/update.md): its modules and what they read, packed one by one. As a
file system to be mounted, which is only read.

Owns the layout: "GWP1", how many bytes follow before the first content (<I), how many files (<H),
of each the length of its name (<H), the name, where it begins, packed and whole length (<III);
then their contents, each raw deflate (RFC 1951).
"""

import io
import struct

import deflate
from micropython import const

_MAGIC = b"GWP1"
_NO_PROGRAM = "no program"
_FOLDER, _FILE = const(0x4000), const(0x8000)
_WINDOW = const(12)  # 4 kB
_MAX_INDEX = const(16384)  # bytes; 200 files take 7,500
_MAX_RATIO = const(1032)  # of deflate: 258 bytes of two bits
_NONE = const(2)  # ENOENT
_READ_ONLY = const(30)  # EROFS


class Container:
    """file: a path. OSError or ValueError where it is none."""

    def __init__(self, file: str):
        self._file = open(file, "rb")
        self._places: dict[str, tuple[int, ...]] = {}
        self._folders = [""]
        length = self._file.seek(0, 2)
        self._file.seek(0)
        if self._file.read(4) != _MAGIC:
            raise ValueError(_NO_PROGRAM)
        size = struct.unpack("<I", self._file.read(4))[0]
        if size > _MAX_INDEX:
            raise ValueError(_NO_PROGRAM)
        index = self._file.read(size)  # at once: a look into the flash takes long
        at = 2
        for _ in range(struct.unpack_from("<H", index, 0)[0]):
            end = at + 2 + struct.unpack_from("<H", index, at)[0]
            name = "/" + index[at + 2 : end].decode()
            first, packed, whole = place = struct.unpack_from("<III", index, end)
            if first + packed > length or whole > _MAX_RATIO * packed:
                raise ValueError(_NO_PROGRAM)
            self._places[name] = place
            at = end + 12
            folder = name.rsplit("/", 1)[0]
            if folder not in self._folders:
                self._folders.append(folder)

    def mount(self, readonly: bool, mkfs: bool) -> None:
        """Nothing is to be done."""

    def umount(self) -> None:
        """Nothing is to be done."""

    def stat(self, path: str) -> tuple[int, ...]:
        """Its kind and length; OSError where there is nothing."""
        if path in self._folders:
            return (_FOLDER,) + (0,) * 9
        if path not in self._places:
            raise OSError(_NONE)
        return (_FILE, 0, 0, 0, 0, 0, self._places[path][2], 0, 0, 0)

    def open(self, path: str, mode: str) -> Any:
        """A file's content as a stream, in memory."""
        if "r" not in mode:
            raise OSError(_READ_ONLY)
        if path not in self._places:
            raise OSError(_NONE)
        at, packed, whole = self._places[path]
        self._file.seek(at)
        stream = io.BytesIO(self._file.read(packed))
        data = deflate.DeflateIO(stream, deflate.RAW, _WINDOW).read(whole)
        return io.BytesIO(data) if "b" in mode else io.StringIO(data.decode())
