"""Sites drawn at random: a supply with an impedance, loads, CTs with errors, and wiring faults;
what the gateway would measure there, and what is true.

Written from the physics, in float64; knows nothing of the firmware's rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import shapes

SCHEMES = ("1x230", "3x400+N", "3x230", "2x120/240", "3x120/208", "3x277/480", "3x347/600")
_VOLT = {"3x230": 230, "2x120/240": 120, "3x120/208": 120, "3x277/480": 277, "3x347/600": 347}
_STAR = {"L1": (1, 0, 0), "L2": (0, 1, 0), "L3": (0, 0, 1)}
_SPLIT = {"L1": (1, 0, 0), "L2": (0, 1, 0), "L1-L2": (1, -1, 0)}
_DELTA = {"L1": (1, 0, -1), "L2": (0, 1, -1), "L3": (1, -1, 0)}
MAX_POINTS = 28
HUB = "5500%06d"


@dataclass
class Ct:
    """A point: configured as `phase`; `seen`: A in the direction of its arrow, complex, by second;
    `right`: V that belong to it; `carries`: the lines through which that current goes."""

    load: int
    role: str
    phase: str
    fault: str = ""
    seen: np.ndarray = field(default_factory=lambda: np.zeros(0))
    right: np.ndarray = field(default_factory=lambda: np.zeros(0))
    turned: bool = False
    carries: tuple[int, ...] = ()


@dataclass
class Supply:
    """`source`: V of the lines [3] without any drop; `walk`: by which they change [3, second];
    `line`, `neutral`: ohm; `rest`: A of what nobody measures [3, second]."""

    source: np.ndarray
    walk: np.ndarray
    line: complex
    neutral: complex
    rest: np.ndarray


@dataclass
class Drawn:
    """A site: `plan` is its site.json; `volts` [3, second], as points are measured with; `cts` in
    the order of the points; `power` [point, second], VA, as the gateway's P and Q; `supply`: what
    no gateway knows."""

    scheme: str
    plan: dict[str, Any]
    volts: np.ndarray
    cts: list[Ct]
    power: np.ndarray
    supply: Supply | None = None


def patterns_of(scheme: str) -> dict[str, tuple[int, int, int]]:
    """Of each phase the lines through which its current goes."""
    if scheme == "3x230":
        return _DELTA
    if scheme == "2x120/240":
        return _SPLIT
    return {"L1": (1, 0, 0)} if scheme == "1x230" else _STAR


def draw(seed: int, seconds: int, points: int | None = None) -> Drawn:
    """The site of this number. points: how many circuits' it has at most, with the grid's; None:
    as drawn."""
    rng = np.random.default_rng([16, seed])
    return _Drawing(rng, SCHEMES[seed % len(SCHEMES)], seconds).finish(points)


class _Drawing:
    def __init__(self, rng: np.random.Generator, scheme: str, seconds: int):
        self.rng, self.scheme, self.seconds = rng, scheme, seconds
        self.patterns = patterns_of(scheme)
        self.delta, self.split = scheme == "3x230", scheme == "2x120/240"
        self.lines = 1 if scheme == "1x230" else 2 if self.split else 3
        self.loads: list[dict[str, str]] = []
        self.cts: list[Ct] = []
        self.currents = np.zeros((3, seconds), complex)
        self._draw_supply()

    def _draw_supply(self) -> None:
        rng, seconds = self.rng, self.seconds
        volt = _VOLT.get(self.scheme, 230) / (np.sqrt(3) if self.delta else 1)
        angles = np.array([0, 180, 0]) if self.split else np.array([0, -120, 120])
        size = volt * (1 + rng.normal(0, 0.008, 3))
        self.source = size * np.exp(1j * np.radians(angles + rng.normal(0, 0.4, 3)))
        if self.lines < 3:
            self.source[self.lines :] = 0
        walk = np.cumsum(rng.normal(0, rng.uniform(0.0001, 0.0006), (3, seconds)), axis=1)
        walk += rng.normal(0, rng.uniform(0.00005, 0.0003), (3, seconds))
        for _ in range(rng.poisson(seconds / 40)):  # the neighbours switch
            walk[rng.integers(3), rng.integers(seconds) :] += rng.normal(0, 0.0015)
        self.walk = 1 + walk
        ohm = np.exp(rng.uniform(np.log(0.03), np.log(0.5))) * (volt / 230)
        self.line = ohm * (1 + 1j * rng.uniform(0.2, 0.9))
        self.neutral = 0 if self.delta else self.line * rng.uniform(0.2, 1.0)

    # Loads

    def _across(self, pattern: tuple[int, ...]) -> complex:
        """The voltage that a load of this pattern lies at, before any drop."""
        return complex(np.dot(pattern, self.source))

    def _add_current(self, pattern: tuple[int, ...], power: np.ndarray) -> np.ndarray:
        current = np.conj(power / self._across(pattern))
        self.currents += np.multiply.outer(np.array(pattern), current)
        return current

    def _add_load(self, name: str, role: str, parent: int | None = None) -> int:
        load = {"name": f"{name} {len(self.loads) + 1}", "role": role}
        if parent is not None:
            load["parent"] = self.loads[parent]["name"]
        self.loads.append(load)
        return len(self.loads) - 1

    def _add_ct(self, load: int, phase: str, lines: tuple[int, ...], current: np.ndarray) -> None:
        ct = Ct(load, self.loads[load]["role"], phase, seen=current, carries=lines)
        ct.right = np.array(self.patterns[phase])
        self.cts.append(ct)

    def add_one(self, name: str, role: str, shape: shapes.Shape) -> None:
        """A load with one CT, on any phase."""
        phase = str(self.rng.choice(list(self.patterns)))
        pattern = self.patterns[phase]
        power = shape(self.rng, self.seconds).astype(complex)
        if self.split and phase != "L1-L2":
            power *= 0.5
        current = self._add_current(pattern, power)
        self._add_ct(self._add_load(name, role), phase, pattern, current)

    def add_several(self, name: str, role: str, shape: shapes.Shape, alike: bool) -> None:
        """A load on all lines, with a CT on each (in a delta on L1 and L2)."""
        before = self.currents.copy()
        elements = [(1, -1, 0)] if self.split else list(self.patterns.values())
        if self.split and self.rng.random() < 0.4:
            elements += [(1, 0, 0)]
        one = shape(self.rng, self.seconds).astype(complex)
        for element in elements:
            power = one if alike else shape(self.rng, self.seconds).astype(complex)
            self._add_current(element, power * (1 + self.rng.normal(0, 0.01)))
        self._measure_lines(name, role, self.currents - before)

    def add_feed(self) -> None:
        """A panel that consumes and has the sun behind it, on one phase or all of a star; the
        panel's feed is measured and the sun as well."""
        rng = self.rng
        phases = list(self.patterns)
        if self.lines < 3 or self.delta or rng.random() < 0.5:
            phases = [str(rng.choice(phases))]
        panel = self._add_load("Panel", "circuit")
        sun = self._add_load("PV", "solar", panel)
        gives = shapes.sun(rng, self.seconds)
        for phase in phases:
            given = self._add_current(self.patterns[phase], gives * (1 + rng.normal(0, 0.01)))
            taken = self._add_current(self.patterns[phase], shapes.rest(rng, self.seconds))
            self._add_ct(panel, phase, self.patterns[phase], given + taken)
            self._add_ct(sun, phase, self.patterns[phase], given)

    def _measure_lines(self, name: str, role: str, currents: np.ndarray) -> None:
        load = self._add_load(name, role)
        for line in range(min(self.lines, 2) if self.delta else self.lines):
            carries = _STAR[f"L{line + 1}"]
            self._add_ct(load, f"L{line + 1}", carries, currents[line].copy())

    # Faults

    def _harm(self) -> None:
        rng = self.rng
        for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.5, 0.25, 0.15, 0.1]))):
            i = int(rng.integers(len(self.cts)))
            ct = self.cts[i]
            if ct.fault:
                continue
            mates = [k for k, c in enumerate(self.cts) if c.load == ct.load]
            kind = rng.choice(["turned", "phase", "both"], p=[0.5, 0.35, 0.15])
            if len(self.patterns) == 1:
                kind = "turned"
            if kind != "turned" and len(mates) > 1:
                other = self.cts[int(rng.choice([k for k in mates if k != i]))]
                if other.fault:
                    continue
                ct.seen, other.seen = other.seen, ct.seen
                ct.right, other.right = other.right, ct.right
                ct.carries, other.carries = other.carries, ct.carries
                ct.fault = other.fault = "exchanged"
            elif kind != "turned":  # the circuit is on another phase than is configured
                ct.phase = str(rng.choice([name for name in self.patterns if name != ct.phase]))
                ct.fault = "phase"
            if kind != "phase":
                ct.turned = True
                ct.fault = "both" if ct.fault == "phase" else ct.fault or "turned"

    # All

    def _fill(self, points: int | None) -> None:
        rng = self.rng
        for name, shape, likely in (("PV", shapes.sun, 0.4), ("Battery", shapes.battery, 0.15)):
            if rng.random() < likely:
                role = "solar" if name == "PV" else "battery"
                if self.lines == 1 or rng.random() < 0.5:
                    self.add_one(name, role, shape)
                else:
                    self.add_several(name, role, shape, True)
        wanted = int(rng.integers(4, 15)) if points is None else points - 2 * self.lines
        several = list(shapes.SEVERAL)
        one = list(shapes.ONE_PHASE)
        weights = np.array([shapes.ONE_PHASE[name][1] for name in one])
        while len(self.cts) < wanted:
            if self.lines > 1 and rng.random() < 0.25:
                name = str(rng.choice(several))
                shape, alike, _ = shapes.SEVERAL[name]
                self.add_several(name, "circuit", shape, alike)
            else:
                name = str(rng.choice(one, p=weights / weights.sum()))
                self.add_one(name, "circuit", shapes.ONE_PHASE[name][0])

    def _add_sunny(self) -> None:
        """What gives or takes against its role."""
        rng = self.rng
        if rng.random() < 0.2:
            self.add_one("Sockets", "circuit", shapes.balcony)
        if rng.random() < 0.15:
            self.add_feed()
        for shape, likely in ((shapes.hybrid, 0.12), (shapes.idle_inverter, 0.12)):
            if rng.random() < likely:
                if self.lines == 1 or rng.random() < 0.5:
                    self.add_one("PV", "solar", shape)
                else:
                    self.add_several("PV", "solar", shape, True)

    def finish(self, points: int | None) -> Drawn:
        self._fill(points)
        if points is None:
            self._add_sunny()
        self.rest = -self.currents
        for pattern in self.patterns.values():
            self._add_current(pattern, shapes.rest(self.rng, self.seconds))
        self.rest += self.currents
        if self.rng.random() < 0.93:
            self._measure_lines("Grid", "grid", self.currents)
        self.rng.shuffle(self.cts)
        self._harm()
        return self._drawn()

    def _drawn(self) -> Drawn:
        rng = self.rng
        source = self.source[:, None] * self.walk
        back = self.neutral * self.currents.sum(axis=0)
        at_lines = source - self.line * self.currents - back
        volts = np.zeros((3, self.seconds), complex)
        names = list(self.patterns)
        for k, name in enumerate(names):
            volts[k] = np.tensordot(np.array(self.patterns[name]), at_lines, 1)
        power = np.zeros((len(self.cts), self.seconds), complex)
        for k, ct in enumerate(self.cts):
            ct.right = np.tensordot(ct.right, at_lines, 1)
            error = (1 + rng.normal(0, 0.006)) * np.exp(1j * np.radians(rng.normal(0.3, 0.5)))
            noise = rng.normal(0, 0.004, (2, self.seconds))
            seen = ct.seen * error * (-1 if ct.turned else 1) + noise[0] + 1j * noise[1]
            power[k] = volts[names.index(ct.phase)] * np.conj(seen)
        supply = Supply(self.source, self.walk, self.line, self.neutral, self.rest)
        return Drawn(self.scheme, self._plan(), volts, self.cts, power, supply)

    def _plan(self) -> dict[str, Any]:
        points = [
            {
                "node": HUB % (190 + k // 4),
                "input": "ABCD"[k % 4],
                "ct": "AC-CT-100A",
                "phase": ct.phase,
                "load": self.loads[ct.load]["name"],
            }
            for k, ct in enumerate(self.cts)
        ]
        return {
            "version": 1,
            "name": "Drawn",
            "uuid": "00000000-0000-4000-8000-000000000016",
            "location": 1,
            "timezone": "Etc/UTC",
            "utc_offset": 0,
            "scheme": self.scheme,
            "frequency": 50,
            "head": "5020000001",
            "points": points,
            "loads": self.loads,
        }
