"""The gateway's work on the B-bus: who is there, polling once a second, orders, events.

Owns the tasks on the bus and the list of devices. A device that fails is polled less and less
(bus_b_device.Device); every failure is counted.
"""

import asyncio
from time import ticks_add, ticks_diff

from micropython import const

from system.modules import unload
from system.watchdog import unwatched
from site.devices import INPUT_MODULE, OUTPUT_MODULE
from b_bus import messages as topics
from b_bus.device import assign
from b_bus.modbus import EXCEPTION, SILENT, ModbusError
from bus_b import BusB
from energy.totals import Totals

_ROUND_US = const(1000000)
_FIRST_UNIT, _MOST_MODULES = const(11), const(10)
_MOST_EVENTS = const(64)
_MOST_SELECTIONS = const(8)


class Runner:
    """`devices`: everything that is polled, in this order. `strange`: serial number -> why it has
    no address (names of topics_bus_b). gateway: the Gateway."""

    def __init__(self, gateway):
        self._gateway = gateway
        hardware = gateway.hardware
        self.bus = BusB(hardware.b_uart(), hardware.ticks_us, hardware.b_sleep_us)
        self.site = self._read_site()
        self.devices = []
        self.strange = {}
        self.share = 0  # of the last round that the line was in use, in percent
        self._hardware = hardware
        self._count = gateway.counters.count
        self._totals = None
        self._events = []  # (epoch ms or None, channel, level)
        self._changed = []  # outputs to be told
        self._todo = []  # (module, {output: on})
        self._ordered = asyncio.Event()
        self._scan = True
        self._modules = 0  # with an address
        self._selections = 0  # orders `identify` that are carried out
        if self.site:
            self._add_meters(gateway)
            for module in self.site.modules:
                if hardware.has_b_modules:
                    self._add(module)
                else:
                    self.strange[module.serial] = "not_here"
            for _, output in self.site.outputs():
                gateway.orders.on_topic(
                    "%splug/%d/setstate" % (gateway.prefix, output.node), self._setstate(output)
                )
            gateway.orders.on("switch", self._switch)
        gateway.publisher.add_state(
            "bBus", lambda: topics.state(self, hardware.now_ms()), lambda: topics.glance(self)
        )
        gateway.site.b_bus = None  # not before: when memory is short, this is done once more

    def _read_site(self):
        """The BusBSite, None when the site names nothing here."""
        table = self._gateway.site.b_bus
        if not table:
            return None
        from b_bus import read

        site = read.read(table)
        del read
        unload("b_bus.read")
        return site

    def _add_meters(self, gateway):
        for meter in self.site.meters:
            points = [
                (i, 1 + point.input)
                for i, point in enumerate(gateway.site.points)
                if point.node == meter.name
            ]
            meter.begin(self._count, points)
            self.devices.append(meter)
        gateway.measuring.meters = self.site.meters
        if self.site.power_box:  # behind the meters, whose values its report holds as well
            from b_bus.power_box import PowerBox

            self.devices.append(
                PowerBox(gateway.site, gateway.measuring, self._count, self._hardware)
            )

    def _add(self, module):
        module.unit = _FIRST_UNIT + self._modules
        self._modules += 1
        if module.KIND == "input":
            if self._totals is None:
                from b_bus.input_module import PulseTotals

                self._totals = PulseTotals()
                if self._totals.damaged:
                    self._count("bus_b.totals_lost")
            module.begin(self._totals, self._count, self._happened, self._hardware.uptime_ms)
        else:
            module.begin(self._output_changed)
        self.devices.append(module)

    async def run(self, beat=unwatched):
        """Search with a new session, then poll and obey, without end. beat: called in each
        round."""
        await self._search(1 + self._hardware.entropy() % 65535)
        tasks = [asyncio.create_task(self._poll(beat)), asyncio.create_task(self._obey())]
        try:
            await asyncio.gather(*tasks)
        finally:  # the one that has not failed would go on beside those of the next run
            for task in tasks:
                task.cancel()

    def scan(self):
        """Look for new modules."""
        self._scan = True
        for device in self.devices:
            device.retry()

    # Who is there

    async def _search(self, session=0):
        from b_bus import search

        self._scan = False
        if session:
            await search.begin(self.bus, session)
            for device in self.devices:  # who is known need not be searched for
                if device.joins:
                    await assign(self.bus, device.serial, device.unit)
        for serial in await search.search(self.bus, self._met):
            self.strange[serial] = "unclear"
        del search
        unload("b_bus.search")

    def _met(self, serial):
        """The unit for a module that has none; 0 to refuse it."""
        kind = serial[:4]
        if kind not in (INPUT_MODULE, OUTPUT_MODULE):
            self.strange[serial] = "wrong_bus"
        elif not self._hardware.has_b_modules:
            self.strange[serial] = "not_here"
        else:
            for device in self.devices:
                if device.serial == serial:
                    device.retry()
                    return device.unit
            if self._modules < _MOST_MODULES:
                self.strange[serial] = "not_in_site"
                if kind == INPUT_MODULE:
                    from b_bus.input_module import InputModule as Module
                else:
                    from b_bus.output_module import OutputModule as Module
                self._add(Module(serial, [None] * (4 if kind == INPUT_MODULE else 2)))
                return self.devices[-1].unit
            self.strange[serial] = "too_many"
        return 0

    # Polling

    async def _poll(self, beat):
        hardware, bus = self._hardware, self.bus
        automations = self.site.automations if self.site and hardware.has_b_modules else ()
        due = hardware.ticks_us()
        while True:
            beat()
            begun, busy = hardware.ticks_us(), bus.busy_us
            if self._scan:
                await self._search()
            now_s = hardware.uptime_ms() // 1000
            for device in self.devices:
                if device.due():
                    await self._one(device, now_s)
            self._events.sort(key=lambda event: event[0] or 0)
            for automation in automations:
                on = automation.step(self._value, self._local_s(), now_s)
                if on is not None:
                    self.order(self.site.targets(automation.target), on)
            if self._totals:
                self._totals.keep(now_s)
            left = 0
            while left <= 0:  # rounds keep to whole seconds; what is late is left out
                due = ticks_add(due, _ROUND_US)
                left = ticks_diff(due, hardware.ticks_us())
            await hardware.b_sleep_us(left)
            whole = ticks_diff(hardware.ticks_us(), begun)
            self.share = round(100 * (bus.busy_us - busy & 0x3FFFFFFF) / whole, 1)

    async def _one(self, device, now_s):
        before = device.state
        try:
            if device.joins and device.state != "well":
                await assign(self.bus, device.serial, device.unit)
            await device.poll(self.bus, now_s)
            device.answered()
        except ModbusError as error:
            self._failed(error)
            device.failed(error)
        if device.state != before and device.KIND == "output":
            for output in device.channels:
                if output and output not in self._changed:
                    self._changed.append(output)

    def _failed(self, error):
        if error.result == SILENT:
            self._count("bus_b.timeout")
        else:
            self._count("bus_b.exception" if error.result == EXCEPTION else "bus_b.damaged")

    def _happened(self, ago_ms, channel, level):
        now_ms = self._hardware.now_ms()
        if len(self._events) == _MOST_EVENTS:
            self._events.pop(0)
            self._count("bus_b.events_lost")
        self._events.append((now_ms and now_ms - ago_ms, channel, level))

    def _output_changed(self, output):
        output.since = self._hardware.now_ms()
        self._changed.append(output)

    # Switching

    def order(self, targets, on):
        """Switch outputs, [(module, output)], as soon as the line is free."""
        for module, output in targets:
            for known, orders in self._todo:
                if known is module:
                    orders[output] = on
                    break
            else:
                self._todo.append((module, {output: on}))
        self._ordered.set()

    async def _obey(self):
        while True:
            await self._ordered.wait()
            self._ordered.clear()
            while self._todo:
                module, orders = self._todo.pop(0)
                try:
                    await module.switch(self.bus, orders)
                except ModbusError as error:
                    self._failed(error)
                    self._count("bus_b.order_failed")

    def _checked(self, targets, on):
        for module, _ in targets:
            if module.state != "well":
                raise ValueError("%s does not answer" % module.serial)
        self.order(targets, on)

    def _switch(self, wish):
        """The order "switch"."""
        if not isinstance(wish, dict) or not isinstance(wish.get("on"), bool):
            raise ValueError('switch wants {"output": name of an output or a group, "on": }')
        targets = self.site.targets(wish["output"])
        if not targets:
            raise ValueError("no output and no group %s" % wish["output"])
        self._checked(targets, wish["on"])

    def _setstate(self, output):
        def handle(payload):
            self._checked(self.site.targets(output.name), topics.setstate(payload))

        return handle

    def identify(self, serial, mask, seconds):
        """Whether the device is on this bus; its LED then shows that the inputs or outputs are
        selected."""
        for device in self.devices:
            if device.answers_for(serial):
                if self._selections == _MOST_SELECTIONS:
                    raise ValueError("too many orders at once: wait")
                self._selections += 1
                asyncio.create_task(self._identify(device, serial, mask, seconds))
                return True
        return False

    async def _identify(self, device, serial, mask, seconds):
        try:
            await device.identify(self.bus, serial, mask, seconds)
            if device.KIND == "power_box" and seconds:  # modules count by themselves
                await self._hardware.b_sleep_us(seconds * 1000000)
                await device.identify(self.bus, serial, mask, 0)
        except ModbusError as error:
            self._failed(error)
        finally:
            self._selections -= 1

    # What rules look at

    def _local_s(self):
        now_ms = self._hardware.now_ms()
        return now_ms and now_ms // 1000 + self._gateway.site.utc_offset

    def _value(self, name):
        """Power in W by the name in a rule, None while it is not measured."""
        gateway = self._gateway
        totals = Totals(gateway.site, gateway.measuring.aggregates.powers)
        if name == "surplus":
            return None if totals.grid is None else -totals.grid
        return getattr(totals, name)

    # Telling

    def advice(self):
        """[(name, text)] of what is wrong on this bus."""
        return topics.advice(self)

    def greetings(self):
        """What is told on every connecting: [(topic, function that gives the pieces)]."""
        plugs = topics.plugs(self.site.outputs()) if self.site else ()
        return [(topic, lambda text=text: (text,)) for topic, text in plugs]

    async def tell(self):
        """Publish what has happened."""
        send = self._gateway.publisher.send
        while self._changed:
            output = self._changed.pop(0)
            changed = [pair for pair in self.site.outputs() if pair[1] is output]
            for topic, text in topics.plugs(changed):
                await send(topic, (text,), True)
        while self._events and self._gateway.uplink.connected:
            await send("event", topics.event(*self._events.pop(0)))
