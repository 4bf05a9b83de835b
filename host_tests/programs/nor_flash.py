"""An ESP32's flash on which the power is cut at an operation, and its reset."""

import sys

from esp32_fakes import Module, machine


class Power(BaseException):  # is cut
    pass


class Reset(BaseException):
    pass


class Runs(BaseException):
    pass


class Stuck(BaseException):
    pass


class Supply:
    """Cuts the power at an operation on the flash, before it or in its midst."""

    def __init__(self, left=None, torn=False):
        self.left, self.torn, self.count = left, torn, 0

    def is_cut(self):
        return self.left is not None and self.count > self.left

    def passes(self):
        """How much of the operation is done, in halves."""
        self.count += 1
        if self.left is None or self.count <= self.left:
            return 2
        return 1 if self.torn and self.count == self.left + 1 else 0


BLOCK = 4096


class Flash:
    """NOR flash: erased to ones, written to zeros."""

    def __init__(self, data):
        self.data = data

    def ioctl(self, command, argument):
        if command == 4:
            return len(self.data) // BLOCK
        if command == 5:
            return BLOCK
        if command == 6:
            self.change(argument * BLOCK, b"\xff" * BLOCK)
        return 0

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = self.data[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=None):
        at = block * BLOCK
        if offset is None:
            self.change(at, b"\xff" * BLOCK)
        else:
            at += offset
            assert self.data[at : at + len(buffer)] == b"\xff" * len(buffer)
        self.change(at, buffer)

    def change(self, at, data):
        size = len(data) * chip.supply.passes() // 2
        self.data[at : at + size] = data[:size]
        if size < len(data):
            raise Power


class Nvs:  # ESP-IDF's is made for power cuts: an operation is done or not
    def __init__(self, name):
        pass

    def change(self, blob):
        if chip.supply.passes() < 2:
            raise Power
        chip.nvs[:] = [blob] if blob is not None else []

    def set_blob(self, key, value):
        assert key == "reset" and value
        self.change(bytes(value))

    def get_blob(self, key, buffer):
        assert key == "reset"
        if not chip.nvs:
            raise OSError(-4354, "ESP_ERR_NVS_NOT_FOUND")
        if len(chip.nvs[0]) > len(buffer):
            raise OSError(-4364, "ESP_ERR_NVS_INVALID_LENGTH")
        buffer[: len(chip.nvs[0])] = chip.nvs[0]
        return len(chip.nvs[0])

    def erase_key(self, key):
        self.change(None)

    def commit(self):
        pass


class Chip:
    """The one that there is. `flash`: of the partition `vfs`; `nvs`: the blob, or nothing."""

    def __init__(self):
        self.supply = Supply()
        self.flash = None
        self.nvs = []
        self.runs = False  # the gateway does: it is not started again

    def reset(self):
        if self.runs:
            raise Runs
        raise Power if self.supply.is_cut() else Reset


class Partition:
    TYPE_DATA = 1

    @staticmethod
    def find(kind, label):
        assert (kind, label) == (1, "vfs")
        return [chip.flash]


class Heap:
    """Of the IDF: each time that it is asked it has less, as when Python's takes a part of it."""

    def __init__(self):
        self.free = 8 << 20

    def info(self, _):
        self.free -= 1 << 16
        return [(8 << 20, self.free, self.free, self.free)]


chip = Chip()
sys.modules["esp32"] = Module(Partition=Partition, NVS=Nvs, HEAP_DATA=1, idf_heap_info=Heap().info)
machine.reset = chip.reset
