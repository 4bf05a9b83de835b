"""How often a gateway publishes what, and how long it is: the tables of docs/cloud.md and
docs/history.md, which a test compares.
"""

from __future__ import annotations

from dataclasses import dataclass

BYTES = {
    "realtime": 5800,
    "site": 7970,
    "quality": 1110,
    "totals": 238,
    "harmonics": 200,
    "gateway": 2057,
    "bBus": 1500,
    "aggregated": 7950,
}
RETAINED_BYTES = 31000  # what is published on connecting, in five messages
MINUTE_S = 60
HISTORY_RECORDS = 10  # in one message
PAUSES_S = (1, 2, 4, 8, 16, 20)
NOT_KEPT_PAUSES_S = (1, 2, 4, 8, 16, 32, 64, 128, 240)
LASTED_S = 30  # then pauses begin anew


@dataclass(frozen=True)
class Profile:
    """every_s: seconds between two messages of a topic; batch: minutes in one message."""

    every_s: dict[str, int]
    keep_alive_s: int
    batch: int = 1


PROFILES = {
    "ethernet": Profile(
        {
            "realtime": 1,
            "site": 1,
            "quality": 1,
            "totals": 1,
            "harmonics": 10,
            "gateway": 10,
            "bBus": 10,
            "aggregated": 300,
        },
        30,
    ),
    "lte": Profile(
        {
            "realtime": 1800,
            "quality": 3600,
            "totals": 300,
            "gateway": 3600,
            "bBus": 3600,
            "aggregated": 900,
        },
        240,
        15,
    ),
    # A large fleet: the history, and each gateway's health; who watches asks for live data.
    "history": Profile({"gateway": 900}, 240),
}
