"""Orders that come by MQTT (docs/cloud.md): who handles what, and what is wrong with one."""

import json


class Orders:
    """`refusal`: what was wrong with the last order that was not obeyed, a text or None. Each
    such one is counted as `order.refused`.

    A handler raises ValueError, with a text for people, for an order that it can not obey.
    """

    def __init__(self, counters):
        self.refusal = None
        self._counters = counters
        self._topics = {}
        self._names = {}

    def on_topic(self, topic, handle):
        """handle(payload), bytes: for what comes at this topic."""
        self._topics[topic] = handle

    def on(self, name, handle):
        """handle(value): for the order {name: value}, see `named`."""
        self._names[name] = handle

    def topics(self):
        """The topics to subscribe."""
        return list(self._topics)

    def take(self, topic, payload):
        """Have an order obeyed; topic and payload are bytes. One that can not be is counted and
        explained, never more, whatever its handler raises."""
        name = ""
        try:
            name = topic.decode()
            handle = self._topics.get(name)
            if handle is None:
                raise ValueError("nothing is done at this topic")
            handle(payload)
        except Exception as error:
            self._counters.count("order.refused")
            self.refusal = "memory is too short for it"
            try:
                text = "%s: %s" % (name.split("/", 2)[-1], error)
                # JSON can name halves of characters, which no UTF-8 holds.
                self.refusal = "".join(["?" if 0xD800 <= ord(c) < 0xE000 else c for c in text])
            except MemoryError:
                pass

    def skip(self, size):
        """A message was too long to be taken."""
        self._counters.count("order.refused")
        self.refusal = "an order of %d bytes with its topic, longer than any" % size

    def named(self, payload):
        """The handler of a topic whose payloads are JSON objects {name: value}."""
        orders = json.loads(payload)
        if not isinstance(orders, dict) or not orders:
            raise ValueError("not a JSON object")
        for name in orders:
            if name not in self._names:
                raise ValueError(
                    "no such order: %s; there are: %s" % (name, ", ".join(sorted(self._names)))
                )
        for name, value in orders.items():
            self._names[name](value)
