"""Registers of ten meters as their makers publish them, typed from those documents and not from
the profiles: what each meter holds while it measures VALUES. pymodbus encodes them.

Read for this: Eastron's Modbus protocols of SDM120, SDM230, SDM630 and SDM72D-M-v2; Carlo
Gavazzi's communication protocols of EM24-DIN, EM300/ET300 and EM100/ET100 series; ABB's manual
2CMC485003M0201; Schneider's DOCA0005EN; Chint's manual of DTSU666. Where the document itself could
not be read, two public drivers that are in use agree on the address: mbmd (volkszaehler) and
dbus-modbus-client and dbus-cgwacs (Victron Energy). docs/b-bus.md says which.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway_host.sim.modbus_line import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, Refused, Slave
from pymodbus.client import ModbusTcpClient

_TYPES = ModbusTcpClient.DATATYPE
F32, I16, U16 = _TYPES.FLOAT32, _TYPES.INT16, _TYPES.UINT16
I32, U32, I64, U64 = _TYPES.INT32, _TYPES.UINT32, _TYPES.INT64, _TYPES.UINT64

VOLTS = (230.5, 231.25, 229.75)
AMPERES = (4.0, 6.5, 2.25)
WATTS = (737.6, 1202.5, -413.5)
VARS = (553.2, 901.9, 310.2)
APPARENT = (922.0, 1503.1, 516.9)
HERTZ = 50.0


@dataclass
class Map:
    """registers: address -> (type, value as it stands there, which of the meter's energies it is
    or None); limit: most registers in a request; gaps: whether others may be read with them."""

    phases: int
    function: int
    registers: dict[int, tuple]
    order: str = "big"
    baud: int = 9600
    parity: str = "N"
    limit: int = 125
    gaps: bool = True


def _rows(start, kind, values, scale=1.0):
    step = 2 if kind in (F32, I32, U32) else 1
    found = {}
    for k, value in enumerate(values):
        raw = value / scale
        found[start + step * k] = (kind, raw if kind == F32 else round(raw))
    return found


def _eastron(phases, energies):
    """The common part of Eastron's input registers: 30001 is address 0."""
    rows = {}
    for start, values in ((0, VOLTS), (6, AMPERES), (12, WATTS), (18, APPARENT), (24, VARS)):
        rows |= _rows(start, F32, values[:phases])
    rows |= _rows(30, F32, [w / s for w, s in zip(WATTS, APPARENT, strict=True)][:phases])
    return rows | _rows(70, F32, [HERTZ]) | energies


def _gavazzi(frequency, imported, exported):
    """INT32, least significant word first; V x 10, A x 1000, W x 10, kWh x 10."""
    rows = {}
    for start, values, scale in (
        (0x00, VOLTS, 0.1),
        (0x06, (399.9, 399.1, 399.5), 0.1),  # between lines
        (0x0C, AMPERES, 0.001),
        (0x12, WATTS, 0.1),
        (0x18, APPARENT, 0.1),
        (0x1E, VARS, 0.1),
    ):
        rows |= _rows(start, I32, values, scale)
    return rows | {
        frequency: (U16, round(HERTZ / 0.1)),
        imported: (I32, "import", 100.0),
        exported: (I32, "export", 100.0),
    }


def _b23():
    rows = {}
    for start, values, kind, scale in (
        (0x5B00, VOLTS, U32, 0.1),
        (0x5B0C, AMPERES, U32, 0.01),
        (0x5B14, (sum(WATTS), *WATTS), I32, 0.01),
        (0x5B1C, (sum(VARS), *VARS), I32, 0.01),
        (0x5B24, (sum(APPARENT), *APPARENT), I32, 0.01),
    ):
        rows |= _rows(start, kind, values, scale)
    factors = [w / s for w, s in zip(WATTS, APPARENT, strict=True)]
    rows |= _rows(0x5B2C, U16, [HERTZ], 0.01) | _rows(0x5B3B, I16, factors, 0.001)
    return rows | {0x5000: (U64, "import", 10.0), 0x5004: (U64, "export", 10.0)}


def _iem3155():
    """Its register numbers begin at 1; powers in kW; energies INT64 in Wh."""
    rows = {}
    for number, values in ((3000, AMPERES), (3028, VOLTS), (3054, [w / 1000 for w in WATTS])):
        rows |= _rows(number - 1, F32, values)
    rows |= _rows(3110 - 1, F32, [HERTZ])
    return rows | {3204 - 1: (I64, "import", 1.0), 3208 - 1: (I64, "export", 1.0)}


def _dtsu666():
    rows = {}
    for start, values, scale in (
        (0x2006, VOLTS, 0.1),
        (0x200C, AMPERES, 0.001),
        (0x2012, (sum(WATTS), *WATTS), 0.1),
        (0x201A, (sum(VARS), *VARS), 0.1),
        (0x202A, [0.8] * 4, 0.001),
        (0x2044, (HERTZ,), 0.01),
    ):
        rows |= _rows(start, F32, values, scale)
    return rows | {0x101E: (F32, "import", 1000.0), 0x1028: (F32, "export", 1000.0)}


_ONE = {72: (F32, "import", 1000.0), 74: (F32, "export", 1000.0)}  # Wh of a kWh
_EACH = {346 + 2 * k: (F32, f"import{k}", 1000.0) for k in range(3)}
_EACH |= {352 + 2 * k: (F32, f"export{k}", 1000.0) for k in range(3)}
MAPS = {
    "SDM120": Map(1, 4, _eastron(1, _ONE), limit=60),
    "SDM230": Map(1, 4, _eastron(1, _ONE), limit=60),
    "SDM630": Map(3, 4, _eastron(3, _EACH), baud=38400, limit=50),
    "SDM72": Map(3, 4, _eastron(3, _ONE), limit=60),
    "EM24": Map(3, 4, _gavazzi(0x37, 0x3E, 0x5C), order="little", limit=11),
    "EM340": Map(3, 4, _gavazzi(0x33, 0x34, 0x4E), order="little", limit=11),
    "ET112": Map(
        1,
        4,
        _rows(0, I32, VOLTS[:1], 0.1)
        | _rows(2, I32, AMPERES[:1], 0.001)
        | _rows(4, I32, WATTS[:1], 0.1)
        | _rows(6, I32, APPARENT[:1], 0.1)
        | _rows(8, I32, VARS[:1], 0.1)
        | {0x0F: (U16, 500), 0x10: (I32, "import", 100.0), 0x20: (I32, "export", 100.0)},
        order="little",
        limit=11,
    ),
    "B23": Map(3, 3, _b23(), baud=19200, parity="E", gaps=False),
    "iEM3155": Map(3, 3, _iem3155(), baud=19200, parity="E", gaps=False),
    "DTSU666": Map(3, 3, _dtsu666(), gaps=False),
}


class Mapped(Slave):
    """A meter with these registers. wattage: W of each phase, whose energies since the start are
    added to 2,000,000 kWh; what a phase gives is exported."""

    def __init__(self, unit: int, table: Map) -> None:
        super().__init__(unit, table.baud, (20_000, 60_000), table.parity)
        self.table = table
        self.now = 0.0
        self.requests: list[tuple[int, int]] = []

    def pass_time(self, time: float) -> None:
        self.now = time / 1e6

    def watt_hours(self, what: str) -> float:
        sign = 1 if what.startswith("import") else -1
        watts = WATTS[: self.table.phases]
        if what[-1].isdigit():
            watts = watts[int(what[-1]) :][:1]
        return sum(max(0.0, sign * one) for one in watts) * self.now / 3600

    def read_words(self, function, address, count):
        if function != self.table.function:
            raise Refused(ILLEGAL_FUNCTION)
        known = {}
        for start, (kind, value, *rest) in self.table.registers.items():
            if rest:
                value = (2e9 + self.watt_hours(value)) / rest[0]
                value = value if kind == F32 else int(value)
            words = ModbusTcpClient.convert_to_registers(value, kind, word_order=self.table.order)
            known |= {start + k: word for k, word in enumerate(words)}
        wanted = range(address, address + count)
        self.requests.append((address, count))
        if count > self.table.limit or not self.table.gaps and any(k not in known for k in wanted):
            raise Refused(ILLEGAL_ADDRESS)
        return [known.get(k, 0) for k in wanted]
