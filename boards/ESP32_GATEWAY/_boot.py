"""Frozen, in the place of the port's own: the first that runs. Mounts the file system; makes an
empty one where none can be mounted, as after a power cut in a factory reset."""

import vfs
from storage import partition

try:
    vfs.mount(partition, "/")
except OSError:
    vfs.VfsLfs2.mkfs(partition)
    vfs.mount(partition, "/")
