"""Back to how the gateway left the factory: what its user and its installer gave it, and what it
has measured, is erased. Loaded when it is needed.

The label's password stays (factory.json): it is the device's, not the user's.
"""

import json
import os

import vfs

_FACTORY = "factory.json"


def reset(hardware: BoardHardware) -> None:
    """Erase; takes some seconds and stops everything. The gateway is to be restarted then. What a
    power cut or an error stops is to be called again at the next start: hardware.kept() is not
    None then. OSError, and nothing is erased, when the label cannot be kept.

    hardware.storage: the block device that holds the working directory and nothing else, from
    which nothing is needed at start, or None; then the files are removed, but for
    hardware.program_files. hardware.keep(data) keeps bytes outside of it, or with None forgets
    them.
    """
    factory = hardware.kept()
    if factory is None:
        factory = begin(hardware)
    if hardware.storage is None:
        _remove_all(".", hardware.program_files)
    else:
        vfs.umount("/")
        erase(hardware.storage)
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


def erase(device: BlockDevice) -> None:
    """Erase every block of a flash device, so that nothing is left to be read."""
    for block in range(device.ioctl(4, 0) or 0):
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
        return b"{}"
