"""The site document, site.json (docs/site.md), on the host: its schema and its fingerprint. Why a
gateway would refuse one its own check says: firmware_says.check_site()."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from . import interpreter

SCHEMA = interpreter.ROOT / "docs" / "schemas" / "site.schema.json"


@cache
def schema() -> dict[str, Any]:
    """What a site document must be, field by field."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def fingerprint(document: dict[str, Any]) -> str:
    """Eight hexadecimal digits, as the gateway shows them."""
    canonical = "".join(_canonical(document)).encode()
    return hashlib.sha256(canonical).hexdigest()[:8]


def _canonical(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        fields = ((name, value[name]) for name in sorted(value, key=str.encode))
        yield "{"
        for name, inside in fields:
            yield f"{name}="
            yield from _canonical(inside)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for inside in value:
            yield from _canonical(inside)
        yield "]"
    elif isinstance(value, str):
        yield f'"{value}"'
    elif isinstance(value, float):
        yield f"{value:.6g};"
    else:
        yield f"{value};"
