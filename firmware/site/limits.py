"""What settings.json may have at most, and the messages whose rate it may say (docs/site.md)."""

from micropython import const

MAX_NETWORKS = const(5)

TOPICS = (
    "realtime", "site", "quality", "totals", "harmonics", "gateway", "bBus", "aggregated",
    "minutes",
)  # fmt: skip
