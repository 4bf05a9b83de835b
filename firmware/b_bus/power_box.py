"""The Power Box on the B-bus (docs/b-bus.md section 7): finds the slot of each point, writes CT
types and phases as the site has them, and reads all slots once a second.

Owns its registers' meaning. A report is complete when the box was read, and then goes the way that
sampled ones go: pipeline.Measuring.complete().
"""

from micropython import const

from system.refused import Refused
from site.devices import MAX_POINTS
from site.sampling import SAMPLE_RATE
from site.wiring import DELTA, SPLIT
from b_bus import modbus
from b_bus.device import Device
from b_bus.manner import POWER_BOX
from b_bus.watt_hours import WattHours

_UNIT = const(61)
_VOLTAGES, _FREQUENCY = const(0x0000), const(0x03F8)
# What is read of each slot, at 4 x slot: attribute of readings.Reading, greatest value.
_BLOCKS = (
    (0x0080, "current", 20000),
    (0x0100, "power", 20000000),
    (0x0180, "reactive", 20000000),
    (0x0300, "apparent", 20000000),
)
_ENERGIES = const(0x3000)
_IDENTIFY, _MAPPING, _CT_TYPES = const(0x0900), const(0x1000), const(0x1100)
_DEVICES, _DEVICE_SIZE, _MAX_DEVICES = const(0x1480), const(32), const(10)
_OWN, _SAVE = const(0x1620), const(0xFDE8)
_MAX_VOLTS = const(1000)
_MAX_REPORT = const(4800)  # samples of a report: in a longer one, rounds were left out
_STEP = const(4)  # points at once
_WAIT_US = const(10000)
_SETTLES_MS = const(2100)  # what it says may be of a second that began this long ago, or nothing
# By the CT's rating (A): SCT02-50, -100, -200, -400; a Solid Core; a Rogowski coil of 400 A.
_SPLIT_CORE = {50: 3, 100: 4, 200: 5, 400: 6}
_SOLID, _ROGOWSKI = const(12), const(11)
_STAR_CODES, _STAR_REVERSED = (1, 2, 4), (16, 32, 64)
_DELTA_CODES, _DELTA_REVERSED = (65, 66, 33), (20, 36, 18)  # L1-L3, L2-L3, L1-L2


def _ct_type(point):
    if point.type.startswith("SOLID"):
        return _SOLID
    if point.type.startswith("ROGOWSKI"):
        return _ROGOWSKI if point.rated == 400 else None
    return _SPLIT_CORE.get(point.rated)


class PowerBox(Device):
    """The box, and where it stands for each point. measuring: the site's pipeline.Measuring;
    count: counts an error by name; hardware: `now_ms` and `uptime_ms` of it are used."""

    KIND = "power_box"
    patient = True

    def __init__(self, site: Site, measuring: Measuring, count: Count, hardware: BoardHardware):
        super().__init__("Power Box", _UNIT)
        self._site = site
        self._measuring = measuring
        self._count = count
        self._hardware = hardware
        self._slots: Sequence[int] | None = None  # of each point, -1 where it has none
        self._known = {}  # what was read of it while it is set up: address -> data
        self._unsaved = False
        self._read_at = None  # samples since start until the last report's end
        self._settled_ms = 0  # uptime until which its powers are of before its set-up
        self._counters = WattHours(2 * len(site.points), lambda: count("bus_b.range"))

    async def poll(self, bus: BusB, now_s: int) -> None:
        """Read everything once; set it up first when it is new or was away."""
        if self._slots is None:
            await self._set_up(bus)
        slots = self._slots
        assert slots is not None  # _set_up gives them, or raises
        count = 4 * (max(slots) + 1)
        volts = await self._read(bus, _VOLTAGES, 10)
        frequency = await self._read(bus, _FREQUENCY, 2)
        settled = self._hardware.uptime_ms() >= self._settled_ms
        blocks, energies = [], None
        if count:
            for at, _, _ in _BLOCKS if settled else ():
                blocks.append(await self._read(bus, at, count - 2))
            energies = await self._read(bus, _ENERGIES, count)
        while self._measuring.pending:  # the report before is still being worked through
            await self._hardware.b_sleep_us(_WAIT_US)
        until = self._hardware.uptime_ms() * SAMPLE_RATE // 1000
        samples = SAMPLE_RATE if self._read_at is None else until - self._read_at
        self._read_at = until
        counted = [
            self._advanced(k, energies, 4 * slots[k // 2] + 2 * (k % 2), now_s)
            if self._is_mine(k // 2) and slots[k // 2] >= 0
            else 0
            for k in range(2 * len(slots))
        ]
        self._measuring.complete(
            self._hardware.now_ms(),
            lambda: self._fill(samples, slots, volts, frequency, blocks, counted),
        )

    def _fill(self, samples, slots, volts, frequency, blocks, counted):
        """Fill the report with what was read: a generator, as quantities.Report.read(), which may
        be begun anew. blocks: of _BLOCKS, or none; counted: J, import and export of each point."""
        report = self._measuring.report
        report.samples = samples
        for p in range(3):
            report.voltages[p].rms = self._real(volts, 4 * p, 0, _MAX_VOLTS)
        hertz = None
        if any(frequency):  # 0: there is no voltage
            hertz = self._real(frequency, 0, 40, 70)
        report.frequency, report.microhertz = hertz, int(round((hertz or 0) * 1000000))
        for i, slot in enumerate(slots):
            if not self._is_mine(i):
                continue
            if i % _STEP == _STEP - 1:
                yield
            reading = report.readings[i]
            reading.clear()
            if slot < 0:
                reading.missed = report.samples
                continue
            for (_, name, most), data in zip(_BLOCKS, blocks):
                setattr(reading, name, self._real(data, 4 * slot, -most, most))
            reading.imported, reading.exported = counted[2 * i], counted[2 * i + 1]
            self._finish(i, reading)

    def _is_mine(self, i):
        """Whether point i hangs on the box, and not on a meter or another gateway."""
        point = self._site.points[i]
        return point.type != "MODBUS" and point.gateway is None

    async def _read(self, bus, address, count):
        return await bus.ask(_UNIT, modbus.HOLDING, address, count, self.tries, POWER_BOX)

    async def _once(self, bus, address, count):
        """As _read(); what was read before a failure need not be read again."""
        if address not in self._known:
            self._known[address] = bytearray(await self._read(bus, address, count))
        return self._known[address]

    async def _write(self, bus, address, value):
        await bus.ask(_UNIT, modbus.WRITE_REGISTERS, address, [value], 3, POWER_BOX)

    def _real(self, data, i, least, most):
        """A float32, None when it can not be."""
        value = modbus.low_first(data, i, "f")
        if least <= value <= most:  # not so for what is no number
            return value
        self._count("bus_b.range")
        return None

    def _finish(self, i, reading):
        """What follows from the values."""
        report = self._measuring.report
        # The box's energies go on while it is not read, its powers are not known.
        if reading.power is None:
            reading.missed = report.samples
        elif report.samples > _MAX_REPORT:
            reading.missed = report.samples - SAMPLE_RATE
        reading.count = report.samples - reading.missed
        if reading.power is None:
            return
        reading.voltage = report.voltages[self._site.points[i].phase].rms
        if reading.apparent:
            reading.factor = max(-1.0, min(1.0, reading.power / reading.apparent))

    def _advanced(self, k, energies, at, now_s):
        """J that an energy of the box has advanced. A CT tells 1.5 x its rated current at
        most."""
        most = 2 * self._site.points[k // 2].rated * _MAX_VOLTS
        return 3600 * self._counters.advance(k, most, modbus.low_first(energies, at, "i"), now_s)

    def answers_for(self, serial: str) -> bool:
        points = self._site.points
        return any([points[i].node == serial and self._is_mine(i) for i in range(len(points))])

    async def identify(self, bus: BusB, serial: str, mask: int, seconds: int) -> None:
        """The LED of these inputs of a node shows that they are selected."""
        for point, slot in zip(self._site.points, self._slots or ()):  # others have no slot
            if point.node == serial and mask >> point.input & 1 and slot >= 0:
                at = _IDENTIFY + slot
                value = 1 if seconds else 0
                await bus.ask(_UNIT, modbus.WRITE_REGISTER, at, value, 3, POWER_BOX)

    def failed(self, error: ModbusError, now_s: int) -> None:
        super().failed(error, now_s)
        if self._silent and self._slots:
            self._slots = None  # it may have lost its set-up
            self._known = {}
        if error.result == modbus.BEHIND:
            self._known = {}  # some of it may be the answer to another request

    # Setting up

    async def _set_up(self, bus):
        own = await self._once(bus, _OWN, 6)
        self.serial = "%04d%06d" % (modbus.register(own, 0), modbus.low_first(own, 2))
        places = await self._places(bus)
        self._silent = False  # it answers: what is damaged now is asked for again
        slots = []
        self.fault = None
        mapping = await self._once(bus, _MAPPING, MAX_POINTS)
        types = await self._once(bus, _CT_TYPES, MAX_POINTS)
        for i, point in enumerate(self._site.points):
            if not self._is_mine(i):
                slots.append(-1)
                continue
            slot = places.get((point.node, point.input), -1)
            kind = _ct_type(point)
            if slot < 0:
                self.fault = "has no input %s of %s" % ("ABCD"[point.input], point.node)
            elif kind is None:
                self.fault = "knows no CT such as that on %s of %s" % (
                    "ABCD"[point.input],
                    point.node,
                )
                slot = -1
            else:
                for start, old, new in (
                    (_MAPPING, mapping, self._code(point)),
                    (_CT_TYPES, types, kind),
                ):
                    if modbus.register(old, slot) != new:
                        await self._write(bus, start + slot, new)
                        old[2 * slot], old[2 * slot + 1] = new >> 8, new & 255
                        self._unsaved = True
            slots.append(slot)
        if self._unsaved:
            await self._write(bus, _SAVE, 1)
        # Also where nothing was written: it may have started a moment ago.
        self._settled_ms = self._hardware.uptime_ms() + _SETTLES_MS
        self._unsaved = False
        self._slots = slots
        self._known = {}

    async def _places(self, bus):
        """{(serial, input): slot} of the devices on the box's own bus."""
        places = {}
        for n in range(_MAX_DEVICES):
            data = await self._once(bus, _DEVICES + _DEVICE_SIZE * n, _DEVICE_SIZE)
            count = modbus.register(data, 1)
            if not modbus.register(data, 0):
                continue
            serial = "%04d%06d" % (modbus.register(data, 0), modbus.low_first(data, 2))
            for k in range(min(count, 8)):
                slot = modbus.register(data, 10 + k)
                if slot < MAX_POINTS:  # else it is none of the box's
                    places[serial, k] = slot
        return places

    def _code(self, point):
        """The voltage that the point's CT is computed with."""
        if self._site.lines == DELTA:
            return (_DELTA_REVERSED if point.reversed else _DELTA_CODES)[point.phase]
        if self._site.lines == SPLIT and point.phase == 2:
            return 18 if point.reversed else 33  # L1-L2
        return (_STAR_REVERSED if point.reversed else _STAR_CODES)[point.phase]


class NoBusA:
    """In the place of the A-bus, its nodes and its advice, where there is none."""

    ready = None
    samples = bytearray()
    capacity = line_us = blocks = skipped = restarts = foreign = noise = 0
    all = ()
    texts = []

    def __init__(self) -> None:
        self.nodes = self.receiver = self.backlog = self

    def identify(self, serial: str, inputs: int, seconds: int) -> None:
        raise Refused("no device %s on the B-bus" % serial)

    def run(self) -> Generator[int, None, Never]:
        """As BusA.run(): nothing is ever due."""
        while True:
            yield 1000000

    def scan(self) -> None:
        pass

    def describe(self) -> Iterable[Table]:
        """As advice.sensors.Advice.describe()."""
        return ()

    def commission(self, _: object) -> str:
        """As advice.sensors.Advice.commission(): how its CTs are wired is not looked at."""
        return "[]"

    def age_ms(self, block: int, sample: int) -> int:
        return 0

    def behind(self) -> int:
        return 0

    def update(self, report: Report, number: int) -> Iterable[None]:
        return ()
