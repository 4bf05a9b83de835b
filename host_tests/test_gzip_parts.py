"""Gzip members joined by the firmware, unpacked by zlib, which checks their sums and lengths."""

from __future__ import annotations

import json
import random
import zlib

from gateway_host import interpreter
from gateway_host.portal_pages import compressed
from gateway_host.session import MODULE_PATH

# Reads a list of members, each a list of [kind, hex]; prints the members in hex.
JOIN = """
import json, sys
from binascii import unhexlify
from hotspot.gzip_parts import HEAD, Gzip
for member in json.load(sys.stdin):
    gzip = Gzip()
    out = HEAD
    for kind, data in member:
        out += bytes(getattr(gzip, kind)(unhexlify(data)))
    print((out + gzip.tail()).hex())
"""


def test_members_of_random_parts(bits, tmp_path):
    dice = random.Random(6)
    members, texts = [[]], [b""]
    for _ in range(60):
        member, text = [], b""
        for _ in range(dice.randrange(1, 9)):
            data = bytes(dice.choices(b"abc<>=\n", k=dice.choice((0, 1, 7, 300, 2000))))
            data += dice.randbytes(dice.choice((0, 0, 1, 50)))
            part = dice.random() < 0.6
            member.append(["part", compressed(data).hex()] if part else ["text", data.hex()])
            text += data
        members.append(member)
        texts.append(text)
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps(members))
    with cases.open() as stdin:
        done = interpreter.run(["-c", JOIN], bits=bits, heap="2M", path=MODULE_PATH, stdin=stdin)
    assert done.returncode == 0, done.stderr
    for line, text in zip(done.stdout.split(), texts, strict=True):
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        assert member.decompress(bytes.fromhex(line)) == text
        assert member.eof and not member.unused_data
