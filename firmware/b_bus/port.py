"""Port B: what the site names there, from the start, and what works the bus, once something is on
it: its modules take heap."""

import asyncio

from micropython import const

from b_bus.site import BusBSite

# docs/b-bus.md section 3: two sessions, so that one of them is new to every module; a window of
# all serial numbers; the search. With their check sums, so that nothing is loaded to ask.
_QUESTIONS = (
    b"\x00\x06\x7e\x00\x00\x01\x51\xf3",
    b"\x00\x06\x7e\x00\x00\x02\x11\xf2",
    b"\x00\x10\x7e\x10\x00\x06\x0c\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\x7a\xd0",
    b"\xf7\x03\x00\x00\x00\x03\x11\x5d",
)
_PAUSE_US = const(40000)
_BEYOND_V = const(800)  # twice what any line of 400 V carries at a CT's rated current


class PortB:
    """`site`: site.BusBSite, empty where site.json names nothing here.

    hardware: of the board; place: document.Site; measuring: pipeline.Measuring, which takes what
    meters measure; count: counts an error by name; add_state: publisher.Publisher's; power(name):
    what a rule looks at, W or None; now_s(): epoch seconds or None.
    """

    def __init__(
        self,
        hardware: BoardHardware,
        place: Site,
        measuring: Measuring,
        count: Count,
        add_state: Callable[[str, Callable[[], Pieces], Callable[[], object]], None],
        power: Callable[[str], float | None],
        now_s: NowMs,
    ):
        self.site = BusBSite()
        self._hardware = hardware
        self._place = place
        self._measuring = measuring
        self._count = count
        self._add_state = add_state
        self._power = power
        self._now_s = now_s
        self._switching = None
        self._runner = None
        self._wanted = asyncio.Event()  # a scan
        if place.b_bus:
            from system.modules import unload
            from b_bus import read
            from b_bus.switching import Switching

            self.site = read.read(place.b_bus)
            self._switching = Switching(self.site)
            del read
            unload("b_bus.read", "site.fields")

    def declare(self, commands: Commands, prefix: str) -> None:
        """Enter the commands for this bus, whatever is on it yet."""
        if self._switching:
            self._switching.declare(commands, prefix)

    async def run(self, beat: Beat) -> None:
        """Search at power-up and on every scan; once something is there, or the site names
        something, poll it for ever. beat: called then."""
        if self._runner is None:
            while not self._place.b_bus and not await self._anybody():
                await self._wanted.wait()
                self._wanted.clear()
            runner = self._make()
            self._add_state("bBus", runner.state, runner.glance)
            self._runner = runner  # not before: when memory is short, all is done once more
        await self._runner.run(beat)

    async def _anybody(self):
        """Whether any module answers the search."""
        uart = self._hardware.b_uart()
        for question in _QUESTIONS:
            uart.write(question)
            await self._hardware.b_sleep_us(_PAUSE_US)
        return bool(uart.readinto(bytearray(16)))

    def _make(self):
        from b_bus.runner import Runner
        from bus_b import BusB

        hardware, named = self._hardware, self.site
        bus = BusB(hardware.b_uart(), hardware.ticks_us, hardware.b_sleep_us)
        runner = Runner(
            bus,
            hardware,
            named,
            self._switching,
            self._count,
            self._power,
            self._now_s,
            self._place.zone,
        )
        for meter in named.meters:
            meter.begin(self._count, self._points_of(meter), self._most())
            runner.members.add(meter)
        self._measuring.set_meters(named.meters)
        if named.power_box:  # behind the meters, whose values its report holds as well
            from b_bus.power_box import PowerBox

            runner.members.add(PowerBox(self._place, self._measuring, self._count, hardware))
        for module in named.modules:
            runner.members.add_module(module)
        return runner

    def _points_of(self, meter):
        return [
            (i, 1 + point.input)
            for i, point in enumerate(self._place.points)
            if point.type == "MODBUS" and point.node == meter.name
        ]

    def _most(self):
        """W, more than what the grid's CTs are for by far; 0 where the grid has none."""
        place, rated = self._place, 0
        for point in place.points:
            if place.loads[point.load].role == "grid":
                if point.metered:
                    return 0
                rated += point.rated * point.ratio_ppm // 1000000
        return rated * _BEYOND_V * place.voltage_ppm // 1000000

    def change(self, place: Site) -> None:
        """It is another site now, with the same `b_bus` and without a Power Box."""
        self._place = place
        if self._runner:
            self._runner.set_zone(place.zone)
            for meter in self.site.meters:
                meter.set_points(self._points_of(meter), self._most())

    def pulses(self) -> list[tuple[str, Sequence[int | None]]]:
        """What the inputs of the Input modules have counted, None for one that does not, or not
        yet: [(serial number, totals)]."""
        return [
            (module.serial, [channel.pulses if channel else None for channel in module.channels])
            for module in self.site.modules
            if module.KIND == "input"
        ]

    def devices(self) -> Sequence[Device]:
        """Who is on this bus: modules, meters, the Power Box."""
        return self._runner.members.devices if self._runner else ()

    def scan(self) -> None:
        """Look for new modules."""
        if self._runner:
            self._runner.scan()
        self._wanted.set()

    def identify(self, serial: str, mask: int, seconds: int) -> bool:
        """Whether the device is on this bus; its LED then shows that the inputs or outputs in
        `mask` are selected."""
        return bool(self._runner) and self._runner.identify(serial, mask, seconds)

    def advice(self) -> list[AdviceText]:
        """[(name, text)] of what is wrong on this bus."""
        return self._runner.advice() if self._runner else []

    def initial(self) -> list[Message]:
        """What is published on every connecting: [(topic, function that gives the pieces)]."""
        from b_bus import messages

        plugs = messages.plugs(self.site.outputs())
        return [(topic, lambda text=text: (text,)) for topic, text in plugs]

    async def publish(self, send: Send, connected: Callable[[], bool]) -> None:
        """Publish what has happened; see news.News.publish."""
        if self._runner:
            await self._runner.news.publish(send, connected)
