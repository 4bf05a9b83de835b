"""On the device: a command that is wrong in whatever way is refused and counted, and the next one
is taken. Payloads that are no JSON, or JSON that nobody expects (RFC 8259)."""

import json
import os
import unittest

from system.counters import Counters
from system.refused import Refused
from cloud.command_schema import SCHEMA
from cloud.commands import Commands
from cloud.mqtt_in import Incoming

TOPIC = b"servicelocation/5/gateway/set"
PLUG = b"servicelocation/5/plug/1/setstate"
WRONG = (
    b'{"live": {"seconds": 1e999}}',
    b'{"live": {"seconds": -1e999}}',
    b'{"live": {"seconds": "x"}}',
    b'{"live": {"seconds": {}}}',
    b'{"live": {"seconds": [[[[]]]]}}',
    b'{"\\ud800": 1}',
    b'{"live": {"seconds": "\\ud800"}}',
    b'{"\xff": 1}',
    b"\xff\xfe",
    b"",
    b"null",
    b"nan",
    b"[" * 400,
    b'{"live": {"seconds": ' + b"[" * 200 + b"]" * 200 + b"}}",
)
# Values of every kind, for every field of every command. Those that a field may have are in FITS.
VALUES = (
    "null", "true", "false", "0", "-1", "30.5", "1e3", "1e999", "601", "1" + 200 * "0", '"soon"',
    '""', '"30"', "[]", "{}", "[30]", '{"s": 1}', '"5500000190"', '"550000019x"', "5500000190",
    '"A"', '"E"', '"a"', '"ON"', '"on"', '"Boiler"',
)  # fmt: skip
TEXTS = [value for value in VALUES if value[0] == '"' and value != '""']
FITS = {
    "seconds": ("0",),
    "serial": ('"5500000190"',),
    "input": ('"A"',),
    "output": TEXTS,
    "on": ("true", "false"),
    "value": ('"ON"',),
    "site": ('{"s": 1}',),
    "settings": ('{"s": 1}',),
    "site_before": ("true",),
    "ca": TEXTS,
    "certificate": TEXTS,
    "key": TEXTS,
    "name": TEXTS,
    "user": TEXTS,
    "password": TEXTS,
    "since": ("0", "-1", "30.5", "1e3", "1e999", "601", "1" + 200 * "0", "5500000190"),
}
RIGHT = {
    "live": '{"seconds": 5}',
    "identify": '{"serial": "5500000190", "input": "C", "seconds": 5}',
    "switch": '{"output": "Boiler", "on": true}',
    "setstate": '{"value": "ON", "since": 1764000001250}',
    "renew": '{"ca": "a", "certificate": "b", "key": "c", "name": "d", "user": "e",'
    ' "password": "f"}',
    "configure": '{"site": {"s": 1}, "settings": {"s": 1}, "site_before": true}',
}
# What Python says of its own accord, in any of the ways in which a command can be wrong.
PYTHON = ("isn", "convert", "NoneType", "'", "unsupported", "syntax", "index", "attribute")


def message(topic, payload):
    """A PUBLISH at QoS 0 (MQTT 3.1.1 section 3.3)."""
    size = 2 + len(topic) + len(payload)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return b"\x30" + length + bytes([len(topic) >> 8, len(topic) & 255]) + topic + payload


class Case(unittest.TestCase):
    def setUp(self):
        self.counters = Counters()
        self.commands = Commands(self.counters, TOPIC.decode())
        for name in SCHEMA:
            if name != "setstate":
                self.commands.on(name, self.carry_out)
        self.commands.on_topic(PLUG.decode(), "setstate", self.carry_out)
        self.incoming = Incoming(self.message, None)
        self.given = []
        self.raised = None

    def message(self, topic, payload, size):
        if payload is None:
            self.commands.skip(size)
        else:
            self.commands.take(topic, payload)

    def carry_out(self, fields):
        if self.raised:
            raise self.raised
        self.given.append(fields)

    def give(self, payload, topic=TOPIC):
        """Whether it was carried out; otherwise it was refused, once, for a reason that people
        understand."""
        done, refused = len(self.given), self.counters.counts.get("order.refused", 0)
        self.incoming.feed(message(topic, payload))
        refused = self.counters.counts.get("order.refused", 0) - refused
        self.assertEqual(len(self.given) - done + refused, 1)
        if refused:
            said = self.commands.refusal
            str(json.dumps(said).encode(), "utf-8")
            self.assertFalse(any(0xD800 <= ord(c) < 0xE000 for c in said))
            self.assertTrue(len(said) > 5 and not any(word in said for word in PYTHON), said)
        return not refused


class Wrong(Case):
    def test_wrong_ones_are_refused(self):
        for payload in WRONG:
            self.assertFalse(self.give(payload), payload)
        self.assertTrue(self.give(b'{"live": {"seconds": 5}}'))

    def test_topics_that_are_no_text(self):
        for topic in (b"\xff\xfe", b"\xed\xa0\x80", b"servicelocation/\xc3"):
            self.assertFalse(self.give(b"x", topic))
        self.assertTrue(self.give(b'{"live": {"seconds": 5}}'))

    def test_whatever_is_raised(self):
        for error in (MemoryError(), OverflowError("x"), RuntimeError(), OSError(5), IndexError()):
            self.raised = error
            self.assertFalse(self.give(b'{"live": {"seconds": 5}}'))
        self.assertEqual(self.counters.counts["order.failed"], 4)
        self.raised = Refused("no node 5500000190 on the A-bus")
        self.assertFalse(self.give(b'{"live": {"seconds": 5}}'))
        self.assertEqual(self.commands.refusal, "gateway/set: no node 5500000190 on the A-bus")
        self.raised = None
        self.assertTrue(self.give(b'{"live": {"seconds": 5}}'))

    def test_damaged_ones(self):
        right = b'{"live": {"seconds": 5}, "scan": true}'
        for _ in range(2000):
            dice = os.urandom(6)
            wrong = bytearray(right)
            for at, byte in ((0, 1), (2, 3), (4, 5)):
                wrong[dice[at] % len(wrong)] = dice[byte]
            self.incoming.feed(message(TOPIC, bytes(wrong)))
            self.given.clear()
        self.assertTrue(self.give(b'{"live": {"seconds": 5}}'))


class Schema(Case):
    """Every command, with every field missing, of every kind, and with one too many."""

    def payloads(self, name):
        """(payload, topic, field, value) with one field changed; value None: it is missing."""
        right = json.loads(RIGHT[name])
        for field in right:
            for value in (None,) + VALUES:
                fields = ['"%s": %s' % (f, json.dumps(right[f])) for f in right if f != field]
                if value is not None:
                    fields.append('"%s": %s' % (field, value))
                text = "{" + ", ".join(fields) + "}"
                yield self.payload(name, text) + (field, value)

    def payload(self, name, text):
        if name == "setstate":
            return text.encode(), PLUG
        return ('{"%s": %s}' % (name, text)).encode(), TOPIC

    def test_every_value_of_every_field(self):
        for name in RIGHT:
            self.assertTrue(self.give(*self.payload(name, RIGHT[name])))
            for payload, topic, field, value in self.payloads(name):
                if value is None:
                    fits = len(SCHEMA[name][field]) == 3  # it has a default
                else:
                    fits = value in FITS[field]
                self.assertEqual(self.give(payload, topic), fits, payload)
                if not fits:
                    self.assertTrue(field in self.commands.refusal, self.commands.refusal)

    def test_what_no_command_has(self):
        for name in RIGHT:
            text = RIGHT[name][:-1] + ', "colour": "red"}'
            self.assertFalse(self.give(*self.payload(name, text)))
            said = self.commands.refusal
            what = "a field" if name == "renew" else "colour"
            self.assertTrue(what + ": is not known (known: " in said, said)

    def test_a_secret_is_never_said(self):
        for payload in (
            '"hunter2"',
            '{"hunter2": 1}',
            '["hunter2"]',
            '{"key": ["hunter2"]}',
            '{"key": {"hunter2": 1}}',
            '{"password": "hunter2", "x": "hunter2"}',
        ):
            self.assertFalse(self.give(*self.payload("renew", payload)))
            self.assertFalse("hunter2" in self.commands.refusal, self.commands.refusal)

    def test_no_fields_at_all(self):
        for name in list(RIGHT) + ["scan"]:
            for value in VALUES:
                if name == "scan" and value == "true":
                    continue
                if name in ("configure", "renew") and value == "{}":
                    continue  # each may be missing: that one must be there is judged later
                self.assertFalse(self.give(*self.payload(name, value)))

    def test_defaults(self):
        self.give(b'{"identify": {"serial": "5500000190", "input": "A"}}')
        self.give(b'{"value": "OFF"}', PLUG)
        self.assertEqual(
            self.given,
            [
                {"serial": "5500000190", "input": "A", "seconds": 30},
                {"value": "OFF", "since": None},
            ],
        )

    def test_none_of_several_is_carried_out_when_one_is_wrong(self):
        self.assertFalse(self.give(b'{"live": {"seconds": 5}, "scan": false}'))
        self.assertEqual(self.given, [])

    def test_what_it_says(self):
        for payload, says in (
            ('{"input": "A"}', 'identify.serial is missing: it must be ten digits in quotation'),
            ('{"serial": "5500000190", "input": "A", "seconds": null}',
             "identify.seconds: must be a whole number from 0 to 600, not null"),
            ('{"serial": "5500000190", "input": "A", "seconds": "soon"}',
             'identify.seconds: must be a whole number from 0 to 600, not "soon"'),
            ("5", 'identify: must be {"input": , "seconds": , "serial": }, not 5'),
        ):  # fmt: skip
            self.assertFalse(self.give(*self.payload("identify", payload)))
            self.assertTrue(self.commands.refusal.startswith("gateway/set: " + says))


if __name__ == "__main__":
    unittest.main()
