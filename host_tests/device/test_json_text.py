"""Numbers and texts written without an object, against Python's own."""

import json
import unittest
from array import array

import micropython

from measure.readings import UNKNOWN
from cloud.json_text import UNKNOWN_64, Form, Text, quoted

INTS = (0, 1, -1, 4, 5, -5, 9, 10, 49, 50, -50, 51, 99, 100, -149, -150, 999, 1000, 32767, 32768)
INTS += (65535, 65536, -65536, 123456, -123456, 1 << 30, (1 << 31) - 1, 1 - (1 << 31), 1999999999)
LONGS = (0, 1, -1, 9999, 10000, 65535, 65536, (1 << 30) - 1, 1 << 30, -(1 << 30), 1 << 31, 1 << 32)
LONGS += (10**10, 10**14, -(10**14), 10**18, (1 << 48) - 1, 1 << 48, (1 << 63) - 1, 1 - (1 << 63))


def scaled(value, decimals, away, truncated):
    """The text by big integers: half away from zero, no zeros at the end."""
    size, unit = abs(value), 10**away
    size = size // unit if truncated else (2 * size + unit) // (2 * unit)
    text = str(size)
    if decimals:
        text = "0" * (decimals + 1 - len(text)) + text
        text = text[:-decimals] + "." + text[-decimals:]
        while text[-1] == "0":
            text = text[:-1]
        if text[-1] == ".":
            text = text[:-1]
    return ("-" if value < 0 and size else "") + text


def filled(form, room=None, most=1000):
    text = Text(form.longest if room is None else room)
    text.begin()
    while text.fill(form, most):
        pass
    return text


class Numbers(unittest.TestCase):
    def test_32_bits(self):
        values = array("i", INTS)
        for decimals in range(6):
            for away in range(5):
                for truncated in (False, True):
                    form = Form()
                    for i in range(len(INTS)):
                        form.put(b"[")
                        form.number(values, i, decimals, away, truncated)
                    form.close()
                    expected = "".join("[" + scaled(v, decimals, away, truncated) for v in INTS)
                    self.assertEqual(bytes(filled(form).view()).decode(), expected)

    def test_64_bits(self):
        values = array("q", LONGS)
        form = Form()
        for i in range(len(LONGS)):
            form.whole(values, i)
            form.put(b" ")
        form.close()
        for most in (1, 7, 1000):
            written = bytes(filled(form, most=most).view()).decode()
            self.assertEqual(written, "".join("%d " % value for value in LONGS))

    def test_unknown(self):
        values, longs = array("i", [UNKNOWN]), array("q", [UNKNOWN_64])
        form = Form()
        for put in (form.number, form.whole):
            form.put(b",")
            put(values if put == form.number else longs, 0)
        form.put(b",")
        form.number(values, 0, 2, 2, zero=True)
        form.close()
        self.assertEqual(bytes(filled(form).view()), b",null,null,0")

    def test_json_reads_every_hundredth(self):
        values = array("i", [0])
        form = Form()
        form.number(values, 0, 2)
        form.close()
        text = Text(form.longest)
        for value in range(-2000, 2000):
            values[0] = value
            text.clear()
            text.begin()
            text.fill(form, 1)
            self.assertAlmostEqual(json.loads(bytes(text.view())), value / 100, places=4)


class Room(unittest.TestCase):
    def setUp(self):
        self.values = array("i", [1 - (1 << 31)] * 3)
        self.longs = array("q", [1 - (1 << 63)] * 3)
        self.form = Form()
        self.form.put(b"{")
        for i in range(3):
            self.form.number(self.values, i, 2)
            self.form.put(b",")
            self.form.whole(self.longs, i)
            self.form.put(b"," + quoted('ж"\n'))
        self.form.close()

    def test_the_longest_fits(self):
        text = filled(self.form)
        self.assertFalse(text.too_long)
        each = b"-21474836.47,-9223372036854775807," + '"ж\\"\\n"'.encode()
        self.assertEqual(bytes(text.view()), b"{" + each * 3)

    def test_nothing_is_written_beyond_the_end(self):
        for size in range(0, self.form.longest, 3):
            room = bytearray(b"#" * (size + 40))
            text = Text(size)
            text._room = room
            text.begin()
            while text.fill(self.form, 2):
                pass
            self.assertEqual(room[size:], b"#" * 40)
            self.assertTrue(text.too_long or size > self.form.longest - 40)
        text = Text(3)
        text.put(b"abcd")
        self.assertTrue(text.too_long)
        self.assertEqual(bytes(text.view()), b"")

    def test_allocates_nothing(self):
        text, form = Text(self.form.longest), self.form
        text.begin()
        micropython.heap_lock()
        try:
            text.clear()
            text.put(b"")
            more = text.fill(form, 3)
            more = text.fill(form, 100)
        finally:
            micropython.heap_unlock()
        self.assertFalse(more)


if __name__ == "__main__":
    unittest.main()
