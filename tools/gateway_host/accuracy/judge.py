"""Errors beside their limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway_host.sim.catalogue import RATED_AMPERE, SAMPLE_RATE

from .house import HEAD_PPM
from .ideal import Ideal, ideal, waveform
from .run import Plan, Readings
from .tables import Load, Mains, Row, phases_of

SHARE = 0.1  # of the class limit: what active energy may be off
# Of every second's readings: how far each may be off, in mHz, percent, and percentage points
LIMITS = {"frequency": 2.0, "voltage": 0.05, "current": 0.05, "distortion": 0.2}

Measured = tuple[Plan, Readings]


@dataclass(frozen=True)
class Result:
    """A row's error in percent: of the energy, or the worst of the reactive power's readings.
    variation: its difference to the error at reference conditions, where the row asks for it.
    """

    row: Row
    error: float
    variation: float | None

    @property
    def to_limit(self) -> float:
        """The larger of both over the limit."""
        return max(abs(self.error), abs(self.variation or 0.0)) / self.row.limit

    @property
    def good(self) -> bool:
        """Whether it is as small as the product promises."""
        return self.to_limit <= (SHARE if self.row.quantity == "active" else 1.0)


@dataclass(frozen=True)
class Worst:
    """The worst of all readings of a quantity (see LIMITS) at some mains."""

    mains: Mains
    quantity: str
    error: float

    @property
    def good(self) -> bool:
        """Whether it is as small as the product promises."""
        return abs(self.error) <= LIMITS[self.quantity]


@dataclass(frozen=True)
class Verdict:
    """All results and, for each mains, the worst readings, in the order of the rows."""

    results: list[Result]
    worst: list[Worst]

    @property
    def good(self) -> bool:
        """Whether all is as small as the product promises."""
        return all(one.good for one in (*self.results, *self.worst))


def judge(rows: list[Row], measured: list[Measured]) -> Verdict:
    """Every row's load must have been measured."""
    return Verdict(_results(rows, measured), _worst(rows, measured))


def largest(errors: Sequence[float] | np.ndarray) -> float:
    """The one farthest from 0, with its sign; nan, which is never good, where there is one."""
    return float(errors[np.argmax(np.abs(errors))])


def _results(rows: list[Row], measured: list[Measured]) -> list[Result]:
    errors = {}
    for plan, readings in measured:
        for k in range(len(plan.loads)):
            load = plan.loads[k]
            errors[plan.mains, plan.seconds, load, "active"] = _energy_error(plan, readings, k)
            errors[plan.mains, plan.seconds, load, "reactive"] = _reactive_error(plan, readings, k)
    reference = {}
    for row in rows:
        if row.mains == Mains() and not row.load.harmonics and not row.variation:
            reference.setdefault((row.quantity, row.load.reference), errors[_key(row)])
    found = []
    for row in rows:
        error = errors[_key(row)]
        usual = reference[row.quantity, row.load.reference] if row.variation else error
        found.append(Result(row, error, error - usual if row.variation else None))
    return found


def _worst(rows: list[Row], measured: list[Measured]) -> list[Worst]:
    errors: dict[tuple[Mains, str], list[np.ndarray]] = {
        (row.mains, quantity): [] for row in rows for quantity in LIMITS
    }
    for plan, readings in measured:
        mains = plan.mains
        errors[mains, "frequency"].append(1000 * (readings.frequency - mains.frequency))
        for phase, rms in enumerate(mains.voltages):
            if rms:
                right = ideal(_volts(mains, phase), _volts(mains, phase)).voltage
                errors[mains, "voltage"].append(_percent(readings.volts[:, phase], right))
        for k in range(len(plan.loads)):
            if not plan.loads[k].swing:
                right = _ideals(plan, k)[0].current
                amperes = readings.amperes[:, _first_point(plan, k)]
                errors[mains, "current"].append(_percent(amperes, right))
        errors[mains, "distortion"].append(_distortion_errors(plan, readings))
    return [
        Worst(mains, quantity, largest(np.concatenate([[0.0], *found])))
        for (mains, quantity), found in errors.items()
    ]


def _distortion_errors(plan: Plan, readings: Readings) -> np.ndarray:
    volts = [_volts(plan.mains, phase) for phase in range(3)]
    right = {phase: ideal(wave, wave).voltage_distortion for phase, wave in enumerate(volts)}
    for k in range(len(plan.loads)):
        for point, one in enumerate(_ideals(plan, k), _first_point(plan, k)):
            right[3 + point] = one.current_distortion
    return np.array([percent - right[channel] for channel, percent in readings.distortion])


def _key(row: Row) -> tuple[Mains, int, Load, str]:
    return row.mains, row.seconds, row.load, row.quantity


def _energy_error(plan: Plan, readings: Readings, k: int) -> float:
    rate = SAMPLE_RATE * (1 + HEAD_PPM * 1e-6)
    # A sample stands for the time around it.
    time = (np.arange(readings.first, readings.end + 1) - 0.5) / rate
    seconds = np.trapezoid(plan.loads[k].swings(time), time)
    return float(
        _percent(readings.joules[k], seconds * sum(one.power for one in _ideals(plan, k)))
    )


def _reactive_error(plan: Plan, readings: Readings, k: int) -> float:
    first = _first_point(plan, k)
    right = _ideals(plan, k)
    var = readings.var[:, first : first + len(right)].sum(axis=1)
    return largest(_percent(var, sum(one.reactive for one in right)))


def _ideals(plan: Plan, k: int) -> list[Ideal]:
    """What an ideal meter would measure on the points that carry the load's current."""
    load = plan.loads[k]
    current = waveform(load.current * RATED_AMPERE[load.ct], load.lag, load.harmonics)
    phases = phases_of(plan.loads)[k][: load.loaded]
    return [ideal(_volts(plan.mains, phase), current) for phase in phases]


def _volts(mains: Mains, phase: int) -> np.ndarray:
    return waveform(mains.voltages[phase], 0.0, mains.harmonics)


def _first_point(plan: Plan, k: int) -> int:
    return sum(load.points for load in plan.loads[:k])


def _percent(measured: np.ndarray, right: float) -> np.ndarray:
    return 100 * (np.asarray(measured) / right - 1) if right else np.zeros_like(measured)
