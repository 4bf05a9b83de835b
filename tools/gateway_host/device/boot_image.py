"""Runs in the MicroPython interpreter: boots the gateway from an application image, as a device
does.

`micropython boot_image.py FILE.romfs` maps the image into memory outside the heap, as a ROMFS
partition is, where bytecode is executed in place; `FILE.littlefs` is mounted on a block device
that reads the file. Then the image's main.py is run, or the script named after it, with the
image's modules. (Where a device has its main.py: docs/device.md.)
"""

import sys

import vfs


class _Blocks:
    """A block device on a file; writes are refused."""

    SIZE = 4096

    def __init__(self, name):
        self._file = open(name, "rb")
        self._size = self._file.seek(0, 2)

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * self.SIZE + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        raise OSError("the image is only read")

    def ioctl(self, command, argument):
        if command == 4:
            return self._size // self.SIZE
        if command == 5:
            return self.SIZE
        return 0


def _mapped(name):
    """The file as a buffer outside the heap; inside it where the interpreter has no ffi."""
    try:
        import ffi
    except ImportError:
        with open(name, "rb") as file:
            return file.read()
    import uctypes

    libc = ffi.open("libc.so.6")
    file = libc.func("i", "open", "si")(name, 0)
    size = libc.func("i", "lseek", "iii")(file, 0, 2)
    address = libc.func("p", "mmap", "piiiii")(0, size, 1, 2, file, 0)
    return uctypes.bytearray_at(address, size)


def main():
    """Mount, set the path, run."""
    name = sys.argv[1]
    if name.endswith(".romfs"):
        system = vfs.VfsRom(_mapped(name))
    else:
        system = vfs.VfsLfs2(_Blocks(name))
    vfs.mount(system, "/rom", readonly=True)
    script = sys.argv[2] if len(sys.argv) > 2 else "/rom/main.py"
    sys.path[:] = ["/rom/lib", ".frozen"]
    sys.argv[:] = sys.argv[2:]
    with open(script) as file:
        source = file.read()
    exec(compile(source, script, "exec"), {"__name__": "__main__"})


main()
