"""Commands that come by MQTT (docs/cloud.md): who carries out what, and what is wrong with one."""

import json
import sys

from system.refused import Refused
from cloud.command_schema import checked


class Commands:
    """`refusal`: what was wrong with the last command that was not carried out, a text or None.
    Each such one is counted as `order.refused`.

    topic: where JSON objects {name: fields} come. Who carries a command out gets the table
    of its fields, as command_schema.checked() gives it, and raises Refused, with a text for
    people, where it cannot."""

    def __init__(self, counters: Counters, topic: str):
        self.refusal = None
        self.topics = []  # to be subscribed, in the order in which they were declared
        self._counters = counters
        self._named = topic
        self._at = {}  # topic -> (name in the schema, function)
        self._by_name = {}
        self.topics.append(topic)

    def on(self, name: str, carry_out: CarryOut) -> None:
        """carry_out(fields): the command `name`. At any time, and again in place of another."""
        self._by_name[name] = carry_out

    def on_topic(self, topic: str, name: str, carry_out: CarryOut) -> None:
        """carry_out(fields): what comes at this topic, whose payload is checked as the command
        `name`. At any time, as `on`; the uplink subscribes the topic within a second."""
        if topic not in self._at:
            self.topics.append(topic)
        self._at[topic] = name, carry_out

    def take(self, topic: bytes, payload: bytes) -> None:
        """Have a command carried out; topic and payload are bytes. One that cannot be is counted
        and explained, never more, whatever carrying it out raises."""
        name = ""
        try:
            name = _text(topic, "a topic")
            self._take(name, payload)
            return
        except Refused as refused:
            reason = str(refused)
        except MemoryError:
            reason = ""
        except Exception as error:
            self._counters.count("order.failed")
            sys.print_exception(error)
            reason = "an error of the firmware; the console has it"
        self._refuse(name, reason)

    def skip(self, size: int) -> None:
        """A message was too long to be taken."""
        self._counters.count("order.refused")
        self.refusal = "a command of %d bytes with its topic, longer than any" % size

    def _refuse(self, name, reason):
        self._counters.count("order.refused")
        self.refusal = "memory is too short for it"
        try:
            text = "%s: %s" % (name.split("/", 2)[-1], reason)
            # JSON can name halves of characters, which no UTF-8 holds.
            text = "".join(["?" if 0xD800 <= ord(c) < 0xE000 else c for c in text])
            if reason:
                self.refusal = text
        except MemoryError:
            pass

    def _take(self, topic, payload):
        try:
            value = json.loads(_text(payload, "a command"))
        except ValueError:
            raise Refused("not JSON")
        if topic == self._named:
            self._take_named(value)
        elif topic in self._at:
            name, carry_out = self._at[topic]
            carry_out(checked(name, value))
        else:
            raise Refused("nothing is done at this topic")

    def _take_named(self, commands):
        """All of them are checked before the first is carried out."""
        if not isinstance(commands, dict) or not commands:
            raise Refused("not a JSON object with a command")
        found = []
        for name, value in commands.items():
            if name not in self._by_name:
                known = ", ".join(sorted(self._by_name))
                raise Refused("no such command: %s; there are: %s" % (name, known))
            found.append((self._by_name[name], checked(name, value, name + ".")))
        for carry_out, fields in found:
            carry_out(fields)


def _text(data, what):
    try:
        return data.decode()
    except UnicodeError:
        raise Refused("%s is not UTF-8" % what)
