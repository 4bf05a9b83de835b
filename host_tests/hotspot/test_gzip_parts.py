"""Gzip members joined by the firmware, unpacked by zlib, which checks their sums and lengths."""

from __future__ import annotations

import random
import zlib

from gateway_host.portal_pages import compressed
from in_interpreter import succeed


def test_members_of_random_parts(bits):
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
    said = succeed("join_gzip_parts", given=members, bits=bits, heap="2M")
    for line, text in zip(said.split(), texts, strict=True):
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        assert member.decompress(bytes.fromhex(line)) == text
        assert member.eof and not member.unused_data
