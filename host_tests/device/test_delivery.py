"""What is delivered when, with an uplink and a journal that are none."""

import asyncio
import gc
import json
import sys
import unittest

sys.path.append(__file__.rsplit("/", 3)[0] + "/tools/gateway_host/device")

import messages

from system.counters import Counters
from system.refused import Refused
from cloud.delivery import Delivery
from cloud.rates import Rates


class Uplink:
    """Keeps what it is given until acknowledge()."""

    connected = True
    connects = 1

    def __init__(self):
        self.given = []
        self.waiting = []

    def room(self):
        return 6 - len(self.waiting)

    async def deliver(self, message=None):
        if message:
            name = message.topic[2:]
            value = json.loads(bytes(message.view()))
            if "records" in value:
                records = [record["sequence"] for record in value["records"]]
                value = ("lost", value["lost"], records) if "lost" in value else records
            self.given.append((name, value))
            self.waiting.append(message)

    def acknowledge(self, has=True):
        while self.waiting:
            self.waiting.pop(0).done(has)


class Cursor:
    sequence = 0

    def acknowledge(self, sequence):
        self.sequence = sequence


class Journal:
    """Records of the boots in `boots`, by sequence from 1 on; those in `untimed` have no time."""

    first = 1
    boot = 2
    layout = "11111111"

    def __init__(self, last):
        self.last = last
        self.unread = 0
        self.unreadable = ()
        self.mark = Cursor()
        self.untimed = ()
        self.of_before = ()
        self.gone = ()
        self.layouts = ["11111111"]

    def cursor(self, name):
        return self.mark

    def layout_text(self, name):
        return None if name not in self.layouts else '{"layout":"%s"}' % name

    def read(self, sequence):
        yield None
        while sequence in self.gone:
            self.unread += sequence in self.unreadable
            sequence += 1
        if sequence <= self.last:
            record = messages.minute(2, sequence)
            record.boot = 1 if sequence in self.of_before else 2
            record.layout = "11111111"
            if sequence in self.untimed:
                record.time = None
            yield record


class Case(unittest.TestCase):
    def setUp(self):
        self.now_ms = 5000
        self.uplink, self.journal = Uplink(), Journal(25)
        self.counters = Counters()
        self.requests = {}
        rates = Rates(self.requests, lambda: "ethernet", lambda: 5000)
        self.delivery = Delivery(
            "u/",
            "5010",
            self.journal,
            self.uplink,
            rates,
            lambda: self.now_ms,
            self.counters.count,
        )

    def turn(self, ms=300):
        """All that goes now, and after so many ms of its clock."""
        self.now_ms += ms

        async def run():
            self.delivery._settle()
            while await self.delivery._send_next():
                self.delivery._settle()

        asyncio.run(run())
        given, self.uplink.given = self.uplink.given, []
        return given


class Memory(Case):
    """What is held until it is acknowledged."""

    def held(self, turns):
        """Bytes of heap more than before, behind so many turns."""
        gc.collect()
        before = gc.mem_alloc()
        for _ in range(turns):
            self.turn()
        gc.collect()
        return gc.mem_alloc() - before

    def test_a_minute_takes_its_own_length(self):
        while self.journal.mark.sequence < 25:
            self.turn()
            self.uplink.acknowledge()
        self.turn()
        self.journal.last = 26
        held = self.held(1)
        self.assertEqual(len(self.uplink.waiting), 1)
        self.assertTrue(held < 4000, held)
        self.uplink.acknowledge()
        self.turn()
        gc.collect()
        self.assertTrue(self.held(1) < 500)

    def test_a_backlog_takes_the_room_of_one(self):
        self.journal.last = 200
        held = self.held(6)
        self.assertTrue(len(self.uplink.waiting) >= 3)
        sizes = sum([len(message.view()) for message in self.uplink.waiting])
        self.assertTrue(held < sizes + 12000, (held, sizes))


class Order(Case):
    def test_one_after_the_other_and_the_new_one_first(self):
        layout = ("layout", {"device": "5010", "layout": "11111111"})
        self.assertEqual(self.turn(), [layout, ("history", list(range(1, 11)))])
        self.assertEqual(self.turn(100), [])
        self.journal.last = 26
        self.assertEqual(self.turn(100), [("minutes", [26])])
        self.uplink.acknowledge()
        self.assertEqual(self.turn(), [("history", list(range(11, 21)))])
        self.assertEqual(self.journal.mark.sequence, 10)
        self.uplink.acknowledge()
        self.assertEqual(self.turn(), [("history", list(range(21, 26)))])
        self.uplink.acknowledge()
        self.assertEqual((self.turn(), self.journal.mark.sequence), ([], 26))

    def test_nothing_without_room(self):
        self.journal.last = 200
        for _ in range(10):
            self.turn()
        self.assertEqual(self.uplink.room(), 3)  # for what is new
        self.journal.last = 201
        self.assertEqual(self.turn(), [("minutes", [201])])

    def test_what_is_not_there_any_more(self):
        self.journal.gone = range(4, 26)
        self.journal.last = 30
        self.assertEqual(self.turn()[1], ("history", [1, 2, 3, 26, 27, 28, 29, 30]))
        self.uplink.acknowledge()
        self.assertEqual((self.turn(), self.journal.mark.sequence), ([], 30))

    def test_what_cannot_be_read_for_a_moment(self):
        """It is tried again, every 10 s, before it is passed over."""
        self.journal.gone = self.journal.unreadable = (6, 7)
        self.assertEqual(self.turn()[1], ("history", [1, 2, 3, 4, 5]))
        self.uplink.acknowledge()
        tries = self.journal.unread
        self.assertEqual(self.turn(300), [])
        self.assertEqual(self.journal.unread, tries)
        for ms in (9700, 10000):
            self.assertEqual(self.turn(ms), [])
        self.journal.gone = ()
        self.assertEqual(self.turn(9000), [])
        self.assertEqual(self.turn(1000), [("history", list(range(6, 16)))])
        self.assertEqual(self.counters.counts, {})

    def test_what_cannot_be_read_for_a_minute(self):
        """It is passed over, and that is counted; what is new does not wait for it."""
        self.journal.gone = self.journal.unreadable = (6, 7)
        self.turn()
        self.uplink.acknowledge()
        self.turn()
        self.journal.last = 26
        self.assertEqual(self.turn(10000), [("minutes", [26])])
        self.uplink.acknowledge()
        found = []
        for _ in range(5):
            found += self.turn(10000)
            self.uplink.acknowledge()
        self.assertEqual(found[0], ("history", list(range(8, 18))))
        self.assertEqual(self.counters.counts, {"delivery.unread": 1})
        self.turn()
        self.uplink.acknowledge()
        self.turn()
        self.assertEqual(self.journal.mark.sequence, 26)

    def all_acknowledged(self, ms=300):
        for _ in range(5):
            self.turn(ms)
            self.uplink.acknowledge()
        self.assertEqual(self.journal.mark.sequence, self.journal.last)

    def test_what_is_new_and_cannot_be_read_for_a_moment(self):
        """It goes behind what can be read, which does not stand for it."""
        self.all_acknowledged()
        self.journal.last = 27
        self.journal.gone = self.journal.unreadable = (26, 27)
        for _ in range(9):
            self.assertEqual(self.turn(1000), [])
        self.journal.last = 28
        self.assertEqual(self.turn(1000), [("minutes", [28])])
        self.uplink.acknowledge()
        self.journal.gone = ()
        self.assertEqual(self.turn(10000), [("history", [26, 27])])
        self.assertEqual(self.journal.mark.sequence, 25)
        self.all_acknowledged()
        self.assertEqual(self.counters.counts, {})

    def test_what_is_new_and_cannot_be_read_for_a_minute(self):
        """It is passed over, and that is counted; what waited goes on meanwhile."""
        self.all_acknowledged()
        self.journal.last = 28
        self.journal.gone = self.journal.unreadable = (26, 27)
        self.assertEqual(self.turn(1000), [("minutes", [28])])
        self.uplink.acknowledge()
        for last in (29, 30, 31, 32):
            self.journal.last = last
            self.assertEqual(self.turn(10000), [("minutes", [last])])
            self.uplink.acknowledge()
            self.assertEqual(self.counters.counts, {})
        self.all_acknowledged(10000)
        self.assertEqual(self.counters.counts, {"delivery.unread": 1})

    def test_a_layout_that_is_lost(self):
        self.journal.layouts = []
        self.assertEqual(self.turn(), [("history", list(range(1, 11)))])
        self.assertEqual(self.counters.counts, {"delivery.layout": 1})

    def test_a_topic_that_is_left_out(self):
        """Shorter messages, then one try a minute; nothing is acknowledged."""
        self.turn()
        for count in (3, 1):
            self.uplink.acknowledge(False)
            self.assertEqual(self.turn(), [("history", list(range(1, 1 + count)))])
        self.uplink.acknowledge(False)
        self.assertEqual(self.turn(), [])
        self.assertEqual(self.turn(60000), [("history", [1])])
        self.assertEqual(self.journal.mark.sequence, 0)

    def test_messages_grow_again(self):
        """What the broker did may have had nothing to do with their length."""
        self.journal.last = 200
        self.turn()
        self.uplink.acknowledge(False)
        lengths = []
        for _ in range(70):
            for topic, value in self.turn():
                if topic == "history":
                    lengths.append(len(value))
            self.uplink.acknowledge()
        self.assertEqual(lengths[:36], [3] * 20 + [9] * 15 + [5])
        self.assertEqual(self.journal.mark.sequence, 200)


class Time(Case):
    def test_a_boot_that_does_not_know_it_yet(self):
        self.journal.untimed = range(1, 26)
        self.journal.of_before = range(1, 4)  # they never will
        self.assertEqual(self.turn()[1:], [("history", [1, 2, 3])])
        self.uplink.acknowledge()
        self.assertEqual(self.turn(60000), [])
        self.journal.untimed = ()
        self.assertEqual(self.turn(), [("history", list(range(4, 14)))])

    def test_one_that_never_knows_it(self):
        self.journal.untimed = range(1, 100)
        self.assertEqual(self.turn(), [])
        self.journal.last = 26
        self.assertEqual(self.turn(599000), [])
        self.assertEqual([topic for topic, _ in self.turn(1000)], ["layout", "minutes", "history"])


class Asked(Case):
    def test_once_more_behind_all_else(self):
        self.turn()
        self.uplink.acknowledge()
        self.turn()
        self.delivery.ask(3, 8)
        self.uplink.acknowledge()
        self.turn()
        self.assertEqual(self.journal.mark.sequence, 20)
        self.uplink.acknowledge()
        self.assertEqual(self.turn(), [("history", [3, 4, 5, 6, 7, 8])])
        self.uplink.acknowledge()
        self.assertEqual((self.turn(), self.journal.mark.sequence), ([], 25))

    def test_what_went_as_new_while_the_rest_is_not_acknowledged(self):
        for _ in range(2):
            self.turn()
            self.uplink.acknowledge()
        self.journal.last = 26
        self.assertEqual(self.turn(), [("minutes", [26]), ("history", list(range(21, 26)))])
        self.uplink.waiting.pop(0).done(True)
        self.delivery._settle()
        self.delivery.ask(26, 26)
        self.assertEqual(self.turn(), [("history", [26])])

    def test_ranges_that_overlap(self):
        for _ in range(3):
            self.turn()
            self.uplink.acknowledge()
        self.turn()
        for asked in (4, 8), (6, 12), (2, 5), (20, 22):
            self.delivery.ask(*asked)
        self.assertEqual(self.turn(), [("history", list(range(2, 12)))])
        self.delivery.ask(9, 13)
        self.uplink.acknowledge()
        found = self.turn()
        for _ in range(4):
            self.uplink.acknowledge()
            found += self.turn()
        self.assertEqual(found[-1], ("history", [20, 21, 22]))
        self.assertEqual(found[:-1], [("history", [9, 10, 11, 12, 13])])

    def test_what_is_still_to_be_delivered_comes_once(self):
        """A reader sees a hole in what waits, too, and asks again for what has not come yet."""
        self.turn()
        self.uplink.acknowledge()
        self.journal.last = 26
        self.assertEqual(self.turn(), [("minutes", [26]), ("history", list(range(11, 21)))])
        self.uplink.waiting.pop(0).done(True)
        self.delivery._settle()
        for asked in (1, 30), (1, 30), (3, 8), (11, 25):
            self.delivery.ask(*asked)
        self.uplink.acknowledge()
        found = []
        for _ in range(9):
            found += self.turn()
            self.uplink.acknowledge()
        right = range(21, 26), range(1, 11), (26,)
        self.assertEqual(found, [("history", list(one)) for one in right])
        self.assertEqual(self.delivery._asked, [])

    def asked(self, first, last):
        """What is sent of these, when all of it was delivered."""
        self.delivery._coverage.through = self.journal.last
        self.turn()
        self.delivery.ask(first, last)
        found = []
        for _ in range(6):
            found += [value for topic, value in self.turn() if topic == "history"]
            self.uplink.acknowledge()
        self.assertEqual(self.delivery._asked, [])
        return found

    def test_what_is_lost_is_said_once(self):
        """Between others, and before all others."""
        self.journal.gone = (1, 2, 6, 7, 8, 11)
        right = [
            ("lost", [1, 2], []), [3, 4, 5], ("lost", [6, 8], []), [9, 10], ("lost", [11, 11], []),
            [12],
        ]  # fmt: skip
        self.assertEqual(self.asked(1, 12), right)

    def test_only_what_was_asked_for(self):
        self.journal.gone = range(4, 20)
        self.assertEqual(self.asked(7, 9), [("lost", [7, 9], [])])

    def test_the_end_of_all_is_lost(self):
        self.journal.gone = range(24, 26)
        self.assertEqual(self.asked(24, 30), [("lost", [24, 25], [])])
        self.assertEqual(self.asked(26, 30), [])  # it comes anyway

    def test_what_cannot_be_read_now_may_come_later(self):
        self.journal.gone = self.journal.unreadable = (6, 7)
        self.assertEqual(self.asked(5, 8), [[5], [8]])
        self.journal.gone = self.journal.unreadable = (24, 25)
        self.assertEqual(self.asked(24, 25), [])

    def test_too_much(self):
        with self.assertRaises(Refused):
            self.delivery.ask(5, 4)
        self.delivery._coverage.through = 25
        for k in range(8):
            self.delivery.ask(2 * k + 1, 2 * k + 1)
        with self.assertRaises(Refused):
            self.delivery.ask(20, 21)


if __name__ == "__main__":
    unittest.main()
