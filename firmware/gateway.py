"""The gateway: builds every part from the board's hardware, the site and the settings, and owns
the tasks.

A task that fails is counted, printed and started again; measuring goes on whatever the others do.
"""

import asyncio
import gc
from time import ticks_diff

from micropython import const

from system.counters import Counters
from system.tasks import run_all
from b_bus.port import PortB
from bus_a import BusA
from energy.totals import Totals
from advice.sensors import Advice
from cloud import topics
from cloud import topics_original as original
from cloud.commands import Commands
from cloud.publisher import Publisher
from cloud.rates import Rates
from cloud.uplink import Uplink
from panel.housekeeping import Front
import pipeline

_LOOK_S = 1
_AT_ONCE = const(2)  # steps of measuring without a wait between them
_COLLECT_US = const(5000)  # of a wait in which garbage is collected, at least
_PRESENCE = "presence"
_COMMANDS = "gateway/set"
_INPUTS = ("A", "B", "C", "D")


def build_measuring(hardware, site, waiting, report_samples=3200):
    """The measuring path of a site on this hardware: a Measuring. `waiting`: called when a
    report waits to be worked through. `report_samples`: see metering.Meter."""
    if site.power_box:
        from b_bus.power_box import NoBusA

        return pipeline.build(NoBusA(), site, hardware.now_ms, waiting, report_samples)
    bus = BusA(
        hardware.a_uart,
        hardware.ticks_us,
        hardware.a_baud,
        site.nodes(),
        3 + len(site.points),
        1 + hardware.entropy() % 65535,
    )
    return pipeline.build(bus, site, hardware.now_ms, waiting, report_samples)


class Gateway:
    """hardware: what hardware.make() made of `board`, the board's data; site: site.Site;
    settings: settings.Settings."""

    def __init__(self, hardware, board, site, settings):
        self.hardware = hardware
        self.site = site
        self.counters = Counters()
        self._reports = asyncio.Event()  # one waits to be worked through
        self._late = 0  # reports put off, of those counted
        self._untidy = False  # a collection is due
        self.uplink = None
        self.front = Front(
            hardware,
            board,
            settings,
            self.counters,
            lambda: self._in_cloud() and self.publisher.wake(),
            self._in_cloud,
        )
        self.led = self.front.led
        self.connection = self.front.connection
        self.prefix = topics.prefix(site)
        self.commands = Commands(self.counters, self.prefix + _COMMANDS)
        rates = Rates(settings.publish, lambda: self.connection.link, hardware.uptime_ms)
        self.uplink = Uplink(
            hardware.serial,
            settings.mqtt,
            self.connection.online,
            self.connection.name_server,
            rates.keepalive_s,
            hardware.set_chip_clock,
            self._retained,
            (self.prefix + _PRESENCE, "".join(topics.presence(False))),
            self.commands,
            self.counters,
        )
        self._with_cloud = settings.mqtt is not None
        self._with_b = "b" in board.BUSES
        self.measuring = build_measuring(hardware, site, self._reports.set)
        bus = self.measuring.bus
        self.advice = bus if site.power_box else Advice(bus, site)
        self.publisher = Publisher(
            self.prefix,
            site,
            self.measuring,
            self.uplink,
            self.counters,
            rates,
            hardware.uptime_ms,
            self._publish_b,
        )
        self.publisher.add_state("gateway", self._gateway_state, self._glance)
        self.commands.on("live", lambda fields: rates.live(fields["seconds"]))
        self.commands.on("identify", self._identify)
        self.commands.on("scan", self._scan)
        self.port_b = PortB(
            hardware,
            site,
            self.measuring,
            self.counters.count,
            self.publisher.add_state,
            self._power,
            self._local_s,
        )
        self.port_b.declare(self.commands, self.prefix)

    async def run(self):
        """Run all tasks; without end."""
        tasks = [
            ("measure", 60, self._measure),
            ("work", 60, self._work),
            ("publish", 300, self.publisher.run),
        ]
        tasks += self.front.tasks()
        if self._with_b:
            tasks.append(("bus_b", 600, self.port_b.run))
        if self._with_cloud:
            tasks += [("uplink", 900, self.uplink.run), ("uplink_watch", 60, self.uplink.watch)]
        await run_all(self.counters, tasks, self.front.watch)

    async def close(self):
        """A clean end: the cloud is told."""
        await self.uplink.close()

    def _identify(self, fields):
        """The command "identify": the LED of a node's input blinks."""
        serial, seconds = fields["serial"], fields["seconds"]
        inputs = 1 << _INPUTS.index(fields["input"])
        if not self.port_b.identify(serial, inputs, seconds):
            self.measuring.bus.identify(serial, inputs, seconds)

    def _scan(self, _):
        """The command "scan": both buses."""
        self.measuring.bus.scan()
        self.port_b.scan()

    async def _measure(self, beat):
        """Measure, and collect garbage while the answers to a POLL are on their way."""
        self.measuring.restart()
        step = self.measuring.step
        sleep_us, ticks_us = self.hardware.sleep_us, self.hardware.ticks_us
        at_once = 0  # steps
        while True:
            beat()
            wait = step()
            if self._untidy and wait >= _COLLECT_US:
                self._untidy = False
                began = ticks_us()
                gc.collect()
                wait = max(0, wait - ticks_diff(ticks_us(), began))
            at_once += 1
            if wait:
                at_once = 0
                await sleep_us(wait)
            elif at_once == _AT_ONCE:  # it is behind; the others have their turn all the same
                at_once = 0
                await asyncio.sleep_ms(0)

    async def _work(self, beat):
        """Each report is worked through, and its messages are written, before the next one is."""
        measuring = self.measuring
        while True:
            beat()
            try:
                await asyncio.wait_for(self._reports.wait(), _LOOK_S)
            except asyncio.TimeoutError:
                pass  # no report, but what is wrong is looked at all the same
            self._reports.clear()
            fresh = measuring.pending
            if fresh:
                for _ in measuring.work():
                    await asyncio.sleep_ms(0)
                self.front.tell("measuring", True)
                if self._with_cloud:  # at once: the next report may end, and has another date
                    for _ in self.publisher.write(measuring.ended_ms):
                        await asyncio.sleep_ms(0)
            while self._late != measuring.postponed:
                self._late += 1
                self.counters.count("measuring.late")
            for _ in self.advice.update(measuring.report.values):
                await asyncio.sleep_ms(0)
            self._untidy = True

    def _in_cloud(self):
        return self.uplink is not None and self.uplink.connected

    def texts(self):
        """What is wrong: (name, a text for the installer)."""
        found = self.advice.texts + self.port_b.advice() + self.front.texts()
        return found + self.uplink.advice()

    def _gateway_state(self):
        """The pieces of `gateway`."""
        hardware, uplink = self.hardware, self.uplink
        general = {
            "time": (hardware.now_ms() or 0) // 1000,
            "uptime": hardware.uptime_ms() // 1000,
            "serial": hardware.serial,
            "heapFree": gc.mem_free(),
            "windows": self.measuring.meter.windows,
            "orderRefused": self.commands.refusal,
            "lastEnd": self.front.ends.describe(),
        }
        mqtt = uplink.describe()
        mqtt["dropped"] += self.publisher.dropped
        mqtt["intervalsDropped"] = self.measuring.aggregates.intervals.dropped
        return topics.gateway_state(
            general,
            self.led,
            self.connection.describe(),
            mqtt,
            self.counters.counts,
            self.texts(),
            self.measuring.bus,
            hardware.a_baud,
            len(self.site.points),
        )

    def _glance(self):
        """What people see of `gateway`: it is sent soon when this changes."""
        led, connection = self.led, self.connection
        return (
            (led.state, led.overdue, connection.link, connection.leads, connection.problem),
            (self.uplink.glance(), self.commands.refusal),
            sum(self.counters.counts.values()),
            [name for name, _ in self.texts()],
            [node.state() for node in self.measuring.bus.nodes.all],
        )

    async def _publish_b(self):
        await self.port_b.publish(self.publisher.send, self._in_cloud)

    def _power(self, name):
        """Power in W by the name in a rule of the B-bus, None while it is not measured."""
        totals = Totals(self.site, self.measuring.aggregates.powers)
        if name == "surplus":
            return None if totals.grid is None else -totals.grid
        return getattr(totals, name)

    def _local_s(self):
        """Local epoch seconds, None while the time is not known."""
        now_ms = self.hardware.now_ms()
        return now_ms and now_ms // 1000 + self.site.utc_offset

    def _retained(self):
        """What is retained and published on every connecting: (topic, function that gives the
        pieces)."""
        now_ms = self.hardware.now_ms()
        site, serial = self.site, self.hardware.serial
        on_b = self.port_b.site
        messages = [
            (_PRESENCE, lambda: topics.presence(True)),
            ("config", lambda: original.config(site, serial, now_ms)),
            ("channelConfigV2", lambda: original.channel_config(site, now_ms)),
            ("sensorConfig", lambda: original.sensor_config(on_b.modules, now_ms)),
            ("homeControlConfig", lambda: original.home_control_config(on_b.outputs(), now_ms)),
        ]
        messages += self.port_b.initial()
        return [(self.prefix + topic, pieces) for topic, pieces in messages]
