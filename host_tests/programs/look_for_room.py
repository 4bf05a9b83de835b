"""Whether an update of 343 kB is taken on a flash with so many free blocks of 4 kB, each of which
is an argument on standard input; prints what is said, or null."""

import json
import sys

from system.refused import Refused
from update import slots


class Flash:
    """In the place of os, as far as it is asked."""

    free = 0

    def statvfs(self, path):
        return 4096, 4096, 1536, self.free, self.free, 0, 0, 0, 0, 255


said = []
flash = slots.os = Flash()
for flash.free in json.load(sys.stdin):
    try:
        slots.look_for_room(343000)
        said.append(None)
    except Refused as refused:
        said.append(str(refused))
print(json.dumps(said))
