"""Frozen in boards/ESP32_GATEWAY: the partition of the file system."""

from vfs import AbstractBlockDev

partition: AbstractBlockDev
