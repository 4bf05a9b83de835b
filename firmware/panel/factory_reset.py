"""Back to how the gateway left the factory: what its user and its installer gave it, and what it
has measured, is erased. Loaded when it is needed.

The label's password stays (factory.json): it is the device's, not the user's.
"""

import json
import os
import struct

import vfs
from micropython import const

_FACTORY = "factory.json"
_ERASE = const(6)  # a block, of ioctl
_FILLED = "filled"  # what takes the place of what was removed
_PIECE = const(4096)
_SMALL = const(96)  # bytes of a file that LittleFS keeps in its folder's own block
_ENTRIES = const(120)  # after so many both blocks of the root were written anew


def reset(hardware: BoardHardware) -> None:
    """Erase; takes some seconds and stops everything. The gateway is to be restarted then. What a
    power cut or an error stops is to be called again at the next start: hardware.kept() is not
    None then. OSError, and nothing is erased, when the label cannot be kept.

    hardware.storage: the block device that holds the working directory and nothing else, from
    which nothing is needed at start, or None; then the files are removed, but for
    hardware.program_files, and what they held in hardware.shared_storage() is written over.
    hardware.keep(data) keeps bytes outside of it, or with None forgets them.
    """
    factory = hardware.kept()
    if factory is None:
        factory = begin(hardware)
    if hardware.storage is None:
        _remove_all(".", hardware.program_files)
        _write_over(hardware.shared_storage(), hardware.feed)
    else:
        vfs.umount("/")
        erase(hardware.storage, hardware.feed)
        vfs.VfsLfs2.mkfs(hardware.storage)
        vfs.mount(hardware.storage, "/")
    with open(_FACTORY, "wb") as file:
        file.write(factory)
    hardware.keep(None)


def begin(hardware: BoardHardware, freed_s: int | None = None) -> Bytes:
    """Keep the label, which it returns: from then on the next start erases, whatever comes
    between. An error, and nothing has begun, when it cannot be kept. freed_s: epoch s at which the
    gateway was given free for another site, which the label then says."""
    factory = _read(_FACTORY)
    if freed_s:
        factory = _noted(factory, freed_s)
    whole = False
    try:
        hardware.keep(factory)
        whole = hardware.kept() == factory
    finally:
        if not whole:
            _forget(hardware)
    if not whole:
        raise OSError(_FACTORY)
    return factory


def _forget(hardware):
    try:
        hardware.keep(None)
    except OSError:
        pass  # there is nothing


def _noted(factory, freed_s):
    try:
        table = json.loads(factory)
        table["freed"] = freed_s
    except (ValueError, TypeError):
        return factory  # it is damaged: not to be made worse
    return json.dumps(table).encode()


def erase(device: BlockDevice, feed: Callable[[], object]) -> None:
    """Erase every block of a flash device, so that nothing is left to be read. feed: the
    watchdog's; it takes minutes where there are 10 MB."""
    for block in range(device.ioctl(4, 0) or 0):
        feed()
        device.ioctl(_ERASE, block)


def _remove_all(place, kept=()):
    for name, kind, *_ in list(os.ilistdir(place)):
        path = place + "/" + name
        if name in kept:
            continue
        if kind & 0x4000:
            _remove_all(path)
            os.rmdir(path)
        else:
            os.remove(path)


def _write_over(device, feed):
    """What was removed from a LittleFS stays in the flash until its place is used again. Folders
    have two blocks each, which are written anew in turn, and now and then have another place."""
    if device is None:
        return
    _renew_root(feed)
    _fill(feed)
    _renew_root(feed)
    _erase_older(device)


def _fill(feed):
    """Write over all that is free."""
    try:
        with open(_FILLED, "wb") as file:
            while file.write(b"\xff" * _PIECE):
                feed()
    except OSError:
        pass  # it is full, as it should be
    os.remove(_FILLED)


def _renew_root(feed):
    """The root's two blocks hold small files, names, and what these were before."""
    for _ in range(_ENTRIES):
        with open(_FILLED, "wb") as file:
            file.write(b"\xff" * _SMALL)
        feed()
    os.remove(_FILLED)


def _erase_older(device):
    """Of the first two blocks one may be older than the other, and hold what the root was before
    it got another place. It is erased where the file system is the same without it."""
    first, second = (struct.unpack("<I", _block(device, k, 4))[0] for k in (0, 1))
    older = int((second - first) & 0xFFFFFFFF >= 0x80000000)
    try:
        other: Any = _Without(device, older)
        whole = set(vfs.VfsLfs2(other).ilistdir("/"))
    except OSError:
        return  # it is the one that is used
    if whole == set(os.ilistdir(".")):
        device.ioctl(6, older)


def _block(device, number, size):
    data = bytearray(size)
    device.readblocks(number, data, 0)
    return data


class _Without:
    """A block device, as if a block of it was erased."""

    def __init__(self, device: BlockDevice, block: int):
        self._device = device
        self._block = block

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        if block == self._block:
            buffer[:] = b"\xff" * len(buffer)
        else:
            self._device.readblocks(block, buffer, offset)

    def writeblocks(self, block: int, data: Bytes, offset: int = 0) -> None:
        """Nothing is written: it is looked at."""

    def ioctl(self, command: int, argument: int) -> int | None:
        return 0 if command == _ERASE else self._device.ioctl(command, argument)


def _read(name):
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        return b"{}"
