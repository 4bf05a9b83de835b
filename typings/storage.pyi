"""Frozen in boards/ESP32_GATEWAY: the partition of the file system."""

partition: object
