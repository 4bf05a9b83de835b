"""Prints the broker's settings that are kept, and those before them."""

import json

from site import settings

kept = settings.kept()
print(json.dumps({"mqtt": kept.mqtt, "before": kept.mqtt_before}))
