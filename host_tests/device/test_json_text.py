"""Numbers and texts taken and written without an object, against Python's own."""

import json
import unittest
from array import array

import micropython

from measure.readings import UNKNOWN
from cloud.json_form import Form, quoted
from cloud.json_text import ROOM, UNKNOWN_64, Text

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


def filled(form, most=1000):
    text = Text(form.words)
    text.begin(form)
    while text.fill(most):
        pass
    return text


def written(text, room=ROOM):
    """Its bytes, put together in so much room, of which nothing beyond is touched."""
    data = bytearray(b"#" * (room + 40))
    whole = b"".join([bytes(piece) for piece in text.pieces(memoryview(data)[:room])])
    assert data[room:] == b"#" * 40
    assert len(whole) == len(text)
    return whole


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
                    self.assertEqual(written(filled(form)).decode(), expected)

    def test_64_bits(self):
        values = array("q", LONGS)
        form = Form()
        for i in range(len(LONGS)):
            form.whole(values, i)
            form.put(b" ")
        form.close()
        for most in (1, 7, 1000):
            text = filled(form, most)
            for room in (ROOM, 48, 100):
                expected = "".join("%d " % value for value in LONGS)
                self.assertEqual(written(text, room).decode(), expected)

    def test_unknown(self):
        values, longs = array("i", [UNKNOWN]), array("q", [UNKNOWN_64])
        form = Form()
        for put in (form.number, form.whole):
            form.put(b",")
            put(values if put == form.number else longs, 0)
        form.put(b",")
        form.number(values, 0, 2, 2, zero=True)
        form.close()
        self.assertEqual(written(filled(form)), b",null,null,0")

    def test_json_reads_every_hundredth(self):
        values = array("i", [0])
        form = Form()
        form.number(values, 0, 2)
        form.close()
        text = Text(form.words)
        for value in range(-2000, 2000):
            values[0] = value
            text.clear()
            text.begin(form)
            text.fill(1)
            self.assertAlmostEqual(json.loads(written(text)), value / 100, places=4)


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

    def test_the_longest_is_the_same_in_any_room(self):
        each = b"-21474836.47,-9223372036854775807," + '"ж\\"\\n"'.encode()
        text = filled(self.form)
        for room in range(48, ROOM, 7):
            self.assertEqual(written(text, room), b"{" + each * 3)

    def test_what_was_taken_stays_as_it_was(self):
        text = filled(self.form)
        before = written(text)
        for i in range(3):
            self.values[i] = self.longs[i] = 0
        self.assertEqual(written(text), before)
        self.assertEqual(written(text), before)  # it can be sent again

    def test_bytes_and_forms_in_their_order(self):
        text = Text(2 * self.form.words)
        text.put(b"[")
        for mark in (b",", b"]"):
            text.begin(self.form)
            while text.fill(2):
                pass
            text.put(mark)
        once = written(filled(self.form))
        self.assertEqual(written(text), b"[" + once + b"," + once + b"]")

    def test_a_piece_of_any_length(self):
        form = Form()
        for size in (700, 255, 256, 257, 0):
            form.put(b"abcdefg" * (size // 7) + b"-" * (size % 7))
            form.number(self.values, 0)
        form.close()
        whole = written(filled(form))
        self.assertEqual(len(whole), 700 + 255 + 256 + 257 + 5 * len("-2147483647"))
        self.assertEqual(whole[:700], b"abcdefg" * 100)

    def test_more_numbers_than_there_is_room_for(self):
        text = Text(self.form.words - 1)
        self.assertRaises(ValueError, lambda: text.begin(self.form))

    def test_allocates_nothing(self):
        text, form = Text(self.form.words), self.form
        text.begin(form)
        micropython.heap_lock()
        try:
            text.clear()
            text.put(b"")
            text.begin(form)
            more = text.fill(3)
            more = text.fill(100)
        finally:
            micropython.heap_unlock()
        self.assertFalse(more)


if __name__ == "__main__":
    unittest.main()
