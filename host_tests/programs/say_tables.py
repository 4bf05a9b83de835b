"""Prints what the running firmware has in its tables of sentences: those of links, those of
modules, the names of the latter, and the order of advice."""

import json

from net import advice as net
from b_bus import messages
from advice import order

OF_LINKS = list(net.OVERDUE.values()) + list(net.TEXTS.values()) + [net.NO_TIME]
OF_MODULES = [
    text
    for table in (messages.STRANGE, messages.NOISE, messages.REFUSED)
    for text in table.values()
]
NAMES = ["b_" + name for name in messages.STRANGE]

print(json.dumps([OF_LINKS, OF_MODULES, NAMES, list(order._ORDER)]))
