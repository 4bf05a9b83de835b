"""What real loads draw, second by second: complex powers (VA; imaginary: reactive, positive where
the current lags), each with its own power factor.

Owns nothing: every function gives one load's power over the seconds, drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Rng = np.random.Generator
Shape = Callable[[Rng, int], np.ndarray]


def _spread(rng: Rng, least: float, most: float) -> float:
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def _unit(degrees: float) -> complex:
    return complex(np.exp(1j * np.radians(degrees)))


def _switched(rng: Rng, seconds: int, on: tuple[float, float], off: tuple[float, float]):
    """0 to 1: how much of each second it is on; it begins anywhere in its cycle."""
    edges, time = [], -rng.uniform(0, on[1] + off[1])
    while time < seconds:
        begin = time + rng.uniform(*off)
        time = begin + rng.uniform(*on)
        edges.append((begin, time))
    at = np.arange(seconds)
    share = np.zeros(seconds)
    for begin, end in edges:
        share += np.clip(np.minimum(at + 1, end) - np.maximum(at, begin), 0, 1)
    return share


def _inrush(share: np.ndarray, times: float, degrees: float) -> np.ndarray:
    """A motor's start: in its first second it draws so many times as much, at another angle."""
    start = np.diff(share, prepend=share[0]) > 0
    return share + start * share * (times * _unit(degrees) - 1)


def kettle(rng: Rng, seconds: int) -> np.ndarray:
    return _spread(rng, 1200, 3000) * _switched(rng, seconds, (90, 220), (60, 400))


def oven(rng: Rng, seconds: int) -> np.ndarray:
    return _spread(rng, 1000, 3000) * _switched(rng, seconds, (15, 90), (20, 120))


def fridge(rng: Rng, seconds: int) -> np.ndarray:
    power = _spread(rng, 60, 160)
    if rng.random() < 0.4:  # with an inverter
        return power * _unit(-rng.uniform(5, 40)) * _switched(rng, seconds, (200, 500), (60, 200))
    share = _inrush(_switched(rng, seconds, (150, 400), (100, 400)), 4, 15)
    return power * (1 + 1j * np.tan(np.radians(rng.uniform(35, 60)))) * share


def motor(rng: Rng, seconds: int) -> np.ndarray:
    """A pump or a fan without a capacitor: a power factor of 0.45 to 0.85."""
    share = _inrush(_switched(rng, seconds, (40, 300), (40, 200)), 3, 10)
    return _spread(rng, 200, 1800) * (1 + 1j * np.tan(np.radians(rng.uniform(32, 63)))) * share


def heat_pump(rng: Rng, seconds: int) -> np.ndarray:
    """With an inverter: rises and falls slowly, wanders, and idles in between."""
    share = _switched(rng, seconds, (200, 600), (50, 200))
    ramp = np.ones(int(rng.uniform(20, 90)))
    slow = np.convolve(share, ramp / len(ramp))[:seconds]
    wander = 1 + 0.02 * np.cumsum(rng.normal(0, 0.3, seconds)).clip(-10, 10)
    angle = rng.uniform(-12, 15)
    idle = rng.uniform(5, 15) * _unit(-rng.uniform(60, 85))
    return _spread(rng, 500, 3000) * slow * wander * _unit(angle) + idle


def electronics(rng: Rng, seconds: int) -> np.ndarray:
    """LED lamps and switched supplies: the current leads and is not steady."""
    power = _spread(rng, 20, 300)
    share = _switched(rng, seconds, (100, 600), (30, 200))
    return power * _unit(-rng.uniform(3, 38)) * share * (1 + 0.05 * rng.normal(0, 1, seconds))


def washer(rng: Rng, seconds: int) -> np.ndarray:
    heater = 2000 * _switched(rng, seconds, (100, 300), (200, 500))
    drum = _spread(rng, 100, 350) * _unit(rng.uniform(25, 55))
    return heater + drum * _switched(rng, seconds, (8, 14), (3, 8))


def vehicle(rng: Rng, seconds: int) -> np.ndarray:
    power = float(rng.choice([1400, 2300, 3700]))
    share = _switched(rng, seconds, (300, 900), (60, 300))
    ramp = np.ones(int(rng.uniform(3, 10)))
    return power * np.convolve(share, ramp / len(ramp))[:seconds] * _unit(rng.uniform(-6, 3))


def sun(rng: Rng, seconds: int) -> np.ndarray:
    """An inverter under clouds that pass."""
    clouds = np.convolve(
        rng.choice([0.25, 0.6, 1.0], seconds // 40 + 2).repeat(40),
        np.ones(15) / 15,
    )[15 : 15 + seconds]
    return -_spread(rng, 400, 3500) * clouds * _unit(rng.uniform(-6, 6))


def battery(rng: Rng, seconds: int) -> np.ndarray:
    levels = rng.choice([-1.0, -0.5, 0.0, 0.5, 1.0], seconds // 30 + 2).repeat(30)[:seconds]
    soft = np.convolve(levels, np.ones(4) / 4)[:seconds]
    return _spread(rng, 800, 3000) * soft * _unit(rng.uniform(-5, 5)) + 1j * rng.uniform(-30, 10)


def idle_inverter(rng: Rng, seconds: int) -> np.ndarray:
    """At dusk and at night it takes a few tens of watts, and its filter leads."""
    power = rng.uniform(5, 60) - 1j * rng.uniform(20, 120)
    return power * (1 + 0.02 * rng.normal(0, 1, seconds))


def hybrid(rng: Rng, seconds: int) -> np.ndarray:
    """An inverter with solar and a battery behind it: charges this from the grid, and gives."""
    levels = rng.choice([1.0, 0.6, 0.0, -0.8], seconds // 60 + 2).repeat(60)[:seconds]
    soft = np.convolve(levels, np.ones(4) / 4)[:seconds]
    charges = bool(rng.random() < 0.5)  # all night
    power = _spread(rng, 800, 3000) * (np.abs(soft) if charges else soft)
    return power * _unit(rng.uniform(-5, 5)) + idle_inverter(rng, seconds)


def balcony(rng: Rng, seconds: int) -> np.ndarray:
    """A circuit of sockets, and a plant on the balcony that is plugged into one."""
    plant = rng.uniform(0.1, 0.25) * sun(rng, seconds)
    return plant + fridge(rng, seconds) + 0.3 * electronics(rng, seconds)


def nothing(rng: Rng, seconds: int) -> np.ndarray:
    """Off, or what waits behind a filter."""
    return np.full(seconds, rng.uniform(0, 8) * _unit(-rng.uniform(60, 88)))


ONE_PHASE: dict[str, tuple[Shape, float]] = {
    "kettle": (kettle, 2),
    "oven": (oven, 1.5),
    "fridge": (fridge, 1.5),
    "motor": (motor, 1),
    "heat pump": (heat_pump, 0.7),
    "electronics": (electronics, 1.5),
    "washer": (washer, 1),
    "vehicle": (vehicle, 0.7),
    "nothing": (nothing, 0.7),
}
# Of several phases: whether all elements do the same.
SEVERAL: dict[str, tuple[Shape, bool, float]] = {
    "cooker": (oven, False, 1.5),
    "vehicle": (vehicle, True, 1),
    "heat pump": (heat_pump, True, 1),
    "motor": (motor, True, 0.7),
}


def rest(rng: Rng, seconds: int) -> np.ndarray:
    """What is measured by nobody but the grid's CTs: a base that flickers, and some switching."""
    base = _spread(rng, 40, 300) * _unit(rng.uniform(-25, 20))
    total = base * (1 + 0.02 * rng.normal(0, 1, seconds))
    for shape in (kettle, fridge, electronics):
        if rng.random() < 0.5:
            total = total + shape(rng, seconds)
    return total
