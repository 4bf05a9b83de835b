"""Meters of Eastron as Modbus slaves, and any meter as its profile describes it (docs/b-bus.md
section 8)."""

import struct
from collections.abc import Callable, Sequence

from .loads import Profile
from .modbus_line import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, Refused, Slave


class Eastron(Slave):
    """An SDM630 or SDM120: input registers of float32, high word first.

    quantities: register -> function of the time in s.
    """

    def __init__(
        self, unit: int, baud: int, quantities: dict[int, Callable[[float], float]]
    ) -> None:
        super().__init__(unit, baud, delay_us=(10_000, 60_000))
        self._quantities = quantities
        self._now = 0.0

    def pass_time(self, time: float) -> None:
        self._now = time / 1e6

    def read_words(self, function: int, address: int, count: int) -> Sequence[int]:
        if function != 4:
            raise Refused(ILLEGAL_FUNCTION)
        if address % 2 or count % 2 or count > 80 or address > 0x0180:
            raise Refused(ILLEGAL_ADDRESS)
        words: list[int] = []
        for register in range(address, address + count, 2):
            value = self._quantities.get(register, lambda _: 0.0)(self._now)
            words += struct.unpack(">HH", struct.pack(">f", value))
        return words


_STRUCTS = {"uint16": "H", "int16": "h", "uint32": "I", "int32": "i"}
_STRUCTS |= {"uint64": "Q", "int64": "q", "float32": "f", "float64": "d"}
_KILO = {"kV": 1e3, "mA": 1e-3, "kW": 1e3, "kvar": 1e3, "kVA": 1e3, "kWh": 1e3, "MWh": 1e6}


class ProfileMeter(Slave):
    """A meter as its profile describes it (docs/b-bus.md section 8), on 230 V, with a power factor
    of 0.8, lagging. Registers that the profile does not name are refused where it has no gaps.

    power: W over all phases.
    """

    def __init__(self, unit: int, profile: dict, power: Profile) -> None:
        delay = min(0.6 * profile.get("reply_ms", 100), 60) * 1000
        super().__init__(
            unit,
            profile.get("baud", 38400),
            (min(10_000.0, delay / 2), delay),
            profile.get("parity", "none")[0].upper(),
            profile.get("stop_bits", 1),
        )
        self.rest_us = profile.get("pause_ms", 0) * 900.0
        self.now = 0.0
        self._profile = profile
        self._power = power

    def pass_time(self, time: float) -> None:
        self.now = time / 1e6

    def quantity(self, name: str, phase: int) -> float:
        """In V, A, W, var, VA, Hz or Wh; phase 0: of the whole."""
        phases = self._profile["phases"]
        share = 1 if phase == 0 or phases == 1 else phases
        watts = self._power.at(self.now) / share
        hours = self._power.integral(self.now) / share / 3600
        return {
            "voltage": 230.5,
            "current": abs(watts) / 230.5 / 0.8,
            "power": watts,
            "apparent": abs(watts) / 0.8,
            "reactive": abs(watts) * 0.75,
            "factor": 0.8,
            "frequency": 50.01,
            "import": max(0.0, hours),
            "export": max(0.0, -hours),
            "net": hours,
        }[name]

    def read_words(self, function: int, address: int, count: int) -> Sequence[int]:
        profile = self._profile
        if function != profile["function"]:
            raise Refused(ILLEGAL_FUNCTION)
        if count > profile.get("max_registers", 125):
            raise Refused(ILLEGAL_ADDRESS)
        known: dict[int, int] = {}
        for register in profile["registers"]:
            words = self._words(register)
            known |= {register["address"] + k: word for k, word in enumerate(words)}
        wanted = range(address, address + count)
        if not profile.get("gaps", True) and any(k not in known for k in wanted):
            raise Refused(ILLEGAL_ADDRESS)
        return [known.get(k, 0) for k in wanted]

    def _words(self, register: dict) -> list[int]:
        value = self.quantity(register["quantity"], register.get("phase", 0))
        raw = value / _KILO.get(register["unit"], 1) / register.get("scale", 1)
        code = _STRUCTS[register["type"]]
        data = struct.pack(">" + code, raw if code in "fd" else int(raw))
        words = list(struct.unpack(f">{len(data) // 2}H", data))
        low = register.get("word_order", self._profile["word_order"]) == "low"
        return words[::-1] if low else words


def eastron(unit: int, kind: str, power: Profile, phases: int) -> Eastron:
    """An SDM120 or SDM630 on 230 V whose `power` (W over all phases) has a power factor of 0.8,
    lagging. Its energies are those of the steps."""
    each = [lambda time: power.at(time) / phases] * phases
    step = 0x48 if kind == "SDM120" else 0x15A
    quantities: dict[int, Callable[[float], float]] = {0x46: lambda _: 50.01}
    for k, watts in enumerate(each):
        quantities |= {
            2 * k: lambda _: 230.5,
            6 + 2 * k: lambda time, w=watts: abs(w(time)) / 230.5 / 0.8,
            12 + 2 * k: watts,
            18 + 2 * k: lambda time, w=watts: abs(w(time)) / 0.8,
            24 + 2 * k: lambda time, w=watts: abs(w(time)) * 0.75,
            30 + 2 * k: lambda _: 0.8,
            step + 2 * k: lambda time: power.integral(time) / phases / 3.6e6,
        }
    return Eastron(unit, 9600 if kind == "SDM120" else 38400, quantities)
