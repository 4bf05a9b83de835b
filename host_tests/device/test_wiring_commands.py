"""On the device: commands from a phone wear the flash no more than those from the cloud do, and a
change that fails leaves a record of what is so."""

import asyncio
import json
import os
import unittest

from system.counters import Counters
from system.refused import Refused
from cloud.commands import Commands
from installer.commands import PhoneCommands, Wrong

NOW = 1764000000
NODE = "5500000190"
FORM = "application/x-www-form-urlencoded"


def remove_files():
    for name in os.listdir():
        if name.split(".")[0] in ("commands", "wiring", "site"):
            os.remove(name)


class Thing:
    def __init__(self, **fields):
        for name, value in fields.items():
            setattr(self, name, value)


class Wiring:
    """As installer.service_page.Reach: a site of one input that is configured on L1, and lies on
    L2. fails: what edit() raises, before site.json is written or behind it."""

    def __init__(self, now_s):
        self.raised = None
        self.behind = False
        self.answer = '{"restarts": false}'
        self.phases = "L1", "L2"
        self.commands = Commands(Counters(), "gateway/set", now_s)
        self.spend = lambda writes: self.commands.answers.spend(writes, now_s())
        self.write()

    def write(self):
        with open("site.json", "w") as file:
            json.dump({"points": [{"node": NODE, "input": "A", "phase": self.phases[0]}]}, file)

    def site(self):
        return self._site

    _site = Thing(
        fingerprint="0badcafe",
        loads=[Thing(name="Oven")],
        points=[Thing(load=0, reversed=False)],
    )

    def advice(self):
        remedy = {"phase": self.phases[1], "reversed": False}
        return Thing(describe=lambda: [
            {"point": 0, "node": NODE, "input": "A", "phase": self.phases[0], "remedy": remedy}
        ])  # fmt: skip

    async def edit(self, change):
        if self.raised and not self.behind:
            raise self.raised
        with open("site.json") as file:
            change(json.load(file))
        self.phases = self.phases[1], self.phases[0]
        self.write()
        if self.raised:
            raise self.raised
        return self.answer


class Phone(unittest.TestCase):
    def setUp(self):
        remove_files()
        self.now_s = NOW
        self.counters = Counters()
        self.wiring = Wiring(lambda: self.now_s)
        self.commands = PhoneCommands(self.wiring, lambda: self.now_s, self.counters.count)

    def tearDown(self):
        remove_files()

    def apply(self):
        """The job behind the command, or the name of what it is refused by."""
        remedy = "0:%s:0" % self.wiring.phases[1]
        body = "token=%s&load=0&site=0badcafe&remedy=%s" % (self.commands.token, remedy)
        request = Thing(fields={"content-type": FORM}, body=body.encode())

        async def command():
            await self.commands.carry_out(request, "apply")
            while self.commands.job[1] == "busy":
                await asyncio.sleep_ms(0)

        try:
            asyncio.run(command())
        except Wrong as wrong:
            return wrong.said[0]
        return self.commands.job[1]

    def test_the_flash_is_worn_no_more_than_by_commands(self):
        """60 writes at once, of which each command has five, then one a minute; kept over a new
        start, and the same for both."""
        done = []
        for _ in range(20):
            self.now_s += 1
            done.append(self.apply())
        self.assertEqual(done, 12 * ["done"] + 8 * ["too_often"])
        self.assertEqual(len(self.commands.changes.entries), 12)
        again = Wiring(lambda: self.now_s)
        self.assertRaises(Refused, again.spend, 5)
        self.now_s += 5 * 60
        self.assertEqual(self.apply(), "done")
        self.assertEqual(self.apply(), "too_often")

    def test_what_failed_before_it_was_written_is_not_recorded(self):
        for raised, state in ((Refused("full"), "refused"), (MemoryError(), "unknown")):
            self.wiring.raised = raised
            self.assertEqual(self.apply(), state)
            self.assertEqual(self.commands.changes.entries, [])
        self.assertEqual(self.counters.counts, {"wiring.failed": 1})

    def test_what_failed_behind_that_is_recorded(self):
        """site.json has it: there is a way back."""
        self.wiring.raised = OSError(5)
        self.wiring.behind = True
        self.assertEqual(self.apply(), "unknown")
        (entry,) = self.commands.changes.entries
        self.assertEqual(entry["points"], [[NODE, "A", "L1", False, "L2", False]])

    def test_a_change_that_takes_a_new_start(self):
        self.wiring.answer = '{"restarts": true}'
        self.assertEqual(self.apply(), "restarts")


if __name__ == "__main__":
    unittest.main()
