"""On the device: commands with an id are carried out once, whatever comes again, late or in
pieces, and whenever the gateway begins anew; each gets an answer."""

import asyncio
import json
import os
import unittest

from system.counters import Counters
from system.refused import Refused
from cloud.commands import Commands
from cloud.mqtt_in import Incoming

TOPIC = b"servicelocation/5/gateway/set"
NOW = 1764000000
FILES = ("commands.0", "commands.1")


def remove_files():
    for name in FILES:
        try:
            os.remove(name)
        except OSError:
            pass


def size_of(number):
    """A length as MQTT 3.1.1 section 2.2.3 writes it."""
    found = []
    while True:
        number, low = number >> 7, number & 127
        found.append(low | 128 if number else low)
        if not number:
            return bytes(found)


def message(topic, payload):
    """A PUBLISH at QoS 0 (section 3.3)."""
    head = bytes([len(topic) >> 8, len(topic) & 255])
    return b"\x30" + size_of(2 + len(topic) + len(payload)) + head + topic + payload


class Case(unittest.TestCase):
    def setUp(self):
        remove_files()
        self.now_s = NOW
        self.woken = 0
        self.begin()

    def tearDown(self):
        remove_files()

    def begin(self):
        """The gateway begins anew."""
        self.given = []
        self.raised = None
        self.counters = Counters()
        self.commands = Commands(self.counters, TOPIC.decode(), lambda: self.now_s, self.wake)
        self.commands.on("switch", self.carry_out, lasts=1)
        self.commands.on("restart", self.carry_out, lasts=5)
        self.commands.on("identify", self.carry_out)
        self.commands.on("scan", self.carry_out)
        self.commands.on("live", self.read, reads=True)
        self.incoming = Incoming(self.message, None, self.commands.most_bytes)

    def wake(self):
        self.woken += 1

    def message(self, topic, payload, size):
        if payload is None:
            self.commands.skip(size)
        else:
            self.commands.take(topic, payload)

    def carry_out(self, fields):
        if self.raised:
            raise self.raised
        self.given.append(fields)

    async def read(self, fields):
        await asyncio.sleep(0)
        self.carry_out(fields)
        return json.dumps({"number": len(self.given), "text": "\u00e9" * 2000})

    def answers(self, payload=None, work=True):
        """What is answered to a command, as [(id, error)]; error None where all is well."""
        if payload is not None:
            if not isinstance(payload, bytes):
                payload = json.dumps(payload).encode()
            stream = message(TOPIC, payload)
            for at in range(0, len(stream), 32):
                self.incoming.feed(stream[at : at + 32])
        if work:
            asyncio.run(self.commands.work())
        self.said = []

        async def send(topic, pieces, retained=False):
            self.assertEqual((topic, retained), ("gateway/answer", False))
            self.said.append(json.loads("".join(pieces)))

        asyncio.run(self.commands.publish(send))
        for one in self.said:
            self.assertEqual(one["ok"], "error" not in one)
            self.assertEqual("error" in one, "text" in one)
            self.assertEqual(one["time"], self.now_s)
        return [(one["id"], one.get("error")) for one in self.said]


def switch(id, on=True, expires=NOW + 60):
    return {"id": id, "expires": expires, "switch": {"output": "Boiler", "on": on}}


ON = {"output": "Boiler", "on": True}


class Ids(Case):
    def test_once_and_the_same_answer(self):
        for _ in range(3):
            self.assertEqual(self.answers(switch("a")), [("a", None)])
            self.now_s += 100  # the answer is the same when it is late by now
        self.assertEqual(self.given, [ON])
        self.assertEqual(self.counters.counts, {})
        self.assertEqual(self.woken, 3)

    def test_while_it_waits_it_is_answered_once(self):
        self.assertEqual(self.answers(switch("a"), work=False), [])
        self.assertFalse(self.commands.is_idle())
        self.assertEqual(self.answers(switch("a")), [("a", None)])
        self.assertTrue(self.commands.is_idle())
        self.assertEqual(self.given, [ON])

    def test_the_id_of_another_command(self):
        self.answers(switch("a"))
        self.assertEqual(self.answers(switch("a", False)), [("a", "replayed")])
        self.assertEqual(self.given, [ON])

    def test_after_a_restart(self):
        self.answers(switch("a"))
        self.raised = Refused("5710000012 does not answer")
        self.assertEqual(self.answers(switch("b")), [("b", "refused")])
        for _ in range(2):
            self.begin()
            self.assertEqual(self.answers(switch("a")), [("a", None)])
            self.assertEqual(self.answers(switch("b")), [("b", "refused")])
            self.assertEqual(self.said[0]["text"], "5710000012 does not answer")
        self.assertEqual(self.given, [])

    def test_a_power_cut_at_any_byte_of_the_second_answer(self):
        """The first one is known whatever is left of the file; the second one, too, when it is
        whole."""
        self.answers(switch("a"))
        self.answers(switch("b"))
        data = {}
        for name in FILES:
            with open(name, "rb") as file:
                data[name] = file.read()
        newer = max(FILES, key=lambda name: len(data[name]))
        for size in range(len(data[newer]) + 1):
            with open(newer, "wb") as file:
                file.write(data[newer][:size])
            self.begin()
            self.assertEqual(self.answers(switch("a")), [("a", None)])
            self.assertEqual(self.given, [])
            whole = size == len(data[newer])
            self.assertEqual(self.commands.answers.of("b") is not None, whole)

    def test_one_that_was_not_finished(self):
        """Kept while another one was finished, then the gateway began anew."""
        self.answers(switch("a"), work=False)
        self.commands.answers.keep()
        self.begin()
        self.assertEqual(self.answers(switch("a")), [("a", "interrupted")])
        self.assertEqual(self.given, [])

    def test_what_reads_is_done_anew(self):
        live = {"id": "a", "expires": NOW + 60, "live": {"seconds": 5}}
        for number in (1, 2):
            self.assertEqual(self.answers(live), [("a", None)])
            self.assertEqual(self.said[0]["result"], {"number": number, "text": "\u00e9" * 2000})

    def test_what_takes_long_is_refused_in_the_end(self):
        live = {"id": "a", "expires": NOW + 60, "live": {"seconds": 5}}
        self.raised = Refused("the broker does not answer")
        self.assertEqual(self.answers(live), [("a", "refused")])
        self.assertFalse("result" in self.said[0])
        self.assertEqual(self.answers(live), [("a", "refused")])
        self.raised = OSError(5)
        live["id"] = "b"
        self.assertEqual(self.answers(live), [("b", "failed")])

    def test_an_answer_that_can_not_be_sent_stops_no_other(self):
        async def send(topic, pieces, retained=False):
            raise OSError(5)

        self.answers(switch("a"), work=False)
        asyncio.run(self.commands.work())
        try:
            asyncio.run(self.commands.publish(send))
        except OSError:
            pass
        asyncio.new_event_loop()
        self.assertTrue(self.commands.is_idle())
        self.assertEqual(self.answers(switch("a")), [("a", None)])

    def test_full_flash(self):
        def write(_):
            raise OSError(28)

        self.commands.answers._store.write = write
        self.assertEqual(self.answers(switch("a")), [("a", None)])
        self.assertEqual(self.answers(switch("a")), [("a", None)])
        self.assertEqual((self.given, self.counters.counts), ([ON], {"order.unkept": 1}))

    def test_damaged_files(self):
        self.answers(switch("a"))
        from system.durable import Durable

        for value in (b"{", b"[[1]]", b"7"):
            Durable("commands").write(value)
            self.begin()
            self.assertEqual(self.counters.counts, {"order.forgotten": 1})
            self.assertEqual(self.answers(switch("a")), [("a", None)])


class Time(Case):
    def test_late(self):
        for behind, error in ((-1, None), (0, None), (1, "late"), (10**6, "late")):
            id = str(behind)
            self.assertEqual(self.answers(switch(id, expires=NOW - behind)), [(id, error)])
        self.assertEqual(len(self.given), 2)

    def test_late_while_it_waited(self):
        self.answers(switch("a"), work=False)
        self.now_s += 61
        self.assertEqual(self.answers(), [("a", "late")])
        self.assertEqual(self.given, [])

    def test_too_far_ahead(self):
        self.assertEqual(self.answers(switch("a", expires=NOW + 3600)), [("a", None)])
        self.assertEqual(self.answers(switch("b", expires=NOW + 3601)), [("b", "malformed")])

    def test_no_time(self):
        self.now_s = None
        self.assertEqual(self.answers(switch("a")), [("a", "no_time")])
        self.assertEqual(self.answers({"scan": True}), [])
        self.assertEqual(self.given, [{}])
        self.now_s = NOW
        self.assertEqual(self.answers(switch("a")), [("a", None)])


class Wrong(Case):
    def test_names(self):
        for payload, id, error in (
            (b"{", None, "malformed"),
            (b"\xff", None, "malformed"),
            ([], None, "malformed"),
            ({"switch": ON}, None, "malformed"),
            ({"id": "a", "switch": ON}, "a", "malformed"),
            ({"expires": NOW, "switch": ON}, None, "malformed"),
            ({"id": "a", "expires": NOW}, "a", "malformed"),
            ({"id": "a", "expires": NOW, "scan": True, "switch": ON}, "a", "malformed"),
            ({"id": "", "expires": NOW, "switch": ON}, None, "malformed"),
            ({"id": 5, "expires": NOW, "switch": ON}, None, "malformed"),
            ({"id": "x" * 65, "expires": NOW, "switch": ON}, None, "malformed"),
            ({"id": "a", "expires": "soon", "switch": ON}, "a", "malformed"),
            ({"id": "a", "expires": NOW + 0.5, "switch": ON}, "a", "malformed"),
            ({"id": "a", "expires": NOW, "switch": {"output": "B"}}, "a", "malformed"),
            ({"id": "a", "expires": NOW, "sauna": True}, "a", "unknown"),
            ({"id": "a", "expires": NOW, "scan": True, "x": "y" * 30000}, None, "oversized"),
        ):
            self.assertEqual(self.answers(payload), [(id, error)], payload)
        self.assertEqual(self.given, [])
        self.assertEqual(self.answers(switch("a")), [("a", None)])

    def test_whatever_is_raised(self):
        for k, (error, name) in enumerate(
            ((Refused("no"), "refused"), (MemoryError(), "memory"), (OSError(5), "failed"))
        ):
            self.raised = error
            self.assertEqual(self.answers(switch(str(k))), [(str(k), name)])

    def test_too_many_at_once(self):
        for k in range(8):
            self.answers(switch(str(k)), work=False)
        self.assertEqual(self.answers(switch("x"), work=False), [("x", "busy")])
        found = self.answers()
        self.assertEqual(found, [(str(k), None) for k in range(8)])

    def test_more_than_are_remembered(self):
        """32 that have not expired; then the oldest of those that have makes room."""
        for k in range(32):
            self.answers(switch(str(k), expires=NOW + k))
        self.assertEqual(self.answers(switch("x")), [("x", "busy")])
        self.now_s += 3
        self.assertEqual(self.answers(switch("x")), [("x", None)])
        self.assertEqual(self.answers(switch("1")), [("1", None)])
        self.assertEqual(self.answers(switch("0", expires=NOW)), [("0", "late")])

    def test_nobody_fetches_the_answers(self):
        for _ in range(20):
            self.incoming.feed(message(TOPIC, b"{"))
        self.assertEqual(self.answers(), [(None, "malformed")] * 8)
        self.assertEqual(self.counters.counts["order.unanswered"], 12)


def pieces(parts, size):
    """A stream of these, in pieces of so many bytes; what is whole is never in the heap twice."""
    held = b""
    for part in parts:
        at = 0
        while len(held) + len(part) - at >= size:
            until = at + size - len(held)
            yield held + part[at:until]
            held, at = b"", until
        held += part[at:]
    if held:
        yield held


class Long(Case):
    def test_the_longest_and_one_more(self):
        """24,576 bytes with the topic, whatever the pieces."""
        room = 24576 - 2 - len(TOPIC)
        head = b'{"id": "a", "expires": 1764000060, "switch": {"output": "'
        tail = b'", "on": true}}'
        short = message(TOPIC, b'{"scan": true}')
        for spare, error in ((0, None), (1, "oversized")):
            name = b"x" * (room - len(head) - len(tail) + spare)
            long = message(TOPIC, head + name + tail)
            del name
            for step in (1, 7, 32, 4096):
                remove_files()
                self.begin()
                for piece in pieces((long, long, short), step):
                    self.incoming.feed(piece)
                expected = [("a", None)] if error is None else [(None, error)] * 2
                self.assertEqual(self.answers(), expected)
                self.assertEqual(len(self.given), 2 if error is None else 1)

    def test_several_in_one_piece(self):
        """Longer than any other topic's."""
        fields = {"id": "a", "expires": NOW, "switch": {"output": "x" * 600, "on": True}}
        long = message(TOPIC, json.dumps(fields).encode())
        self.incoming.feed(long * 2 + message(TOPIC, b'{"scan": true}'))
        self.assertEqual(self.answers(), [("a", None)])
        self.assertEqual(len(self.given), 2)

    def test_no_other_topic_has_so_much(self):
        self.incoming.feed(message(b"servicelocation/5/plug/1/setstate", b"x" * 600))
        self.assertEqual(self.answers(), [(None, "oversized")])


class Often(Case):
    """What wears the flash: 60 writes at once, then one a minute; a new start is five."""

    def times(self, count, each_s, restart=False):
        """How many of so many are carried out."""
        done = 0
        for k in range(count):
            self.now_s += each_s
            one = {"id": "%d %d" % (self.now_s, k), "expires": self.now_s}
            one.update({"restart": True} if restart else {"switch": ON})
            ((_, error),) = self.answers(one)
            self.assertTrue(error in (None, "too_often"), error)
            done += error is None
            if error is None and restart:
                self.begin()
        return done

    def test_one_a_second(self):
        self.assertEqual(self.times(600, 1), 60 + 9)
        self.assertEqual(self.counters.counts, {"order.refused": 531})
        self.assertTrue(0 < int(self.said[0]["text"].split()[-2]) <= 60)

    def test_what_has_a_new_start(self):
        """The limit is kept over it."""
        self.assertEqual(self.times(1200, 1, restart=True), 12 + 3)
        self.assertEqual(self.times(1, 1), 1)  # what is left is enough for a switch

    def test_one_a_minute_goes_on_for_ever(self):
        self.times(200, 1)
        self.assertEqual(self.times(100, 60), 100)
        self.assertEqual(self.times(50, 300, restart=True), 50)

    def test_others_are_not_counted(self):
        self.times(100, 1)
        for k in range(100):
            self.now_s += 1
            live = {"id": "r%d" % k, "expires": self.now_s, "live": {"seconds": 5}}
            self.assertEqual(self.answers(live), [("r%d" % k, None)])

    def test_a_clock_that_is_set_back_forbids_nothing(self):
        self.times(60, 1)
        self.now_s -= 10**6  # nor are there commands that expire in so long
        self.assertEqual(self.times(3, 60), 2)  # a minute begins anew
        self.now_s += 10**8
        self.assertEqual(self.times(60, 1), 60)

    def test_what_is_refused_is_not_written(self):
        self.times(61, 1)
        self.commands.answers._store.write = None
        self.assertEqual(self.times(1, 1), 0)


if __name__ == "__main__":
    unittest.main()
