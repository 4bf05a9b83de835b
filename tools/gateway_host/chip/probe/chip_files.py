"""Mounts the emulated chip's file system anew. An emulated read of the flash takes more than 1 ms
whatever its length, ten times a chip's; the port's own mount reads 128 bytes at once, and a look
into lib/ 80 times. So: 4 kB at once.
"""

import esp32
import vfs

vfs.umount("/")
_store = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")[0]
vfs.mount(vfs.VfsLfs2(_store, readsize=1024, progsize=256, lookahead=32), "/")
