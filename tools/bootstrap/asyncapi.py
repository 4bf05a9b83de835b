"""AsyncAPI's own schema, which docs/asyncapi.yaml is held against."""

from __future__ import annotations

import npm
from common import BUILD, Made, write_whole

SCHEMA = BUILD / "asyncapi" / "3.0.0.json"

_PACKAGE = "@asyncapi/specs@6.11.1"
_SHA256 = "01af8744dc33c0c7eb2e908f6a955319ee58b70ecadc9387d1aeb16c0cd28928"
_MEMBER = "package/schemas/3.0.0-without-$id.json"


def make() -> Made:
    """The schema, one file. SetupError without npm or registry."""
    (text,) = npm.texts(_PACKAGE, _SHA256, _MEMBER)
    write_whole(SCHEMA, text)
    return Made("@asyncapi/specs 6.11.1")
