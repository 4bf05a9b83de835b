"""What is wrong is said once, and again when it was over meanwhile."""

import asyncio
import unittest

from panel import console


class Said(unittest.TestCase):
    def setUp(self):
        self.lines = []
        console.print = self.lines.append
        self.console = console.Console()

    def tearDown(self):
        del console.print

    def look(self, *wrong):
        asyncio.run(self.console.look([("uplink", text) for text in wrong]))
        self.assertEqual(self.console.said, list(wrong))
        lines, self.lines[:] = list(self.lines), []
        return lines

    def test_once(self):
        self.assertEqual(self.look(), [])
        self.assertEqual(self.look("a", "b"), ["advice: a", "advice: b"])
        self.assertEqual(self.look("b", "a", "c"), ["advice: c"])
        self.assertEqual(self.look("c"), [])
        self.assertEqual(self.look("a", "c"), ["advice: a"])


if __name__ == "__main__":
    unittest.main()
