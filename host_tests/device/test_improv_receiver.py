"""Improv's packets, found in what a line brings."""

import unittest

from hotspot.improv import Receiver

HEAD = b"IMPROV\x01\x03"


def packet(content):
    whole = HEAD + bytes((len(content),)) + content
    return whole + bytes((sum(whole) & 255,))


class Damaged(unittest.TestCase):
    def found(self, data):
        receiver = Receiver()
        found = []
        for i in range(len(data)):
            found += receiver.feed(data[i : i + 1])
        return found + receiver.silence()

    def test_a_good_one_behind_a_damaged_one(self):
        good = packet(b"\x02\x00")
        bad = good[:-1] + bytes((good[-1] ^ 1,))
        self.assertEqual(self.found(good + bad + good), [b"\x02\x00", None, b"\x02\x00"])

    def test_many_in_one_are_answered_once(self):
        """Answers take the line, and the time of all tasks, longer than it took to ask."""
        inside = (HEAD + b"\x00") * 28
        self.assertEqual(self.found(HEAD + b"\xfc" + inside + b"\x00").count(None), 1)


if __name__ == "__main__":
    unittest.main()
