"""Contents of right Modbus answers, as a broken or a strange device gives them: to the search, to
modules, to meters and to the Power Box. The first byte says to whom."""

import json

from parsers.finished import run

from b_bus import modbus, search
from b_bus.input_module import Input, InputModule
from b_bus.meter import Meter
from b_bus.meter_profile import Profile
from b_bus.output_module import Output, OutputModule
from b_bus.power_box import PowerBox

_TYPES = ("uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")
_QUANTITIES = (
    ("voltage", "V"), ("current", "A"), ("power", "W"), ("reactive", "var"), ("apparent", "VA"),
    ("factor", "1"), ("frequency", "Hz"), ("import", "kWh"),
)  # fmt: skip
_MAX_ASKED = 600  # requests of a poll or a search


def _profile(shift):
    registers = [
        {
            "quantity": quantity, "phase": 0 if quantity == "frequency" else 1,
            "address": 8 * k, "type": _TYPES[(k + shift) % 8], "unit": unit,
        }
        for k, (quantity, unit) in enumerate(_QUANTITIES)
    ]  # fmt: skip
    for one in registers:
        if not one["phase"]:
            del one["phase"]
    return Profile({
        "name": "m", "source": "s", "function": 3, "word_order": "high", "phases": 1,
        "registers": registers, "max_registers": 9, "gaps": False,
    })  # fmt: skip


class Bus:
    """Answers with what is left of the bytes, over and over."""

    noise = 0
    echoes = False
    late = ()

    def __init__(self, data):
        self.data = data or b"\0"
        self.at = self.asked = 0

    def _next(self, count):
        found = b""
        while len(found) < count:
            if self.at >= len(self.data):
                self.at = 0
            piece = self.data[self.at : self.at + count - len(found)]
            self.at += len(piece)
            found += piece
        return found

    async def ask(self, unit, function, address, value, tries=3, manner=None):
        self.asked += 1
        assert self.asked < _MAX_ASKED, "it asks without end"
        assert 0 <= unit < 248 and 0 <= address < 65536
        modbus.request(unit, function, address, value)
        if function not in (modbus.HOLDING, 4):
            return b""
        assert 0 < value <= 125, "%d registers" % value
        how = self._next(1)[0]
        if unit == 247 and how % 4 == 3:
            raise modbus.ModbusError(modbus.SILENT)
        if how == 250:
            raise modbus.ModbusError(modbus.BAD_CRC)
        return self._next(2 * value)

    async def rest(self):
        pass


class Totals:
    totals = {}

    def advance(self, key, counter, most):
        assert 0 <= counter < 1 << 32
        self.totals[key] = counter, counter
        return counter


class Point:
    gateway = None
    type = "SPLIT"
    rated = 50
    reversed = False

    def __init__(self, node, number, phase):
        self.node, self.input, self.phase = node, number, phase


class Site:
    lines = "star"
    points = [Point("5500000190", k, k % 3) for k in range(4)] + [Point("5600000001", 0, 1)]


class Reading:
    power = apparent = voltage = factor = None
    count = missed = imported = exported = 0

    def clear(self):
        self.power = self.apparent = None
        self.missed = 0


class Phase:
    rms = None


class Report:
    samples = 0

    def __init__(self):
        self.voltages = [Phase() for _ in range(3)]
        self.readings = [Reading() for _ in range(5)]


class Measuring:
    pending = False

    def __init__(self):
        self.report = Report()

    def complete(self, now_ms, fill):
        for _ in fill():
            pass


class Hardware:
    ms = 100000

    def uptime_ms(self):
        self.ms += 1000
        return self.ms

    def now_ms(self):
        return None


def _count(name):
    assert name.startswith("bus_b.")


def _search(bus):
    run(search.search(bus, lambda serial: 11 if serial[:4] == "5410" else 0))


def _poll(device, bus, times=3):
    for k in range(times):
        device.unit = device.unit or 11
        try:
            run(device.poll(bus, 100 + k))
        except modbus.ModbusError as error:
            device.failed(error, 100 + k)
            continue
        device.answered()


def _input(bus):
    channels = [Input("i%d" % k, ("pulse", "state")[k % 2], "kWh", 1000, 3, 0) for k in range(4)]
    module = InputModule("5410000001", channels)
    happened = []
    module.begin(Totals(), _count, lambda *what: happened.append(what), Hardware().uptime_ms)
    _poll(module, bus)
    json.dumps([channel.total() for channel in channels])


def _output(bus):
    module = OutputModule("5420000001", [Output("o", "NO", "off", 0, 0, None), None])
    module.begin(lambda *_: None)
    _poll(module, bus)


def _meter(bus):
    meter = Meter("m", 1, _profile(bus.data[0]))
    meter.begin(_count, [(0, 1)], 100000)
    _poll(meter, bus)
    report = Report()
    report.samples = 3200
    meter.fill(report)
    json.dumps([meter.fault] + [str(value) for value in meter.values.values()])
    for value in meter.values.values():
        assert value - value == 0, "a value is no number"


def _box(bus):
    _poll(PowerBox(Site(), Measuring(), _count, Hardware()), bus)


_WAYS = (_search, _input, _output, _meter, _box)


def take(data):
    which = data[0] % len(_WAYS) if data else 0
    _WAYS[which](Bus(data[1:]))
    return _NAMES[which]


_NAMES = ("search", "input", "output", "meter", "power_box")
