"""Mounts a container, given by its path; prints what is in it: [path, SHA-256 of its content, as a
text the same length] and what is said of what is not; or why it cannot be mounted."""

import hashlib
import json
import os
import sys
from binascii import hexlify

import vfs

from update.container import Container

file, paths = json.load(sys.stdin)
try:
    vfs.mount(Container(file), "/program_a")
except (OSError, ValueError, MemoryError) as error:
    print(json.dumps(type(error).__name__))
    sys.exit()
found = []
for path in paths:
    try:
        with open("/program_a/" + path, "rb") as stream:
            data = stream.read()
        size = os.stat("/program_a/" + path)[6]
        found.append([size, hexlify(hashlib.sha256(data).digest()).decode()])
    except OSError as error:
        found.append(error.errno)
print(json.dumps(found))
