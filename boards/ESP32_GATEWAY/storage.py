"""Frozen: `partition` has the file system, which holds data alone. The program is in ROMFS and
main.py frozen: whatever is left of the data, the gateway starts."""

from esp32 import Partition

partition = Partition.find(Partition.TYPE_DATA, label="vfs")[0]
