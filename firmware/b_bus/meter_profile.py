"""Meters of other makers (docs/b-bus.md section 8): a profile says where their registers are and
what they mean.

Owns the reading of profiles, the grouping of their registers into requests, and the last values of
a meter.
"""

import json
import struct
import sys

from micropython import const

from b_bus.device import Device
from b_bus.watt_hours import WattHours

_TYPES = {"uint16": (1, ">H"), "int16": (1, ">h"), "uint32": (2, ">I"), "int32": (2, ">i")}
_TYPES["float32"] = (2, ">f")
# Unit by quantity: its factor to the unit that is used here, and the greatest value there.
_QUANTITIES = {
    "voltage": ({"V": 1}, 1000),
    "current": ({"A": 1}, 20000),
    "power": ({"W": 1, "kW": 1000}, 20000000),
    "reactive": ({"var": 1, "kvar": 1000}, 20000000),
    "apparent": ({"VA": 1, "kVA": 1000}, 20000000),
    "factor": ({"1": 1}, 1),
    "frequency": ({"Hz": 1}, 500),
    "import": ({"Wh": 1, "kWh": 1000}, 2000000000),
    "export": ({"Wh": 1, "kWh": 1000}, 2000000000),
}
_LONGEST = const(80)  # registers in a request: no meter refuses so many
_FRESH_S = const(3)


class ProfileError(ValueError):
    """A profile is not usable: one line, which field and why."""


def _whole(profile, key, least, most, default):
    value = profile.get(key, default)
    if not isinstance(value, int) or not least <= value <= most:
        raise ProfileError("%s: must be a whole number from %d to %d" % (key, least, most))
    return value


class Profile:
    """A profile. `requests`: [(address, count)]; `registers`: [(request, place in it, type,
    factor, most, quantity, phase or 0)]."""

    def __init__(self, table):
        """table: the profile's JSON. ProfileError when it is impossible."""
        if not isinstance(table, dict) or not isinstance(table.get("registers"), list):
            raise ProfileError("registers: must be a list")
        self.function = _whole(table, "function", 3, 4, None)
        self.baud = _whole(table, "baud", 1200, 38400, 38400)
        self.reply_ms = _whole(table, "reply_ms", 10, 1000, 100)
        self.phases = _whole(table, "phases", 1, 3, None)
        order = table.get("word_order")
        if order not in ("low", "high"):
            raise ProfileError("word_order: must be low or high")
        self.low_first = order == "low"
        found = [
            self._register("registers[%d]." % i, entry)
            for i, entry in enumerate(table["registers"])
        ]
        names = [entry[4:] for entry in found]
        for name in names:
            if names.count(name) > 1:
                raise ProfileError("registers: %s is there twice" % name[0])
        for phase in range(1, self.phases + 1):
            if ("power", phase) not in names:
                raise ProfileError("registers: power of phase %d is missing" % phase)
        self.requests = []
        self.registers = []
        for entry in sorted(found):
            address, kind = entry[:2]
            end = address + _TYPES[kind][0]
            if self.requests and end - self.requests[-1][0] <= _LONGEST:
                start, count = self.requests[-1]
                self.requests[-1] = (start, max(count, end - start))
            else:
                self.requests.append((address, end - address))
            place = address - self.requests[-1][0]
            self.registers.append((len(self.requests) - 1, place) + entry[1:])

    def _register(self, where, entry):
        """(address, type, factor, most, quantity, phase)."""
        kind, quantity = entry.get("type"), entry.get("quantity")
        if kind not in _TYPES:
            raise ProfileError("%stype: must be one of %s" % (where, ", ".join(sorted(_TYPES))))
        if quantity not in _QUANTITIES:
            known = ", ".join(sorted(_QUANTITIES))
            raise ProfileError("%squantity: must be one of %s" % (where, known))
        units, most = _QUANTITIES[quantity]
        if entry.get("unit") not in units:
            known = " or ".join(sorted(units))
            raise ProfileError("%sunit: %s is in %s" % (where, quantity, known))
        scale = entry.get("scale", 1)
        if not isinstance(scale, (int, float)) or not scale:
            raise ProfileError("%sscale: must be a number other than 0" % where)
        phase = entry.get("phase", 0)
        if not isinstance(phase, int) or not 0 <= phase <= self.phases:
            raise ProfileError("%sphase: must be 1 to %d, or left out" % (where, self.phases))
        address = entry.get("address")
        if not isinstance(address, int) or not 0 <= address <= 65536 - _TYPES[kind][0]:
            raise ProfileError("%saddress: must be from 0 to 65535" % where)
        return address, kind, scale * units[entry["unit"]], most, quantity, phase


def load(name):
    """The Profile with that name: of the gateway's files, then of the firmware's. ProfileError
    when there is none or it is impossible."""
    for place in ["."] + [folder + "/b_bus" for folder in sys.path]:
        try:
            with open("%s/profiles/%s.json" % (place, name)) as file:
                text = file.read()
        except OSError:
            continue
        try:
            return Profile(json.loads(text))
        except ProfileError:
            raise
        except ValueError:
            raise ProfileError("not JSON")
        except (AttributeError, TypeError):
            raise ProfileError("registers: each must be an object of texts and numbers")
    raise ProfileError("there is no such profile")


class Meter(Device):
    """A meter. `values`: (quantity, phase or 0) -> value in V, A, W, var, VA, Hz or Wh; empty
    while it does not answer."""

    KIND = "meter"

    def __init__(self, name, unit, profile):
        super().__init__(name, unit)
        self.phases = profile.phases
        self.values = {}
        self._points = []  # [(index of a point, phase of the meter)]
        self._places = []  # of a point's import and export in `values`
        self._untold = []  # Wh of each that no report has
        self._profile = profile
        self._age = _FRESH_S

    def begin(self, count, points):
        """count: counts an error by name. points: [(index of a point of the site, phase)]."""
        self._count = count
        self._points = points
        known = [register[5:] for register in self._profile.registers]
        for _, phase in points:
            for name in ("import", "export"):
                place = (name, phase)
                if place not in known and self.phases == 1:
                    place = (name, 0)
                self._places.append(place)
        self._untold = [0] * len(self._places)
        self._counters = WattHours(len(self._places), lambda: count("bus_b.range"))

    async def poll(self, bus, now_s):
        """Read everything once."""
        profile = self._profile
        answers = []
        for address, count in profile.requests:
            answers.append(
                bytes(
                    await bus.ask(
                        self.unit,
                        profile.function,
                        address,
                        count,
                        self.tries,
                        profile.reply_ms,
                        profile.baud,
                    )
                )
            )
        values = {}
        for request, place, kind, factor, most, quantity, phase in profile.registers:
            value = self._value(answers[request], place, kind) * factor
            if -most <= value <= most:  # not so for what is no number
                values[quantity, phase] = value
            else:
                self._count("bus_b.range")
        self.values = values
        self._age = 0
        most = _QUANTITIES["power"][1]
        for k, place in enumerate(self._places):
            self._untold[k] += self._counters.advance(k, most, values.get(place), now_s)

    def _value(self, data, place, kind):
        words, code = _TYPES[kind]
        raw = data[2 * place : 2 * (place + words)]
        if words == 2 and self._profile.low_first:
            raw = raw[2:] + raw[:2]
        return struct.unpack(code, raw)[0]

    def fill(self, report):
        """Enter the last values into the readings of the meter's points; called before a report is
        counted."""
        self._age += 1
        for k, (i, phase) in enumerate(self._points):
            reading, values = report.readings[i], self.values
            reading.clear()
            if self._age > _FRESH_S or ("power", phase) not in values:
                if self.state != "missing":
                    reading.missed = report.samples
                continue
            reading.count = report.samples
            for name in ("power", "reactive", "apparent", "factor", "current", "voltage"):
                setattr(reading, name, values.get((name, phase)))
            reading.imported, reading.exported = self._told(2 * k), self._told(2 * k + 1)

    def _told(self, k):
        more, self._untold[k] = self._untold[k], 0
        return more
