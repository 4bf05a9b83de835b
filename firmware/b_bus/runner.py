"""The work on the B-bus: searching, polling once a second, automations.

Owns the rounds. A device that fails is polled less and less (device.Device); every failure is
counted.
"""

import asyncio
from time import ticks_add, ticks_diff

from micropython import const

from system.refused import Refused
from system.watchdog import unwatched
from b_bus import messages
from b_bus.device import assign
from b_bus.members import Members
from b_bus.modbus import EXCEPTION, SILENT, ModbusError
from b_bus.news import News

_ROUND_US = const(1000000)
_METERS_US = const(700000)  # of a round, after which no meter begins
_MAX_SELECTIONS = const(8)


class Runner:
    """`members`: members.Members; `news`: news.News; `share`: of the last round that the line was
    in use, in percent.

    bus: bus_b.BusB. hardware: its clocks and sleep, and `entropy` and `has_b_modules`. named:
    site.BusBSite. switching: switching.Switching, or None. count: counts an error by name.
    power(name): what a rule looks at, W or None. now_s(): epoch seconds or None.
    zone: zone.Zone."""

    def __init__(
        self,
        bus: BusB,
        hardware: BoardHardware,
        named: BusBSite,
        switching: Switching | None,
        count: Count,
        power: Callable[[str], float | None],
        now_s: NowMs,
        zone: Zone,
    ):
        self.news = News(hardware.now_ms, count)
        self.members = Members(bus, hardware.has_b_modules, self._begin)
        self.share: float = 0
        self._bus = bus
        self._hardware = hardware
        self._switching = switching
        self._count = count
        self._power = power
        self._now_s = now_s
        self._zone = zone
        self._named = named
        self._totals = None
        self._scan = False
        self._turn = 0  # the meter whose turn it is
        self._selections = 0  # commands `identify` that are carried out

    def _begin(self, module):
        """Join a module that is new to what it reports to."""
        if module.KIND == "input":
            if self._totals is None:
                from b_bus.input_module import PulseTotals

                self._totals = PulseTotals()
                if self._totals.damaged:
                    self._count("bus_b.totals_lost")
            uptime_ms = self._hardware.uptime_ms
            module.begin(self._totals, self._count, self.news.add_event, uptime_ms)
        else:
            module.begin(self._changed)

    def _changed(self, module, output):
        output.changed(self._hardware.now_ms())
        self.news.add_change(module, output)

    async def run(self, beat: Beat = unwatched) -> None:
        """Search with a new session, then poll and switch, without end. beat: called in each
        round."""
        await self.members.search(1 + self._hardware.entropy() % 65535)
        tasks = [asyncio.create_task(self._poll(beat))]
        if self._switching:
            tasks.append(asyncio.create_task(self._switching.run(self._bus, self._not_switched)))
        try:
            await asyncio.gather(*tasks)
        finally:  # the one that has not failed would go on beside those of the next run
            for task in tasks:
                task.cancel()

    def set_zone(self, zone: Zone) -> None:
        """Of schedules, from now on."""
        self._zone = zone

    def scan(self) -> None:
        """Look for new modules."""
        self._scan = True
        self.members.retry()

    # Polling

    async def _poll(self, beat):
        hardware, bus = self._hardware, self._bus
        due = hardware.ticks_us()
        while True:
            beat()
            begun, busy = hardware.ticks_us(), bus.busy_us
            if self._scan:
                self._scan = False
                await self.members.search()
            now_s = hardware.uptime_ms() // 1000
            for device in self.members.devices:
                if device.KIND != "meter" and device.due(now_s):
                    await self._one(device, now_s)
            await self._meters(begun, now_s)
            self.news.sort()
            self._automate(now_s)
            if self._totals:
                self._totals.keep(now_s)
            left = 0
            while left <= 0:  # rounds keep to whole seconds; what is late is left out
                due = ticks_add(due, _ROUND_US)
                left = ticks_diff(due, hardware.ticks_us())
            await hardware.b_sleep_us(left)
            whole = ticks_diff(hardware.ticks_us(), begun)
            self.share = round(100 * (bus.busy_us - busy & 0x3FFFFFFF) / whole, 1)

    async def _meters(self, begun, now_s):
        """Poll meters in turn, until all had theirs or the second is nearly over: then those that
        are left have the first turns of the next one. One at least."""
        meters = self._named.meters
        for _ in range(len(meters)):
            meter = meters[self._turn]
            self._turn = (self._turn + 1) % len(meters)
            if meter.due(now_s):
                await self._one(meter, now_s)
                if ticks_diff(self._hardware.ticks_us(), begun) >= _METERS_US:
                    break

    async def _one(self, device, now_s):
        before = device.state
        try:
            if device.joins and device.state != "well":
                await assign(self._bus, device.serial, device.unit)
            await device.poll(self._bus, now_s)
            device.answered()
        except ModbusError as error:
            self._failed(error)
            device.failed(error, now_s)
        if device.state != before and device.KIND == "output":
            for output in device.channels:
                if output:
                    self.news.add_change(device, output)

    def _automate(self, now_s):
        if not self._hardware.has_b_modules:
            return
        for automation in self._named.automations:
            on = automation.step(self._power, self._now_s(), now_s, self._zone)
            if on is not None and self._switching:
                self._switching.request(self._named.targets(automation.target), on)

    def _failed(self, error):
        if error.result == SILENT:
            self._count("bus_b.timeout")
        else:
            self._count("bus_b.exception" if error.result == EXCEPTION else "bus_b.damaged")

    def _not_switched(self, error):
        self._failed(error)
        self._count("bus_b.order_failed")

    # Selecting

    def identify(self, serial: str, mask: int, seconds: int) -> bool:
        """Whether the device is on this bus; its LED then shows that the inputs or outputs are
        selected."""
        for device in self.members.devices:
            if device.answers_for(serial):
                if self._selections == _MAX_SELECTIONS:
                    raise Refused("too many commands at once: wait")
                self._selections += 1
                asyncio.create_task(self._identify(device, serial, mask, seconds))
                return True
        return False

    async def _identify(self, device, serial, mask, seconds):
        try:
            await device.identify(self._bus, serial, mask, seconds)
            if device.KIND == "power_box" and seconds:  # modules count by themselves
                await self._hardware.b_sleep_us(seconds * 1000000)
                await device.identify(self._bus, serial, mask, 0)
        except ModbusError as error:
            self._failed(error)
        finally:
            self._selections -= 1

    # What is reported

    def advice(self) -> list[AdviceText]:
        """[(name, text)] of what is wrong on this bus."""
        return messages.advice(self.members)

    def state(self) -> Pieces:
        """The pieces of `bBus`."""
        devices = self.members.devices
        return messages.state(devices, self._bus.counts, self.share, self._hardware.now_ms())

    def glance(self) -> list[object]:
        """What people see of `bBus`: it is sent soon when this changes."""
        return messages.glance(self.members.devices)
