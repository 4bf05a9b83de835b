"""The house: mains, loads and measuring points, and the samples that its nodes take."""

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from .b_bus_house import BBus
from .catalogue import (
    BLOCK,
    PHASES,
    SAMPLE_RATE,
    SCHEMES,
    VOLT_PER_COUNT,
    ampere_per_count,
)
from .loads import Load
from .mains import Mains

_KNOT_BLOCKS = 25
_KNOT = _KNOT_BLOCKS * BLOCK  # samples between two moments for which the loads are worked out


@dataclass(frozen=True)
class NodeSettings:
    """A node: serial number, error of its crystal (ppm), m of cable to the gateway.

    absent: it is not there when the simulation begins.
    """

    serial: str
    drift_ppm: float = 0.0
    metres: float = 0.0
    absent: bool = False


@dataclass(frozen=True)
class Point:
    """A measuring point: what is configured (as docs/site.md) and, where it differs, what is
    really wired.

    ratio_error_percent and phase_error_degrees are the CT's; a positive phase error leads. wired:
    the phase that the CT really is on; turned: its arrow really points the wrong way.
    """

    node: str
    input: str
    ct: str
    phase: str
    load: str
    reversed: bool = False
    ratio_error_percent: float = 0.0
    phase_error_degrees: float = 0.0
    wired: str = ""
    turned: bool | None = None

    def site_json(self) -> dict:
        """The point as docs/site.md has it."""
        point = {
            "node": self.node,
            "input": self.input,
            "ct": self.ct,
            "phase": self.phase,
            "load": self.load,
        }
        if self.reversed:
            point["reversed"] = True
        return point


@dataclass
class Site:
    """The installation as the app would describe it, and the nodes that are there."""

    name: str
    uuid: str
    location: int
    timezone: str
    utc_offset: int
    scheme: str
    frequency: int
    head: NodeSettings
    nodes: list[NodeSettings]
    points: list[Point]
    loads: list[tuple[str, str]]  # name, role
    first_sample: int = 0
    seed: int = 1
    voltage_ratio: float = 1.0  # of voltage transformers before the head
    # Phases that are not connected to the head, and what they are made of (docs/site.md).
    synthesised: dict[str, dict] = field(default_factory=dict)
    b_bus: BBus = field(default_factory=BBus)
    tz: str | None = None  # the time zone's rule

    def site_json(self) -> dict:
        """site.json of docs/site.md, as a dict."""
        extras = {}
        if self.voltage_ratio != 1:
            extras["voltage_ratio"] = self.voltage_ratio
        if self.tz:
            extras["tz"] = self.tz
        if self.synthesised:
            extras["synthesised"] = self.synthesised
        return (
            extras
            | {
                "version": 1,
                "name": self.name,
                "uuid": self.uuid,
                "location": self.location,
                "timezone": self.timezone,
                "utc_offset": self.utc_offset,
                "scheme": self.scheme,
                "frequency": self.frequency,
                "head": self.head.serial,
                "points": [point.site_json() for point in self.points] + self.b_bus.points,
                "loads": [
                    {"name": name, "role": role} for name, role in self.loads + self.b_bus.loads
                ],
            }
            | ({"b_bus": self.b_bus.site} if self.b_bus else {})
        )

    def lost(self, block: int) -> np.ndarray | None:
        """Of each channel whether it has no samples of this block; None: it has all."""
        return None

    @property
    def channels(self) -> int:
        """Channels of the waveforms: three voltages and the points."""
        return 3 + len(self.points)

    @property
    def connected_phases(self) -> int:
        """Bit mask of the voltages that are connected to the head."""
        return sum(1 << phase for phase in self.connected())

    def connected(self) -> list[int]:
        """Phases whose voltage the head measures."""
        count = len(SCHEMES[self.scheme].angles)
        return [phase for phase in range(count) if PHASES[phase] not in self.synthesised]


@dataclass
class House(Site):
    """A house whose samples are worked out: the head's sample number `first_sample` is taken at
    time 0.
    """

    mains: Mains = field(default_factory=lambda: Mains([], [], 50.0))
    circuits: list[Load] = field(default_factory=list)

    ended_at: None = None  # it never ends

    def __post_init__(self) -> None:
        orders = {1} | {h.order for h in self.mains.harmonics}
        for load in self.circuits:
            orders |= {h.order for h in load.harmonics}
        self._orders = np.array(sorted(orders))
        self._delta = SCHEMES[self.scheme].delta
        self._rate = SAMPLE_RATE * (1 + self.head.drift_ppm * 1e-6)
        self._knots: OrderedDict[int, np.ndarray] = OrderedDict()
        self._pieces: OrderedDict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = OrderedDict()
        self._rows, self._gains = self._connections()

    # Samples

    def waveforms(self, first_sample: int, count: int) -> np.ndarray:
        """int16 [channel, count] from the head's sample number `first_sample` on, taken at its
        instants.

        Channels are the head's L1, L2, L3, then the points in order, as on the wire.
        """
        first, last = first_sample // BLOCK, (first_sample + count - 1) // BLOCK
        blocks = [self.render(block, None) for block in range(first, last + 1)]
        skip = first_sample - first * BLOCK
        return np.concatenate(blocks, axis=1)[:, skip : skip + count]

    def render(self, block: int, shifts: np.ndarray | None) -> np.ndarray:
        """int16 [channel, 64] of a block; `shifts` [channel] is by how many samples each is taken
        late.
        """
        knot, part = divmod(block, _KNOT_BLOCKS)
        basis, speeds, phasors = self._piece(knot)
        if shifts is not None:
            turn = np.exp(np.multiply.outer(1j * shifts, speeds))
            phasors = phasors * turn[:, None, :]
        weights = phasors.reshape(len(phasors), -1).view(float)
        exact = weights @ basis[:, part * BLOCK : (part + 1) * BLOCK]
        if self.mains.events:
            time = (np.arange(BLOCK) + block * BLOCK - self.first_sample) / self._rate
            factors = self.mains.events_at(time)
            if factors is not None:
                exact[: len(factors)] *= factors
        np.rint(exact, out=exact)
        np.minimum(exact, 32767, out=exact)
        np.maximum(exact, -32768, out=exact)
        return exact.astype(np.int16)

    def _piece(self, knot: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Waves from a knot to the next, radians a sample of each order, and what the waves are
        multiplied with: the phasors of the knot and their rise to the next, [channel, 2, order].
        """
        if knot not in self._pieces:
            time = (np.arange(knot * _KNOT, (knot + 1) * _KNOT) - self.first_sample) / self._rate
            angle = np.multiply.outer(self._orders, self.mains.angle(time))
            waves = np.stack((np.cos(angle), -np.sin(angle)), axis=1)
            rise = np.arange(_KNOT) / _KNOT
            basis = np.stack((waves, waves * rise)).reshape(-1, _KNOT)
            speed = 2 * np.pi * self.mains.frequency_at(float(time[_KNOT // 2])) / self._rate
            before, after = self._phasors(knot), self._phasors(knot + 1)
            phasors = np.stack((before, after - before), axis=1)
            _remember(self._pieces, knot, (basis, speed * self._orders, phasors))
        return self._pieces[knot]

    # Phasors

    def _phasors(self, knot: int) -> np.ndarray:
        """Counts, peak, [channel, order] at a knot."""
        if knot not in self._knots:
            volts, currents = self.phasors((knot * _KNOT - self.first_sample) / self._rate)
            head = np.zeros((3, len(self._orders)), complex)
            connected = self.connected()
            head[connected] = volts[connected] / (self.voltage_ratio * VOLT_PER_COUNT)
            points = currents[self._rows] * self._gains[:, None]
            _remember(self._knots, knot, np.concatenate((head, points)))
        return self._knots[knot]

    def phasors(self, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Peak volts [phase, order] and amperes [element, order] at `time` (s).

        Elements are the loads' (in order), then what the grid supplies on each line.
        """
        volts = self.mains.phasors(time, self._orders)
        if self._delta:  # three wires: nothing has a reference but their star point
            volts = volts - volts.mean(axis=0)
        lines = np.zeros(volts.shape, complex)
        elements = []
        for load in self.circuits:
            ends = [_ends(phase) for phase in load.phases]
            across = [volts[start] - (0 if end is None else volts[end]) for start, end in ends]
            currents = load.currents(time, np.array(across), self._orders)
            if self._delta and len(ends) == 3:
                currents = currents - currents.mean(axis=0)
            for (start, end), current in zip(ends, currents, strict=True):
                lines[start] += current
                if end is not None:
                    lines[end] -= current
            elements.append(currents)
        return volts, np.concatenate([*elements, lines])

    def _connections(self) -> tuple[np.ndarray, np.ndarray]:
        """For each point: its row in the elements of `phasors`, and counts for an ampere there."""
        starts, total = {}, 0
        for load in self.circuits:
            starts[load.name] = total
            total += len(load.phases)
        loads = {load.name: load for load in self.circuits}
        rows, gains = [], []
        for point in self.points:
            start, end = SCHEMES[self.scheme].ends[point.wired or point.phase]
            sign = 1
            if point.load in loads:
                ends = [_ends(phase) for phase in loads[point.load].phases]
                element, sign = _through(ends, start, end)
                row = starts[point.load] + element
            else:
                row = total + start
            turned = point.reversed if point.turned is None else point.turned
            gain = (1 + point.ratio_error_percent / 100) / ampere_per_count(point.ct)
            gain *= -sign if turned else sign
            rows.append(row)
            gains.append(gain * np.exp(1j * np.radians(point.phase_error_degrees)))
        return np.array(rows, int), np.array(gains, complex)


def _ends(phase: int | tuple[int, int]) -> tuple[int, int | None]:
    """The line, and the other one, or None: the neutral, or the star point of the load."""
    return phase if isinstance(phase, tuple) else (phase, None)


def _through(ends: list[tuple[int, int | None]], start: int, end: int | None) -> tuple[int, int]:
    """(element, sign) of a load whose current a CT on line `start` sees, configured with the
    voltage from `start` to `end`; its arrow points to the load.
    """
    if (start, end) in ends:
        return ends.index((start, end)), 1
    for k, (first, second) in enumerate(ends):
        if start in (first, second):
            return k, 1 if start == first else -1
    raise ValueError(f"no element of the load is on line {start}")


def _remember(cache: OrderedDict, key: int, value: object) -> None:
    cache[key] = value
    while len(cache) > 4:
        cache.popitem(last=False)
