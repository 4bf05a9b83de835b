"""Standard input: members, each a list of [kind, hex]. Prints the members in hex."""

import json
import sys
from binascii import unhexlify

from hotspot.gzip_parts import HEAD, Gzip

for member in json.load(sys.stdin):
    gzip = Gzip()
    out = HEAD
    for kind, data in member:
        out += bytes(getattr(gzip, kind)(unhexlify(data)))
    print((out + gzip.tail()).hex())
