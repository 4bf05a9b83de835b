"""What a meter's points have used, in J: its counters' advance, followed by its powers between two
steps of a counter.

A counter may be of a phase or of the whole, of one direction or net, or not be there at all. What
it advances is what counts in the end; its step may be 0.1 kWh, and until the next one the energy
follows the power, never further than a step. Where no counter is, the power is all there is.
"""

from micropython import const

from b_bus.meter_units import WATT_HOUR, Pace
from b_bus.watt_hours import WattHours

IMPORT, EXPORT = const(0), const(1)
UNITS = const(2500)  # of a J: energies here are whole numbers of 0.4 mJ
_MAX_POWER = const(20000000)  # W


class _Flow:
    """Energy in one direction: of a phase, or of the whole shared among phases. `phases`: what its
    points are, from 0. It follows the power until a counter says something for the first time."""

    def __init__(self, phases: Sequence[int]):
        self.phases = phases
        self._counted = False
        self._open = 0  # of the counter's advance; negative: what was given out before it
        self._step = 1

    def advance(self, more: int, step: int) -> None:
        self._counted = True
        self._open += more
        self._step = step

    def follow(self, watts: list[float], seconds: float) -> list[float]:
        """The energy of the time since the last read. watts: of each of `phases`, at least 0.
        Returns each one's."""
        whole = sum(watts)
        energy = int(whole * UNITS) * seconds
        if self._counted:
            energy = max(self._open, 0, min(energy, self._open + self._step - 1))
            self._open -= energy
        if not whole:
            watts, whole = [1.0] * len(watts), len(watts)
        shares = [energy * int(share * 16) // int(whole * 16 + 1) for share in watts]
        shares[watts.index(max(watts))] += energy - sum(shares)
        return shares


class MeterEnergy:
    """counters: [(quantity, phase or 0)] of the profile's energies ("import", "export", "net"), in
    the order in which they are read; phases: of the meter; fault(): called for each read that is
    refused."""

    def __init__(
        self, counters: Sequence[tuple[str, int]], phases: int, fault: Callable[[], None]
    ):
        self._meters = WattHours(len(counters), fault, WATT_HOUR)
        self._paces = [Pace(quantity) for quantity, _ in counters]
        self._steps = [1] * len(counters)
        self._waiting = [0] * (2 * phases)  # of each phase and direction
        self._flows = ([], [])  # of each direction
        self._of_counter = []  # of each counter its flows: import and export, or None
        for quantity, phase in counters:
            pair: list[_Flow | None] = [None, None]
            for direction in (IMPORT, EXPORT):
                if quantity in ("net", ("import", "export")[direction]):
                    pair[direction] = self._add(direction, phase, phases, counters)
            self._of_counter.append(pair)
        for direction in (IMPORT, EXPORT):
            for phase in range(phases):
                if not any(phase in flow.phases for flow in self._flows[direction]):
                    self._flows[direction].append(_Flow([phase]))

    def _add(self, direction, phase, phases, counters):
        """The flow of a counter; None where the phases are counted each, by others."""
        name = ("import", "export")[direction]
        if phase:
            mine = [phase - 1]
        else:
            each = {p - 1 for quantity, p in counters if p and quantity in (name, "net")}
            mine = [p for p in range(phases) if p not in each]
            if each and mine or not mine:
                return None  # what some phases count of it is not known: these follow their power
        flow = _Flow(mine)
        self._flows[direction].append(flow)
        return flow

    def falling(self) -> bool:
        """Whether a counter of one direction goes down: it counts net."""
        return any(
            self._meters.falls(k) and None in pair for k, pair in enumerate(self._of_counter)
        )

    def doubt(self) -> str | None:
        """Which counter goes far more slowly or faster than the power, in words; or None."""
        for pace, step in zip(self._paces, self._steps):
            text = pace.doubt(step)
            if text:
                return text
        return None

    def read(
        self,
        values: Iterable[tuple[int, int] | None],
        powers: Sequence[float | None],
        seconds: float,
        now_s: int,
    ) -> None:
        """Take a read. values: of each counter (what it says, its last digit) in units, None where
        it says nothing; powers: W of each phase, or None; seconds: for which they hold; now_s:
        uptime."""
        for k, value in enumerate(values):
            taken, given = self._of_counter[k]
            if taken is given:  # neither: others count the same
                continue
            net = taken is not None and given is not None
            if value is None:
                continue
            value, step = value
            more = self._meters.advance(k, _MAX_POWER, value, now_s, net)
            self._steps[k] = step
            if seconds:
                self._compare(k, more, powers, seconds)
            if taken and given:
                (given if more >= 0 else taken).advance(0, step)
            if taken and more >= 0:
                taken.advance(more, step)
            elif given:
                given.advance(abs(more), step)
        for direction in (IMPORT, EXPORT):
            sign = 1 if direction == IMPORT else -1
            for flow in self._flows[direction]:
                watts = [max(0, sign * (powers[phase] or 0)) for phase in flow.phases]
                for phase, energy in zip(flow.phases, flow.follow(watts, seconds)):
                    self._waiting[2 * phase + direction] += energy

    def _compare(self, k, more, powers, seconds):
        """What counter k has advanced, with what the powers of its phases come to."""
        taken, given = self._of_counter[k]
        each = [powers[phase] for phase in (taken or given).phases]
        if None in each:
            return
        if given is None:
            most = sum([max(0, power) for power in each])
            least = max(0, sum(each))
        elif taken is None:
            most = -sum([min(0, power) for power in each])
            least = max(0, -sum(each))
        else:
            most = sum([abs(power) for power in each])
            least = abs(sum(each))
        scale = UNITS * seconds
        self._paces[k].note(abs(more), self._steps[k], int(least) * scale, int(most) * scale)

    def take(self, phase: int, direction: int) -> int | None:
        """J of a phase (from 0) since this was asked last."""
        joules = self._waiting[2 * phase + direction] // UNITS
        self._waiting[2 * phase + direction] -= joules * UNITS
        return joules
