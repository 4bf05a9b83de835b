"""Runs in the MicroPython interpreter, in a gateway's folder: the firmware's journal, delivery and
uplink, and a measurement that is made up: a minute's energy follows from its number (`energy`
below). A minute takes as long as the machine needs. Standard input, a line of JSON each: first
`serial`, `device` (a number), `port`, `points`, `capacity`, `ahead` (records that may wait); then
`full` (whether the flash is), `stop` (no more minutes), `more` (but for so many), `end`. A line of
standard output says twice a second how far it is."""

import asyncio
import gc
import json
import sys
import time

from system.counters import Counters
from system.durable import Durable
from site import document
from site.sampling import SAMPLE_RATE
from measure.quantities import Report
from energy.aggregates import Aggregates
from energy.record import Record
from energy.registers import Energy
from journal.journal import Journal
from cloud import delivery, hearing, mqtt_client, mqtt_link, pings, uplink
from cloud.commands import Commands
from cloud.rates import Rates

EPOCH = 1764000000  # when minute 1 begins; also in gateway_host/soak/gateways.py
SAMPLES = 60 * SAMPLE_RATE
MAX_WHEN_FULL = 40
RESTS = 3  # reports of a minute without a record: what has time is done behind them
HURRY = 200  # of the clock by which the history is sent slowly
SECOND_MS = 250  # of the uplink's patience
LIVE_MS = 300  # from one minute to the next while there is a connection
LIVE = 10  # minutes of a connection that has delivered all, then the link goes
AWAY = 1000  # minutes that it is away for: delivering these costs a fifth of live ones
PAUSES = 40  # how often a pause between connections goes into its time


def energy(device, minute, point):
    """J; also in gateway_host/soak/gateways.py."""
    return (device * 7919 + minute * 104729 + point * 1299709) % 90000


class Anything:
    def __init__(self, **attributes):
        for name, value in attributes.items():
            setattr(self, name, value)


class Hurried:
    """asyncio with shorter seconds."""

    def __getattr__(self, name):
        return getattr(asyncio, name)

    def sleep(self, seconds):
        return asyncio.sleep_ms(int(seconds * SECOND_MS))

    def wait_for(self, task, seconds):
        return asyncio.wait_for_ms(task, int(seconds * SECOND_MS))


class HurriedPauses(Hurried):
    def sleep_ms(self, ms):
        return asyncio.sleep_ms(ms // PAUSES)


class HurriedMs:
    """asyncio for who counts in the hurried clock's ms."""

    def __getattr__(self, name):
        return getattr(asyncio, name)

    def wait_for_ms(self, task, ms):
        return asyncio.wait_for_ms(task, max(1, ms // HURRY))


class Network:
    away = False

    @staticmethod
    def online():
        return not Network.away

    @staticmethod
    def name_server():
        return "127.0.0.1"


class Flash:
    """Can be full: nothing can be written then."""

    full = False
    plain = Durable.write

    @staticmethod
    def write(file, *words):
        if Flash.full:
            raise OSError(28)
        Flash.plain(file, *words)


Durable.write = Flash.write


def site(points):
    return {
        "version": 1, "name": "Soak", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
        "utc_offset": 0, "scheme": "3x400+N", "frequency": 50, "head": "5020000001",
        "points": [
            {"node": "55%08d" % (i // 4), "input": "ABCD"[i % 4], "ct": "AC-CT-50A",
             "phase": "L%d" % (1 + i % 3), "load": "Load %d" % i}
            for i in range(points)
        ],
        "loads": [
            {"name": "Load %d" % i, "role": "circuit" if i else "grid"} for i in range(points)
        ],
    }  # fmt: skip


class Soak:
    def __init__(self, task):
        self.task = task
        self.counters = Counters()
        self.stopped = self.ended = False
        self.more = self.heard = 0
        self.began = time.ticks_ms()
        place = document.load(json.dumps(site(task["points"])))
        self.points = len(place.points)
        self.uptime = 0
        self.measuring = one = Anything(
            energy=Energy(place), report=Report(place.points), events=Anything(ended=0)
        )
        one.aggregates = Aggregates(place, one.energy)
        one.aggregates.grid = None
        one.ended_ms = None
        one.report.samples = SAMPLES
        kept = Record(place, one.energy, one.aggregates, self.counters.count)
        self.journal = Journal(
            place, one, kept, list, task["capacity"], self.counters.count, self.uptime_ms
        )
        self.made = self.kept = self.kept_before()  # minutes, which are not sequences

    def kept_before(self):
        """Of the last record that an earlier start has kept."""
        for record in self.journal.read(self.journal.last):
            if record:
                return (record.time - EPOCH) // 60
        return 0

    def take_news(self, record):
        self.kept = (record.time - EPOCH) // 60
        self.sender.wake()

    def uptime_ms(self):
        return self.uptime

    def hurried_ms(self):
        return time.ticks_diff(time.ticks_ms(), self.began) * HURRY

    def minute(self):
        """One more is over."""
        number = self.made = self.made + 1
        self.uptime += 60000
        self.measuring.ended_ms = (EPOCH + 60 * number) * 1000
        joules = self.measuring.energy.main.joules
        for i in range(self.points):
            joules[2 * i] += energy(self.task["device"], number, i)
        for _ in self.journal.keep(lambda: True):
            pass

    def rest(self):
        """A moment without a minute: what waits is written."""
        self.measuring.report.samples = 0
        for _ in self.journal.keep(lambda: True):
            pass
        self.measuring.report.samples = SAMPLES

    def acknowledged(self):
        """Up to where the broker has all."""
        return self.journal.describe()["delivered"].get("broker", 0)

    async def measure(self):
        line, live, ahead = self.line, 0, self.task["ahead"]
        while not self.ended:
            waiting = self.journal.last - self.acknowledged()
            behind = self.made - self.kept
            stopped = self.stopped and not self.more
            if waiting > min(AWAY, ahead) or stopped:
                Network.away = False
            if behind > MAX_WHEN_FULL or stopped or waiting > ahead:
                self.uptime += 60000 if behind else 0  # a write that failed is tried again
                self.rest()
                await asyncio.sleep_ms(20)
                continue
            self.more = max(0, self.more - 1)
            self.minute()
            for _ in range(RESTS):
                self.rest()
            live = live + 1 if line.connected else 0
            if live >= LIVE and waiting <= LIVE and not self.stopped:
                Network.away = True
                await line.close()
            await asyncio.sleep_ms(LIVE_MS if line.connected else 0)

    async def guard(self, task):
        """A task that fails ends all."""
        try:
            await task
        except Exception as error:
            sys.print_exception(error)
            sys.exit(1)

    async def obey(self):
        lines = asyncio.StreamReader(sys.stdin)
        while not self.ended:
            command = json.loads(await lines.readline())
            Flash.full = command.get("full", Flash.full)
            self.stopped = command.get("stop", self.stopped)
            self.more += command.get("more", 0)
            self.ended = command.get("end", self.ended)
            self.heard += 1

    async def say(self, line):
        while not self.ended:
            print(
                json.dumps(
                    {
                        "heard": self.heard,
                        "rests": self.stopped and not self.more,
                        "made": self.made,
                        "kept": self.kept,
                        "last": self.journal.last,
                        "oldest": self.journal.first,
                        "acknowledged": self.acknowledged(),
                        "connected": line.connected,
                        "errors": self.counters.counts,
                    }
                )
            )
            await asyncio.sleep_ms(500)

    async def run(self):
        task = self.task
        rates = Rates({}, lambda: "ethernet", self.hurried_ms)
        prefix = "servicelocation/soak-%d/" % task["device"]
        self.commands = Commands(self.counters, prefix + "gateway/set")
        line = uplink.Uplink(
            task["serial"],
            {"host": "127.0.0.1", "port": task["port"], "home_broker": True},
            Network,
            rates.keepalive_s,
            lambda: True,
            list,
            (prefix + "presence", "gone"),
            self.commands,
            self.counters,
        )
        self.line = line
        self.sender = sender = delivery.Delivery(
            prefix, task["serial"], self.journal, line, rates, self.hurried_ms,
            self.counters.count,
        )  # fmt: skip
        self.commands.on("history", lambda fields: sender.ask(fields["from"], fields["to"]))
        self.journal.set_news(self.take_news)
        tasks = line.run(), line.watch(), sender.run(lambda: None), self.measure(), self.say(line)
        for one in tasks:
            asyncio.create_task(self.guard(one))
        await self.obey()
        await line.close()


for module in (pings, mqtt_client, mqtt_link, hearing):
    module.asyncio = Hurried()
uplink.asyncio = HurriedPauses()
delivery.asyncio = HurriedMs()
gc.threshold(1000000)
asyncio.run(Soak(json.loads(sys.stdin.readline())).run())
