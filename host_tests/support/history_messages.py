"""Messages of the history as docs/history.md shows them, for tests of who reads them."""

from __future__ import annotations

import json
from typing import Any

DEVICE = "5100000123"
UUID = "a-house"
LAYOUT = "9c41d2e7"
START = 1764000000  # of record 1, in Europe/Brussels 17:00:00 on 24 November 2025
POINTS = [
    {"name": "Grid", "role": "grid", "node": "5600000301", "input": "A", "phase": "L1"},
    {"name": "Solar, roof = east", "role": "solar", "node": "5600000301", "input": "B"},
]


def record(sequence: int, **more: Any) -> dict[str, Any]:
    """A minute of two points: import 1000 + sequence and 0, export 0 and 10 * sequence."""
    return {
        "sequence": sequence,
        "time": START + 60 * sequence,
        "seconds": 60,
        "boot": 1,
        "import": [1000 + sequence, 0],
        "export": [0, 10 * sequence],
        "estimated": 0,
    } | more


def message(
    *records: dict[str, Any], kind: str = "minutes", oldest: int = 1, **more: Any
) -> tuple[str, bytes]:
    """Topic and payload."""
    body = {
        "device": DEVICE,
        "layout": LAYOUT,
        "historical": kind == "history",
        "oldest": oldest,
        "records": list(records),
    } | more
    uuid = more.pop("uuid", UUID)
    return f"servicelocation/{uuid}/{kind}", json.dumps(body).encode()


def layout(**more: Any) -> tuple[str, bytes]:
    """Topic and payload."""
    body = {
        "device": DEVICE,
        "layout": LAYOUT,
        "since": 1,
        "name": "A house",
        "timezone": "Europe/Brussels",
        "points": POINTS,
    } | more
    return f"servicelocation/{UUID}/layout", json.dumps(body).encode()
