"""The gateway: builds every part from the board's hardware, the site and the settings, and owns
the tasks.

A task that fails is counted, printed and started again; measuring goes on whatever the others do.
"""

import asyncio
import gc

import bus_b_start
import measuring
import topics
import topics_original as original
import topics_quality
from bus_a import BusA
from bus_a_advice import Advice
from counters import Counters
from front import Front
from intervals import FIVE_MINUTES
from orders import Orders
from tasks import run_all
from uplink import Uplink

_GATEWAY_S = 1
_KEEPALIVE_S = 30
_KEEPALIVE_LTE_S = 600  # a ping every 10 s would be 50 MB a month
_PRESENCE = "presence"
_ORDERS = "gateway/set"
_INPUTS = ("A", "B", "C", "D")
_IDENTIFY_S = 30


def build_measuring(hardware, site, waiting, report_samples=3200):
    """The measuring path of a site on this hardware: a Measuring. `waiting`: called when a
    report waits to be worked through. `report_samples`: see metering.Meter."""
    if site.power_box:
        from power_box import NoBusA

        return measuring.build(NoBusA(), site, hardware.now_ms, waiting, report_samples)
    bus = BusA(
        hardware.a_uart,
        hardware.ticks_us,
        hardware.a_baud,
        site.nodes(),
        3 + len(site.points),
        1 + hardware.entropy() % 65535,
    )
    return measuring.build(bus, site, hardware.now_ms, waiting, report_samples)


class Gateway:
    """hardware: what hardware.make() made of `board`, the board's data; site: site.Site;
    settings: settings.Settings."""

    def __init__(self, hardware, board, site, settings):
        self.hardware = hardware
        self.site = site
        self.counters = Counters()
        self._news = asyncio.Event()
        self._late = 0  # reports put off, of those counted
        self.uplink = None
        self.front = Front(
            hardware,
            board,
            settings,
            self.counters,
            lambda: self._in_cloud() and self._news.set(),
            self._in_cloud,
        )
        self.led = self.front.led
        self.connection = self.front.connection
        self.prefix = topics.prefix(site)
        self.orders = Orders(self.counters)
        self.uplink = Uplink(
            hardware.serial,
            settings.mqtt,
            self.connection.online,
            self.connection.name_server,
            lambda: _KEEPALIVE_LTE_S if self.connection.link == "lte" else _KEEPALIVE_S,
            hardware.set_chip_clock,
            self._greetings,
            (self.prefix + _PRESENCE, "".join(topics.presence(False))),
            self.orders,
            self.counters,
        )
        self._with_cloud = settings.mqtt is not None
        self._with_b = "b" in board.BUSES
        self.measuring = build_measuring(hardware, site, self._news.set)
        bus = self.measuring.bus
        self.advice = bus if site.power_box else Advice(bus, site)
        self.orders.on_topic(self.prefix + _ORDERS, self.orders.named)
        self.orders.on("identify", self._identify)
        self.orders.on("scan", lambda wish: wish and self._scan())
        self.scan_b = asyncio.Event()
        self.bus_b = None  # bus_b_runner.Runner, while something is on the B-bus

    async def run(self):
        """Run all tasks; without end."""
        tasks = [("measure", self._measure), ("publish", self._publish)] + self.front.tasks()
        if self._with_b:
            tasks.append(("bus_b", lambda: bus_b_start.run(self)))
        if self._with_cloud:
            tasks += [("uplink", self.uplink.run), ("uplink_watch", self.uplink.watch)]
        await run_all(self.counters, tasks)

    async def close(self):
        """A clean end: the cloud is told."""
        await self.uplink.close()

    def _identify(self, wish):
        """The order "identify": the LED of a node's input blinks."""
        if not isinstance(wish, dict) or wish.get("input") not in _INPUTS:
            raise ValueError('identify wants {"serial": , "input": "A" to "D", "seconds": }')
        inputs = 1 << _INPUTS.index(wish["input"])
        seconds = min(max(0, int(wish.get("seconds", _IDENTIFY_S))), 600)
        if self.bus_b and self.bus_b.identify(wish["serial"], inputs, seconds):
            return
        self.measuring.bus.identify(wish["serial"], inputs, seconds)

    def _scan(self):
        """The order "scan": both buses."""
        self.measuring.bus.scan()
        if self.bus_b:
            self.bus_b.scan()
        self.scan_b.set()

    async def _measure(self):
        self.measuring.restart()
        step = self.measuring.step
        sleep_us = self.hardware.sleep_us
        while True:
            wait = step()
            if wait:
                await sleep_us(wait)

    async def _publish(self):
        published = 0
        while True:
            try:
                await asyncio.wait_for(self._news.wait(), _GATEWAY_S)
            except asyncio.TimeoutError:
                pass  # no report, but the gateway's own state is told all the same
            self._news.clear()
            if self.measuring.pending:
                for _ in self.measuring.work():
                    await asyncio.sleep_ms(0)
            while self._late != self.measuring.postponed:
                self._late += 1
                self.counters.count("measuring.late")
            self.advice.update(self.measuring.report.readings)
            if self.measuring.reports != published:
                published = self.measuring.reports
                self.front.tell("measuring", True)
                for topic, pieces in self._each_report(self.hardware.now_ms()):
                    await self.send(topic, self._of_one_report(pieces))
            await self._publish_intervals(self.measuring)
            gc.collect()
            await self.send("gateway", self._gateway_state())
            if self.bus_b:
                await self.bus_b.tell()

    def _each_report(self, now_ms):
        """What is published of each report: (topic, pieces)."""
        site, measuring = self.site, self.measuring
        messages = (
            ("realtime", original.realtime(site, measuring.report, measuring.energy, now_ms)),
            ("site", topics.site_state(site, measuring, now_ms)),
            ("quality", topics_quality.state(measuring, now_ms)),
            ("totals", topics.totals_state(site, measuring, now_ms)),
        )
        found = measuring.harmonics.take()
        if found:
            messages += (("harmonics", topics_quality.harmonics(now_ms, *found)),)
        return messages

    async def _publish_intervals(self, measuring):
        completed = measuring.aggregates.intervals.completed
        completed[:] = [interval for interval in completed if interval.length == FIVE_MINUTES]
        while completed and self._in_cloud():
            await self.send("aggregated", original.aggregated(self.site, completed.pop(0)))

    def _of_one_report(self, pieces):
        """The pieces, and None as soon as a newer report has taken the place of theirs."""
        reports = self.measuring.reports
        for piece in pieces:
            yield piece if self.measuring.reports == reports else None

    def _in_cloud(self):
        return self.uplink is not None and self.uplink.connected

    def texts(self):
        """What is wrong: (name, a text for the installer)."""
        modules = self.bus_b.advice() if self.bus_b else []
        trouble = self.uplink.trouble()
        refusal = [("uplink", trouble)] if trouble else []
        return self.advice.texts + modules + self.front.texts() + refusal

    def _gateway_state(self):
        return topics.gateway_state(
            self, self.hardware.now_ms(), self.hardware.uptime_ms(), gc.mem_free()
        )

    async def send(self, topic, pieces, retained=False):
        """Publish under the site's prefix; see Uplink.publish."""
        await self.uplink.publish(self.prefix + topic, pieces, retained)

    def _greetings(self):
        """What is published and retained on every connecting: (topic, function that gives the
        pieces)."""
        now_ms = self.hardware.now_ms()
        site, serial = self.site, self.hardware.serial
        on_b = self.bus_b and self.bus_b.site
        modules, outputs = (on_b.modules, on_b.outputs()) if on_b else ((), ())
        greetings = [
            (_PRESENCE, lambda: topics.presence(True)),
            ("config", lambda: original.config(site, serial, now_ms)),
            ("channelConfigV2", lambda: original.channel_config(site, now_ms)),
            ("sensorConfig", lambda: original.sensor_config(modules, now_ms)),
            ("homeControlConfig", lambda: original.home_control_config(outputs, now_ms)),
        ]
        if self.bus_b:
            greetings += self.bus_b.greetings()
        return [(self.prefix + topic, pieces) for topic, pieces in greetings]
