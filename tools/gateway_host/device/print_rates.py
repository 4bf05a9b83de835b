"""Prints the topics' rates on each link, and LTE's for changes and pings."""

import json

from site.limits import TOPICS
from cloud.rates import Rates


def rates_on(link):
    rates = Rates({}, lambda: link, lambda: 0)
    return {topic: rates.every(topic) for topic in TOPICS}


print(json.dumps([rates_on(link) for link in ("ethernet", "wifi", "lte")]))
lte = Rates({}, lambda: "lte", lambda: 0)
print(lte.change_ms(), lte.keepalive_s())
