"""Records as JSON, read again by MicroPython's json, and what writing them takes of the heap."""

import gc
import json
import sys
import unittest

sys.path.append(__file__.rsplit("/", 3)[0] + "/tools/gateway_host/device")

import messages

from cloud.history_text import HEAD, HistoryText, room_for


def written(*records, size=10000):
    """The records of a message, as they are read again."""
    text = HistoryText(size)
    text.begin("5100000123", "9c41d2e7", True, 12)
    for record in records:
        assert text.add(record)
    text.end()
    value = json.loads(bytes(text.view()))
    assert len(value["records"]) == text.records == len(records)
    return value


class Written(unittest.TestCase):
    def test_head(self):
        value = written(messages.minute(2, 16))
        del value["records"]
        right = {"device": "5100000123", "layout": "9c41d2e7", "historical": True, "oldest": 12}
        self.assertEqual(value, right)

    def test_a_minute(self):
        (value,) = written(messages.minute(5, 16))["records"]
        self.assertEqual(
            value,
            {
                "sequence": 16,
                "time": 1764000960,
                "seconds": 60,
                "boot": 117,
                "import": [720000, 720001, 720002, 720003, 0],
                "export": [0, 0, 0, 0, 720004],
                "estimated": 0,
                "grid": [-12345, 12345],
                "voltages": [[2284, 2319]] * 3,
                "pulses": {"5700000011": [0, 12, 0, 0]},
                "events": 0,
            },
        )

    def test_what_is_not_known(self):
        record = messages.minute(2, 15)
        record.time = record.grid = None
        record.imported, record.exported = [None, 5], [None, 0]
        record.missing = [192000, 0]
        record.voltages = [(-1, 2319), None, None]
        record.power = [None, (-7, -2147483647)]
        record.pulses = {"5700000011": [None, 1, 2, 3], "5700000012": [None] * 4}
        record.estimated, record.events = 17, 2
        (value,) = written(record)["records"]
        self.assertEqual((value["time"], value["grid"]), (None, None))
        self.assertEqual((value["import"], value["export"]), ([None, 5], [None, 0]))
        self.assertEqual(value["missing"], [192000, 0])
        self.assertEqual(value["voltages"], [[-1, 2319], None, None])
        self.assertEqual(value["power"], [None, [-7, -2147483647]])
        self.assertEqual(value["pulses"], record.pulses)
        self.assertEqual((value["estimated"], value["events"]), (17, 2))

    def test_more_than_a_minute(self):
        record = messages.minute(1, 30)
        record.first, record.seconds = 16, 900
        (value,) = written(record)["records"]
        self.assertEqual((value["first"], value["sequence"], value["seconds"]), (16, 30, 900))

    def test_behind_a_power_cut(self):
        record = messages.minute(1, 30)
        record.cut = True
        (value,) = written(record)["records"]
        self.assertTrue(value["cut"] is True)

    def test_a_time_beyond_31_bits(self):
        record = messages.minute(1, 1)
        record.time = 1 << 32
        self.assertEqual(written(record)["records"][0]["time"], 1 << 32)

    def test_energies_beyond_30_bits(self):
        """What a point has counted in days, when it comes back. The right text is CPython's."""
        text = HistoryText(10000)
        text.begin("5100000123", "9c41d2e7", False, 1)
        record = messages.minute(1, 16)
        edges = (1 << 30, 1 << 31, 1 << 32)
        record.imported = [n + d for n in edges for d in (-1, 0, 1)] + [3000000000, 5000000000]
        record.exported = [-n for n in record.imported] + [None, 0, -1, 9223372036854775807]
        self.assertTrue(text.add(record))
        text.end()
        written = bytes(text.view())
        imported = (
            b"1073741823,1073741824,1073741825,2147483647,2147483648,2147483649,"
            b"4294967295,4294967296,4294967297,3000000000,5000000000"
        )
        exported = b"-" + imported.replace(b",", b",-") + b",null,0,-1,9223372036854775807"
        right = b'"import":[%s],"export":[%s],' % (imported, exported)
        self.assertTrue(right in written, written)

    def fill(self, record):
        """Messages of many sizes with as many of this record as they take."""
        for size in range(1000, 6000, 97):
            text = HistoryText(size)
            text.begin("5100000123", "9c41d2e7", False, 1)
            while text.add(record):
                pass
            text.end()
            self.assertTrue(len(text.view()) <= size)
            json.loads(bytes(text.view()))

    def test_long_energies_do_not_go_beyond_the_room(self):
        record = messages.minute(28, 16)
        record.imported = record.exported = record.missing = [-9223372036854775807] * 28
        self.fill(record)

    def test_none_goes_beyond_the_room(self):
        """The longest numbers that there are."""
        record = messages.minute(28, 15)
        record.imported = record.exported = record.missing = [-2147483647] * 28
        record.power = [(-2147483647, -2147483647)] * 28
        record.voltages = record.power[:3]
        record.pulses = {"57000000%d" % k: [-2147483647] * 4 for k in range(10, 20)}
        record.sequence = record.first = record.boot = 2147483647
        self.fill(record)

    def test_there_is_room_for_as_many_as_it_was_made_for(self):
        """Also where later ones have powers, and the first has none."""
        for points, count in ((1, 1), (28, 1), (28, 4), (6, 10)):
            first = messages.minute(points, 16)
            text = HistoryText(room_for(first, count))
            text.begin("5100000123", "9c41d2e7", False, 2147483647)
            self.assertTrue(text.add(first))
            for _ in range(count - 1):
                self.assertTrue(text.add(messages.minute(points, 15)))
            text.end()

    def test_what_is_lost_needs_the_head_alone(self):
        text = HistoryText(HEAD)
        text.begin("5100000123", "9c41d2e7", False, 2147483647, (2147483646, 2147483647))
        text.end()
        lost = json.loads(bytes(text.view()))["lost"]
        self.assertEqual(lost, [2147483646, 2147483647])

    def test_it_allocates_little(self):
        """A record of 28 points in at most 160 bytes of heap: its time."""
        record = messages.minute(28, 16)
        text = HistoryText(10000)
        text.begin("5100000123", "9c41d2e7", False, 1)
        text.add(record)
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        for _ in range(10):
            text.add(record)
        taken = (gc.mem_alloc() - before) // 10
        gc.enable()
        print("allocated for a record: %d" % taken)
        word = 4 if sys.maxsize < 1 << 32 else 8
        self.assertTrue(taken <= word // 4 * 160)


if __name__ == "__main__":
    unittest.main()
