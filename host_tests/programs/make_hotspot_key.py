"""Prints the hotspot's key, the same once more, the errors counted."""

import json

from system.counters import Counters
from wifi_provision import hotspot_key

counters = Counters()
key = hotspot_key(counters, "5020000042")
print(json.dumps([key, hotspot_key(Counters(), "5020000042"), list(counters.counts)]))
