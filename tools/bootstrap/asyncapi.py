"""AsyncAPI's own schema, which docs/asyncapi.yaml is held against."""

from __future__ import annotations

import tarfile

from common import BUILD, CACHE, Made, SetupError, is_whole, run, write_whole

SCHEMA = BUILD / "asyncapi" / "3.0.0.json"

_PACKED = "asyncapi-specs-6.11.1.tgz"
_PACKED_SHA256 = "01af8744dc33c0c7eb2e908f6a955319ee58b70ecadc9387d1aeb16c0cd28928"
_MEMBER = "package/schemas/3.0.0-without-$id.json"


def make() -> Made:
    """The schema, one file. SetupError without npm or registry."""
    packed = CACHE / "npm" / _PACKED
    if not is_whole(packed, _PACKED_SHA256):
        packed.parent.mkdir(parents=True, exist_ok=True)
        run(["npm", "pack", "@asyncapi/specs@6.11.1"], cwd=packed.parent, timeout=120)
    if not is_whole(packed, _PACKED_SHA256):
        raise SetupError(f"{_PACKED} has not the expected SHA-256")
    with tarfile.open(packed) as tar:
        member = tar.extractfile(_MEMBER)
        if member is None:
            raise SetupError(f"{_PACKED} holds no {_MEMBER}")
        write_whole(SCHEMA, member.read().decode())
    return Made("@asyncapi/specs 6.11.1")
