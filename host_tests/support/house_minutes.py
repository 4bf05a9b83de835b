"""What a house of 28 points takes and gives, minute by minute: three phases of grid and sun, a
battery, a heat pump, a car, an oven, refrigerators, and circuits that are always on."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

POINTS = 28
Minute = tuple[list[int], list[int], list[int], int, list[float]]
"""J in and out of each point, W of each, W of the grid, V of each phase."""


def minutes(days: float, seed: int = 1) -> Iterator[Minute]:
    """From midnight on."""
    chance = random.Random(seed)
    cloud, volts = 0.6, [231.0, 229.0, 232.0]
    for k in range(int(1440 * days)):
        hour = k / 60 % 24
        cloud = min(1.0, max(0.15, cloud + chance.gauss(0, 0.05)))
        volts = [v + chance.gauss(0, 0.3) + 0.05 * (230 - v) for v in volts]
        sun = max(0.0, math.sin((hour - 6) / 12 * math.pi)) * 1500 * cloud
        powers: list[float] = [0.0] * POINTS
        for p in range(3):
            powers[3 + p] = -sun * (1 + chance.gauss(0, 0.01))  # sun
            powers[7 + p] = (900 if k % 47 < 20 else 12) * (1 + chance.gauss(0, 0.02))  # heat pump
            powers[10 + p] = 3600 if 22 <= hour or hour < 2 else 1.5  # car
        powers[6] = 1500 * math.sin(k / 200) + chance.gauss(0, 30)  # battery
        powers[13] = 2200 if 18 <= hour < 19 and k % 3 else 2  # oven
        for i in (14, 15):  # refrigerators
            powers[i] = 95 + chance.gauss(0, 2) if (k + 13 * i) % 37 < 12 else 1
        for i in range(16, POINTS):  # lights, sockets, network
            awake = 6 < hour < 23
            powers[i] = 20 * (i - 15) * (1 + chance.gauss(0, 0.05)) + 60 * awake * chance.random()
        for p in range(3):  # the grid has the rest
            powers[p] = sum(powers[3 + p :: 3])
        joules = [int(60 * w) for w in powers]
        yield (
            [max(0, j) for j in joules],
            [max(0, -j) for j in joules],
            [int(w) for w in powers],
            int(sum(powers[:3])),
            [round(v, 2) for v in volts],
        )
