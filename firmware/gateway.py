"""The gateway: builds every part from the board's hardware, the site and the settings, and owns
the tasks.

A task that fails is counted, printed and started again; measuring goes on whatever the others do.
"""

import asyncio

from micropython import const

from system.counters import Counters
from system.log import Log
from system.tasks import run_all
from b_bus.port import PortB
from b_bus.site_meters import meters_of
from a_bus import state as a_bus
from energy.record import Record
from energy.totals import Totals
from journal import room
from journal.journal import Journal
from advice.sensors import Advice
from cloud.commands import Commands
from cloud.delivery import Delivery
from cloud.home_assistant import HomeAssistant
from cloud.maintenance import Maintenance
from cloud.publisher import Publisher
from cloud.rates import Rates
from cloud.renewal import Renewal
from cloud.retained import Retained, prefix_of
from cloud.state import State, advice_part
from cloud.uplink import Uplink
from update.offer import updater_of
from installer.service_page import Reach, ServicePage
from panel.housekeeping import Housekeeping
from assembly import build_measuring
from measuring_loop import MeasuringLoop
from other_gateways import feeds_of
from site_change import SiteChange

_COMMANDS = "gateway/set"
_INPUTS = ("A", "B", "C", "D")
_SINCE_S = const(1735689600)  # 2025-01-01, see journal.Journal
_CALM_BLOCKS = const(3)  # that the A-bus may be behind while the flash is written


class Gateway:
    """hardware: what hardware.make() made of `board`, the board's data; site: document.Site;
    settings: settings.Settings; improv: improv.Improv or None."""

    def __init__(
        self,
        hardware: BoardHardware,
        board: Board,
        site: Site,
        settings: Settings,
        improv: Improv | None = None,
    ):
        self.hardware = hardware
        self.site = site
        self._log = Log(hardware.uptime_ms)
        self.counters = Counters(self._log)
        seen = lambda: self.site, lambda: self.measuring, lambda: self.advice
        seen += lambda: self.port_b.devices(), self.texts
        done = self._identify, self._scan, lambda change: self._maintenance.edit(change)
        page = ServicePage(hardware, self.counters.count, Reach(*seen, *done, self._spend))
        way = self._on_led, self._in_cloud, improv, page
        self.housekeeping = Housekeeping(hardware, board, settings, self.counters, *way)
        self.led = self.housekeeping.led
        self.connection = self.housekeeping.connection
        prefix = prefix_of(site)
        self.commands = Commands(
            self.counters,
            prefix + _COMMANDS,
            self._now_s,
            lambda: self.publisher.wake(),
            self._is_calm,
        )
        rates = Rates(settings.publish, lambda: self.connection.link, hardware.uptime_ms)
        self._retained = retained = Retained(
            prefix,
            site,
            hardware.serial,
            rates,
            hardware.now_ms,
            lambda: self.port_b.site.modules,
            lambda: self.port_b.site.outputs(),
            lambda: self.port_b.initial(),
        )
        self.uplink = Uplink(
            hardware.serial,
            settings.mqtt,
            self.connection,
            rates.keepalive_s,
            self.housekeeping.set_chip_clock,
            retained.messages,
            retained.will(),
            self.commands,
            self.counters,
        )
        self._with_cloud = settings.mqtt is not None
        self._with_b = "b" in board.BUSES
        reports = asyncio.Event()
        self.measuring = build_measuring(hardware, site, reports.set)
        energy, aggregates = self.measuring.energy, self.measuring.aggregates
        record = Record(site, energy, aggregates, self.counters.count)
        self.journal = Journal(
            site,
            self.measuring,
            record,
            lambda: self.port_b.pulses(),
            room.capacity(),
            self.counters.count,
            hardware.uptime_ms,
            _SINCE_S,
        )
        way = self.journal, self.uplink, rates, hardware.uptime_ms, self.counters.count
        self._delivery = Delivery(prefix, hardware.serial, *way)
        self.journal.set_news(lambda _: self._delivery.wake())
        way = settings.site_key, self.measuring, self.connection.online, self._is_calm
        self._feeds = feeds_of(hardware, site, *way, self.counters)
        self._watch = settings.commission
        self._advise(site)
        self.publisher = Publisher(
            prefix,
            site,
            self.measuring,
            self.uplink,
            self.counters,
            rates,
            hardware.uptime_ms,
            self._publish_b,
        )
        self._loop = MeasuringLoop(
            hardware, self.measuring, reports, self._on_report, self._look, self.counters.count
        )
        state = State(self._parts())
        self.publisher.add_state("gateway", state.pieces, state.glance)
        self.commands.on("live", lambda fields: rates.live(fields["seconds"]))
        self.commands.on("history", lambda f: self._delivery.ask(f["from"], f["to"]))
        self.commands.on("identify", self._identify)
        self.commands.on("scan", self._scan)
        self.commands.on("commission", lambda f: self.advice.commission(f), reads=True)
        way = self.publisher.add_state, self._power, self._now_s
        self.port_b = PortB(hardware, site, self.measuring, self.counters.count, *way)
        self.port_b.declare(self.commands, prefix)
        meters = meters_of if self._with_b else None
        self._change = SiteChange(
            hardware,
            site,
            self.measuring,
            self.journal,
            record,
            self.counters.count,
            self._use_site,
            lambda: retained.publish(self.uplink.publish),
        )
        way = self._change.apply, self._log, self.commands, self.close, self.housekeeping.restart
        free = self.journal.undelivered, lambda: self.housekeeping.give_back(self._now_s())
        self._maintenance = Maintenance(site.uuid, settings, meters, hardware.serial, *way, *free)
        self._maintenance.declare()
        way = self.connection, self.uplink, self.commands, self.counters, self._now_s
        self._renewal = Renewal(hardware.serial, settings, *way)
        way = self.connection, self.counters, self.housekeeping.set_event, self._is_calm
        end = lambda: self.measuring.reports, self._in_cloud, self._maintenance.begin_anew
        self._updater = updater_of(hardware, *way, *end)
        self._updater.declare(self.commands)
        self._home_assistant = HomeAssistant(
            settings, site, prefix, hardware, self.port_b.site, rates, self.uplink, self.counters
        )
        self._home_assistant.declare(self.commands)

    async def run(self) -> None:
        """Run all tasks; without end."""
        tasks = [
            ("measure", 60, self._loop.measure),
            ("work", 60, self._loop.work),
            ("publish", 300, self.publisher.run),
        ]
        tasks += self.housekeeping.tasks(self.texts)
        if self._with_b:
            tasks += [("bus_b", 600, self.port_b.run)]
        tasks += self._updater.tasks() + [task for feed in self._feeds for task in feed.tasks()]
        if self._with_cloud:
            tasks += [("uplink", 900, self.uplink.run), ("uplink_watch", 60, self.uplink.watch)]
            tasks += [("commands", 300, self.commands.run), ("renewal", 60, self._renewal.run)]
            tasks += [("deliver", 300, self._delivery.run)]
            tasks += [("home_assistant", 300, self._home_assistant.run)]
        await run_all(self.counters, tasks, self.housekeeping.watch)

    def keep(self) -> None:
        """An end, whatever it is: registers and journal are kept."""
        self.journal.keep_now()

    async def close(self) -> None:
        """A clean end: all is kept, the cloud gets a good-bye."""
        self.keep()
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

    def _on_led(self):
        """The LED's state has changed."""
        self._log.note("LED: " + self.led.state)
        if self._in_cloud():
            self.publisher.wake()

    def _on_report(self, ended_ms):
        """A report was worked through: a generator, which writes its messages."""
        self.housekeeping.set_event("measuring", True)
        if self._with_cloud:
            yield from self.publisher.write(ended_ms)
        yield from self.journal.keep(self._is_calm)

    def _is_calm(self):
        """Whether the buses can wait for the flash: the A-bus is not behind."""
        return self.measuring.bus.behind() <= _CALM_BLOCKS

    def _look(self):
        """What is wrong on the A-bus, and another site that waits: a generator."""
        yield from self._change.steps()
        yield from self.advice.update(self.measuring.report, self.measuring.reports)

    def _use_site(self, site):
        """Measuring has gone over to it."""
        self.site = site
        self._advise(site)
        self.port_b.change(site)
        for feed in self._feeds:
            feed.change(site)
        self.publisher.change(site)
        self._retained.change(site)
        self._home_assistant.change(site)

    def _advise(self, site):
        bus: Any = self.measuring.bus  # a Power Box's gives no advice either
        last = self.measuring.reports
        self.advice = bus if site.power_box else Advice(bus, site, self._watch, last)

    def _in_cloud(self):
        return self.uplink.connected

    def texts(self) -> list[AdviceText]:
        """What is wrong: (name, a text for the installer)."""
        uplink = self.uplink.advice()
        found = self.advice.texts + self.port_b.advice() + self.housekeeping.texts(bool(uplink))
        found += self.journal.advice(self.counters.counts)
        found += self._change.advice(self.counters.counts)
        found += [text for feed in self._feeds for text in feed.texts()]
        return found + [one for one in uplink if ("certificate", one[1]) not in found]

    def _parts(self):
        """Of the message `gateway`, see cloud.state.State."""
        measuring, counts = self.measuring, self.counters.counts
        own = (
            ("site", lambda: self.site.fingerprint, lambda: self.site.fingerprint),
            ("mqtt", self.publisher.describe, self.uplink.glance),
            ("orderRefused", lambda: self.commands.refusal, lambda: self.commands.refusal),
            ("errors", lambda: counts, lambda: sum(counts.values())),
            advice_part(self.texts),
            ("journal", self.journal.describe, None),
            ("update", lambda: self._updater.describe(), lambda: self._updater.glance()),
            ("windows", lambda: self.measuring.meter.windows, None),
            ("aBus", self._describe_a, lambda: a_bus.glance(measuring.bus)),
        )
        gathered = tuple([("gateways", feed.describe, feed.glance) for feed in self._feeds])
        return self.housekeeping.state_parts() + own + gathered

    def _describe_a(self):
        baud, points = self.hardware.a_baud, len(self.site.points)
        return a_bus.describe(self.measuring.bus, baud, points)

    async def _publish_b(self):
        await self.commands.publish(self.publisher.send)
        await self.port_b.publish(self.publisher.send, self._in_cloud)

    def _power(self, name):
        """Power in W by the name in a rule of the B-bus, None while it is not measured."""
        return getattr(Totals(self.site, self.measuring.aggregates.powers), name)

    def _spend(self, writes):
        now_ms = self.hardware.now_ms() or self.hardware.uptime_ms()
        self.commands.answers.spend(writes, now_ms // 1000)

    def _now_s(self):
        """Epoch seconds, None while the time is not known."""
        now_ms = self.hardware.now_ms()
        return now_ms and now_ms // 1000
