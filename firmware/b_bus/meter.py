"""A meter of another maker on the B-bus: reads what its profile names, once a second where the
line has the time.

Owns its last values, and what its points have used since the last report.
"""

from micropython import const

from b_bus.device import Device
from b_bus.meter_energy import MeterEnergy
from b_bus.meter_profile import ENERGIES
from b_bus.meter_units import WATT_HOUR, Units
from b_bus.modbus import BEHIND, EXCEPTION, ModbusError
from b_bus.registers import bits, exact, value

_FRESH_S = const(5)  # values are shown for so long, and for three times of what a round takes
_MAX_FRESH_S = const(60)
_NEVER_NOTHING = ("voltage", "frequency")  # a meter says 0 or much more
_REFUSED = (1, 2, 3)  # what a read itself is refused with; others may be of the request before
_TINY = 1e-6
_ALIKE = const(8)  # a voltage does not change by an eighth within a poll
_STEP = const(8)  # registers at once
_RATES = ("power", "reactive", "apparent", "factor", "current", "voltage")
_MICRO = const(9)  # of meter_energy's units in a micro-Wh
assert WATT_HOUR == 1000000 * _MICRO


def _complete(values, phase):
    """Enter what follows from the values of a phase: S = V x I, and the power factor P / S. S has
    no sign; some meters give it that of P."""
    volts, amperes = values.get(("voltage", phase)), values.get(("current", phase))
    watts, apparent = values.get(("power", phase)), values.get(("apparent", phase))
    if apparent is None and None not in (volts, amperes):
        apparent = volts * amperes
    if apparent is not None:
        values["apparent", phase] = apparent = abs(apparent)
    if ("factor", phase) not in values and apparent and watts is not None:
        values["factor", phase] = max(-1.0, min(1.0, watts / apparent))


class Meter(Device):
    """`values`: (quantity, phase or 0) -> value in V, A, W, var, VA or Hz, without those that are
    not available; empty while it does not answer. `phases`: how many it has."""

    KIND = "meter"
    patient = True

    def __init__(self, name: str, unit: int, profile: Profile):
        super().__init__(name, unit)
        self.phases = profile.phases
        self.values = {}
        self._points = []  # [(index of a point, phase of the meter)]
        self._profile = profile
        self._age = _FRESH_S
        self._fresh_s = _FRESH_S
        self._seen_s = None
        self._unlikely = ""  # the quantity by which what was read last cannot be

    def begin(self, count: Count, points: Sequence[tuple[int, int]], most: int) -> None:
        """count: counts an error by name. points: [(index of a point of the site, phase)]; most:
        W, more than the site's connection can carry, 0 where that is not known."""
        self._count = count
        self._points = points
        self._counters = [r for r in self._profile.registers if r.quantity in ENERGIES]
        self._units = Units(self.phases)
        self._units.want([phase for _, phase in points], most)
        self._energy = MeterEnergy(
            [(r.quantity, self._phase(r)) for r in self._counters],
            self.phases,
            lambda: count("bus_b.range"),
        )

    def set_points(self, points: Sequence[tuple[int, int]], most: int) -> None:
        """As begin() has it, of another site; what it has counted goes on, but for phases that
        had no point: these begin now."""
        had = [phase for _, phase in self._points]
        for _, phase in points:
            if phase not in had:
                self._energy.take(phase - 1, 0)
                self._energy.take(phase - 1, 1)
        self._points = points
        self._units.want([phase for _, phase in points], most)

    def _phase(self, register):
        return register.phase or (1 if self.phases == 1 else 0)

    @property
    def tries(self) -> int:
        return 3  # nothing is repeated at once where nothing came: see manner.Manner

    async def poll(self, bus: BusB, now_s: int) -> None:
        """Read everything once."""
        profile = self._profile
        answers = await self._answers(bus)
        values = {}
        counted = []
        odd, sound = "", False
        beyond = None
        for k, register in enumerate(profile.registers):
            if k % _STEP == _STEP - 1:
                await bus.rest()
            number = bits(
                answers[register.request], register.place, register.words, register.low_first
            )
            if register.quantity in ENERGIES:
                counted.append(self._energy_of(register, number))
            elif number not in register.absent:
                real = value(register.kind, number) * register.factor
                fits = -register.most <= real <= register.most  # not so for what is no number
                finite = real - real == 0
                if fits:
                    values[register.quantity, self._phase(register)] = real
                else:
                    self._count("bus_b.range")
                    if finite and not beyond:
                        beyond = register.quantity, self._phase(register), real
                if register.quantity in _NEVER_NOTHING:
                    sound = sound or fits and abs(real) >= _TINY
                    if finite and real != 0:
                        odd = odd or register.quantity
        self._unlikely = "" if sound else odd
        if self._unlikely:  # nor is the rest what it seems to be
            values = {}
        self._units.watch(answers, values, now_s)
        self._units.note(values, beyond)
        for phase in range(1, self.phases + 1):
            _complete(values, phase)
        self.values = values
        self._age = 0
        passed = 0 if self._seen_s is None else now_s - self._seen_s
        if self.state == "well" and not self.error:  # so long takes a round
            self._fresh_s = max(_FRESH_S, min(3 * passed, _MAX_FRESH_S))
        self._seen_s = now_s
        powers = [values.get(("power", 1 + phase)) for phase in range(self.phases)]
        self._energy.read(counted, powers, passed if passed <= self._fresh_s else 0, now_s)
        self.fault = self._judge(bus)

    async def _ask(self, bus, request, tries=0):
        profile = self._profile
        address, count = request
        return await bus.ask(
            self.unit, profile.function, address, count, tries or self.tries, profile.manner
        )

    async def _answers(self, bus):
        """Of each request, none of which is that to the request before: see Profile.turns."""
        profile = self._profile
        requests, check = profile.requests, profile.check
        answers = [b""] * len(requests)
        for k in profile.turns:
            answers[k] = await self._ask(bus, requests[k])
        if profile.closing:
            try:
                await self._ask(bus, profile.closing, 1)  # a repetition would prove nothing
            except ModbusError as error:
                if error.result != EXCEPTION or error.code not in _REFUSED:
                    raise
        elif check:
            again = await self._ask(bus, requests[check.request])
            if not self._alike(check, answers[check.request], again):
                raise ModbusError(BEHIND)
        return answers

    @staticmethod
    def _alike(register, *answers):
        place, words = register.place, register.words
        first, again = [bits(answer, place, words, register.low_first) for answer in answers]
        if first == again:  # also what is no number
            return True
        first, again = value(register.kind, first), value(register.kind, again)
        return abs(first - again) * _ALIKE <= abs(again)

    def _energy_of(self, register, number):
        if number in register.absent:
            return None
        found = exact(register.kind, number, register.factor * _MICRO)
        if found is None:
            self._count("bus_b.range")
        return found

    def _judge(self, bus):
        """What is wrong in words, or None."""
        if self._energy.falling():
            return "a counter goes down: if it counts net, its profile must say so"
        if self._unlikely:
            say = "its %s cannot be: are word_order, type, unit and scale of its profile right?"
            return say % self._unlikely
        if self.unit in bus.late:
            return "answers later than reply_ms of its profile: make that larger"
        return self._units.doubt() or self._energy.doubt()

    def fill(self, report: Report) -> None:
        """Enter the last values into the readings of the meter's points; called before a report is
        counted."""
        self._age += 1
        for i, phase in self._points:
            reading, values = report.readings[i], self.values
            reading.clear()
            if self._age > self._fresh_s or ("power", phase) not in values:
                reading.missed = report.samples
                continue
            reading.count = report.samples
            for name in _RATES:
                setattr(reading, name, values.get((name, phase)))
            reading.imported = self._energy.take(phase - 1, 0)
            reading.exported = self._energy.take(phase - 1, 1)
