"""The engineer's lock and console: who gets in, how slowly who does not, what is answered."""

import os
import unittest

from panel.engineer import Engineer
from panel.lock import Lock

PASSWORD = "k7m2xw9pq4ht"


def remove():
    for name in ("tries.0", "tries.1"):
        if name in os.listdir():
            os.remove(name)


class Base(unittest.TestCase):
    def setUp(self):
        remove()
        self.now_s = 1000

    def tearDown(self):
        remove()

    def make(self):
        return Lock(lambda: PASSWORD, lambda: self.now_s * 1000)


class Tries(Base):
    def test_the_password_and_nothing_like_it(self):
        lock = self.make()
        for wrong in ("", PASSWORD[:-1], PASSWORD + "x"):
            self.assertFalse(lock.opens(wrong))
        self.now_s += 300
        self.assertTrue(lock.opens(PASSWORD))
        self.assertEqual(lock.wait_s(), 0)

    def test_wrong_tries_are_slowed_also_over_a_restart(self):
        waits = []
        lock = self.make()
        for _ in range(14):
            lock.opens("wrong")
            waits.append(lock.wait_s())
            self.now_s += waits[-1]
        self.assertEqual(waits, [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
        self.now_s = 0  # a new start, whose uptime begins at 0
        lock = self.make()
        self.assertEqual(lock.wait_s(), 300)
        self.assertFalse(lock.opens(PASSWORD))
        self.now_s = 299
        self.assertFalse(lock.opens(PASSWORD))
        self.now_s = 300
        self.assertTrue(lock.opens(PASSWORD))
        self.assertEqual(self.make().wait_s(), 0)

    def test_a_count_that_is_damaged_is_the_worst(self):
        for name in ("tries.0", "tries.1"):
            with open(name, "w") as file:
                file.write("x")
        self.assertEqual(self.make().wait_s(), 300)


class Console(Base):
    def setUp(self):
        super().setUp()
        self.service, self.found = True, None
        self.written = []
        names = {"gw": 7, "set": lambda name, value: setattr(self, name, value)}
        way = self.written.append, lambda: self.service, self.make, lambda: names
        self.engineer = Engineer(*way)

    def type(self, text):
        """What is written to it; whether each byte was the engineer's alone."""
        self.written.clear()
        taken = [self.engineer.take(byte) for byte in text.encode()]
        return "".join(self.written), taken

    def test_locked_unlocked_locked(self):
        self.assertEqual(self.type("gw\r"), ("", [False] * 3))
        said, _ = self.type("unlock wrong\r")
        self.assertTrue("not the password" in said)
        said, taken = self.type("unlock %s\r" % PASSWORD)
        self.assertFalse(PASSWORD in said)
        self.assertFalse(True in taken)  # Improv sees them too, and finds no packet in them
        self.assertTrue(said.endswith("exit\r\n--> "))
        said, taken = self.type("set('found', gw)\r")
        self.assertEqual((self.found, False in taken), (7, False))
        self.type("set('found', gw + 1); x = 3\r")
        self.type("set('found', x)\r")
        self.assertEqual(self.found, 3)
        self.type("exit\r")
        self.assertEqual(self.type("set('found', 1)\r")[1][0], False)
        self.assertEqual(self.found, 3)

    def test_only_in_service_mode(self):
        self.service = False
        said, _ = self.type("unlock %s\r" % PASSWORD)
        self.assertTrue("press the button" in said)
        self.service = True
        self.type("unlock %s\r" % PASSWORD)
        self.service = False
        said, taken = self.type("set('found', 1)\r")
        self.assertTrue("locked" in said and True not in taken)
        self.assertEqual(self.found, None)

    def test_who_has_to_wait_is_told_so(self):
        for _ in range(3):
            self.type("unlock wrong\r")
        self.assertTrue("wait 1 s" in self.type("unlock %s\r" % PASSWORD)[0])
        self.now_s += 1
        self.assertTrue("gw.status()" in self.type("unlock %s\r" % PASSWORD)[0])

    def test_what_is_wrong_ends_nothing(self):
        self.type("unlock %s\r" % PASSWORD)
        for wrong in ("1/0", "nothing", "(", "x" * 500):
            self.type(wrong + "\r")
        self.type("set('found\x08d', 5)\x7f)\r")
        self.assertEqual(self.found, 5)


if __name__ == "__main__":
    unittest.main()
