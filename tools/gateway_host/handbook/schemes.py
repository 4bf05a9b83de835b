"""A wiring scheme as the figures need it: its conductors, what is connected to the Power Box, and
the circuits with their CTs.

Owns the colours of wires. All else follows from the catalogues (configure/catalogue.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gateway_host.configure.catalogue import (
    NORTH_AMERICAN,
    SCHEMES,
    TRANSFORMED,
    connections,
)

TERMINALS = ("L1", "L2", "L3", "N")  # of a Power Box; PE beside them where there are transformers

_BROWN, _BLACK, _GREY, _BLUE, _GREEN = "#8a4b14", "#111111", "#8b9197", "#1769d2", "#2f9e3f"
_RED, _WHITE, _ORANGE, _YELLOW = "#c81e1e", "#ffffff", "#e8730c", "#e3b505"
_IEC = {"L1": "brown", "L2": "black", "L3": "grey", "N": "blue"}
_COLOURS = {
    "2x120/240": {"L1": "black", "L2": "red", "N": "white"},
    "3x120/208": {"L1": "black", "L2": "red", "L3": "blue", "N": "white"},
    "3x277/480": {"L1": "brown", "L2": "orange", "L3": "yellow", "N": "grey"},
    "3x347/600": {"L1": "red", "L2": "black", "L3": "blue", "N": "white", "PE": "green"},
}
INKS = {
    "brown": _BROWN, "black": _BLACK, "grey": _GREY, "blue": _BLUE, "green": _GREEN,
    "red": _RED, "white": _WHITE, "orange": _ORANGE, "yellow": _YELLOW,
}  # fmt: skip


@dataclass(frozen=True)
class Circuit:
    """What hangs between some conductors. cts: (the line that a CT is around, the phase that is
    configured for it), one for each CT."""

    name: str
    wires: tuple[str, ...]
    cts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Wiring:
    """conductors: from top to bottom; colours: of each, by name; ratio: of the voltage
    transformers, 0 without; volts: of a line to the neutral (0 without one) and of two lines;
    grid: the CTs of the supply."""

    scheme: str
    conductors: tuple[str, ...]
    colours: dict[str, str]
    ratio: float
    volts: tuple[int, int]
    grid: tuple[tuple[str, str], ...]
    circuits: tuple[Circuit, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """Those that carry a voltage."""
        return tuple(name for name in self.conductors if name.startswith("L"))

    def switched(self, wires: Iterable[str]) -> list[str]:
        """Those of some wires that a breaker has a pole for: in North America the neutral goes
        beside it."""
        beside = {"PE", "N"} if self.scheme in NORTH_AMERICAN else {"PE"}
        return [name for name in wires if name not in beside]


def describe(scheme: str) -> Wiring:
    """A scheme of the site schema."""
    known = SCHEMES[scheme]
    lines = tuple(f"L{k + 1}" for k in range(len(known.angles)))
    ratio = TRANSFORMED.get(scheme, 0)
    neutral = () if known.delta else ("N",)
    ways = connections(scheme)
    circuits = [
        Circuit(name, _wires(name, neutral), cts)
        for name, cts in ways.items()
        if not (len(lines) == 3 and name.count("+") == 1)  # two of three phases: as one and one
    ]
    return Wiring(
        scheme,
        lines + neutral + (("PE",) if ratio else ()),
        _COLOURS.get(scheme, _IEC),
        ratio,
        _volts(scheme, len(lines), known.delta),
        list(ways.values())[-1],
        tuple(circuits),
    )


def _wires(name: str, neutral: tuple[str, ...]) -> tuple[str, ...]:
    """A circuit between lines ("L1-L2") has no neutral, one of lines ("L1+L2") has."""
    return tuple(name.split("-")) if "-" in name else (*name.split("+"), *neutral)


def _volts(scheme: str, lines: int, delta: bool) -> tuple[int, int]:
    """As the scheme's name says them: 3x120/208, 3x400+N, 3x230."""
    numbers = [int(digits) for digits in re.findall(r"\d+", scheme.partition("x")[2])]
    if len(numbers) == 2:
        return numbers[0], numbers[1]
    if lines == 1:
        return numbers[0], 0
    return (0 if delta else round(numbers[0] / math.sqrt(3) / 10) * 10), numbers[0]
