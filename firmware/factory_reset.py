"""Back to how the gateway left the factory: what its user and its installer gave it, and what it
has measured, is erased. Loaded when it is needed.

The label's password stays (factory.json): it is the device's, not the user's.
"""

import os

import vfs

_MARK = "reset.json"  # there while a reset is not finished; start.py looks for it
_FACTORY = "factory.json"


def reset(hardware):
    """Erase; takes some seconds and stops everything. The gateway is to be restarted then.

    hardware.storage: the block device that holds the working directory and nothing else, or None;
    then the files are removed, but for hardware.program_files.
    """
    factory = _read(_FACTORY)
    _write(_MARK, b"{}")
    if hardware.storage is None:
        _remove_all(".", hardware.program_files + (_FACTORY, _MARK))
        os.remove(_MARK)
        return
    hardware.keep(factory)
    vfs.umount("/")
    erase(hardware.storage)
    vfs.VfsLfs2.mkfs(hardware.storage)
    vfs.mount(hardware.storage, "/")
    if factory:
        _write(_FACTORY, factory)


def erase(device):
    """Erase every block of a flash device, so that nothing is left to be read. The first two, by
    which the file system is found, come last: until then the mark says what is to be done."""
    for block in range(device.ioctl(4, 0) - 1, -1, -1):
        device.ioctl(6, block)


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


def _read(name):
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _write(name, data):
    with open(name, "wb") as file:
        file.write(data)
