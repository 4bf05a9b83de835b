"""Messages whose rate settings.json may say (`publish`, docs/site.md)."""

TOPICS = ("realtime", "site", "quality", "totals", "harmonics", "gateway", "bBus", "aggregated")
