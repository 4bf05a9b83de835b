"""A house whose loads are steady, so that what is true of every input can be computed by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway_host.sim.house import House
from gateway_host.sim.house_file import load_house

VOLTS = (231.0, 228.0, 234.0)
ANGLES = (0.0, -120.0, 120.0)
_TOP = """
name = "Steady <b>&amp;"
scheme = "3x400+N"
frequency = 50
seed = 7
[mains]
voltages = [231, 228, 234]
angles = [0, -120, 120]
[head]
serial = "5020000001"
[[node]]
serial = "5600000301"
[[node]]
serial = "5500000190"
[[node]]
serial = "5500000191"
[[load]]
name = "Grid"
role = "grid"
points = [
  { node = "5600000301", input = "A", phase = "L1" },
  { node = "5600000301", input = "B", phase = "L2" },
  { node = "5600000301", input = "C", phase = "L3" },
]
"""
_POINT = '{{ node = "{0}", input = "{1}", ct = "AC-CT-50A", phase = "{2}" }}'
# Name, role, W over all phases, power factor (negative: leads), where: node, input, phase.
LOADS = (
    ("Kettle", "circuit", 2000.0, 1.0, (("5500000190", "A", "L2"),)),
    (
        "Heat pump with a long name <i>",
        "circuit",
        3000.0,
        0.8,
        (
            ("5500000190", "B", "L1"),
            ("5500000190", "C", "L2"),
            ("5500000190", "D", "L3"),
        ),
    ),
    ("Lamps", "circuit", 400.0, -0.9, (("5500000191", "A", "L3"),)),
    ("Roof", "solar", -6000.0, 1.0, (("5500000191", "B", "L1"), ("5500000191", "C", "L2"))),
)


@dataclass(frozen=True)
class Truth:
    """W, var, A, V and degrees that the current lags."""

    power: float
    reactive: float
    current: float
    voltage: float
    angle: float


def house(directory: Path) -> House:
    """Made of a file in that directory."""
    text = _TOP
    for name, role, power, factor, points in LOADS:
        where = ", ".join(_POINT.format(*point) for point in points)
        text += f'[[load]]\nname = "{name}"\nrole = "{role}"\npower = {power}\n'
        text += f"power_factor = {factor}\npoints = [{where}]\n"
    path = directory / "steady.toml"
    path.write_text(text, encoding="utf-8")
    return load_house(path)


def truths(plan: dict[str, Any]) -> list[Truth]:
    """Of every point of this house's site.json, in its order."""
    powers: dict[tuple[str, str], tuple[str, complex]] = {}
    lines = {"L1": 0j, "L2": 0j, "L3": 0j}
    for _, _, power, factor, points in LOADS:
        lag = math.copysign(math.acos(abs(factor)), factor)
        each = complex(power, power * math.tan(lag)) / len(points)
        for node, name, phase in points:
            powers[node, name] = phase, each
            lines[phase] += each
    for name, phase in zip("ABC", lines, strict=True):
        powers["5600000301", name] = phase, lines[phase]
    found = []
    for point in plan["points"]:
        phase, power = powers[point["node"], point["input"]]
        volts = VOLTS[int(phase[1]) - 1]
        angle = math.degrees(math.atan2(power.imag, power.real))
        found.append(Truth(power.real, power.imag, abs(power) / volts, volts, angle))
    return found
