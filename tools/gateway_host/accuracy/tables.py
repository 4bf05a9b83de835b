"""The load points as data: reads active.toml and reactive.toml."""

from __future__ import annotations

import itertools
import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FILES = [Path(__file__).with_name(name) for name in ("active.toml", "reactive.toml")]
VOLT = 230.0  # Un
PHASES = 3
SECONDS = 5  # that a point is measured, where its table does not say

# Order, size relative to the fundamental, angle in degrees of its own cosine where that of the
# fundamental is at 0
Harmonics = tuple[tuple[int, float, float], ...]


@dataclass(frozen=True)
class Mains:
    """What all points of a run have in common: Hz, V rms and degrees of each phase's fundamental,
    harmonics.
    """

    frequency: float = 50.0
    nominal: int = 50
    voltages: tuple[float, ...] = (VOLT,) * PHASES
    angles: tuple[float, ...] = (0.0, -120.0, 120.0)
    harmonics: Harmonics = ()

    def __str__(self) -> str:
        parts = [f"{self.frequency:g} Hz"]
        volts = sorted({round(100 * volt / VOLT) for volt in self.voltages}, reverse=True)
        if volts != [100]:
            parts.append(" / ".join(f"{100 * volt / VOLT:.0f}" for volt in self.voltages) + " %")
            if len(volts) == 1:
                parts[-1] = f"{volts[0]} % of Un"
        if self.angles[1] > 0:
            parts.append("L1 L3 L2")
        parts += [f"{100 * size:g} % of order {order}" for order, size, _ in self.harmonics]
        return ", ".join(parts)


@dataclass(frozen=True)
class Load:
    """A current in parts of the CT's rated one, `lag` degrees behind its voltage.

    wiring: "point" (one CT), "balanced" (one on each phase) or "one phase" (one on each, of which
    only the first carries the current). swing: s in which the current goes from 0 up to this value
    and back; 0: it stays.
    """

    current: float
    lag: float
    harmonics: Harmonics = ()
    wiring: str = "point"
    ct: str = "AC-CT-400A"
    swing: float = 0.0

    @property
    def points(self) -> int:
        """How many points it has."""
        return 1 if self.wiring == "point" else PHASES

    @property
    def loaded(self) -> int:
        """How many of them carry the current."""
        return PHASES if self.wiring == "balanced" else 1

    def swings(self, time: np.ndarray | float) -> np.ndarray | float:
        """The part of its current that flows at `time` (s)."""
        if not self.swing:
            return np.ones_like(time)
        return 1 - np.abs(2 * (time / self.swing % 1) - 1)

    @property
    def reference(self) -> tuple[float, float, str]:
        """What it has in common with the load at reference conditions that it is compared with."""
        return self.current, self.lag, self.wiring


@dataclass(frozen=True)
class Row:
    """One point of a table: `quantity` ("active" or "reactive") of `load` may be off by `limit`
    percent; `variation`: the same goes for the difference to the error at reference conditions.
    seconds: how long it is measured.
    """

    table: str
    source: str
    quantity: str
    mains: Mains
    load: Load
    limit: float
    variation: bool
    seconds: int


def phases_of(loads: list[Load]) -> list[list[int]]:
    """The phases (0 to 2) of each load's points: all three, or the single points take turns."""
    turns = itertools.cycle(range(PHASES))
    return [[next(turns)] if load.points == 1 else list(range(PHASES)) for load in loads]


def read_tables(files: list[Path] = FILES) -> list[Row]:
    """All points, in order. KeyError, TypeError or ValueError when a file has another form."""
    return [row for file in files for row in _rows(tomllib.loads(file.read_text("utf-8")))]


def _rows(content: dict[str, Any]) -> Iterator[Row]:
    for table in content["table"]:
        for mains in table.get("mains", [{}]):
            for load in table["loads"]:
                yield Row(
                    table["title"],
                    table["source"],
                    content["quantity"],
                    _mains(**mains),
                    _load(load, table),
                    load["limit"],
                    table.get("variation", False),
                    table.get("seconds", SECONDS),
                )


def _mains(
    frequency: float = 50.0,
    nominal: int = 50,
    voltage: float = 1.0,
    voltages: list[float] | None = None,
    angles: list[float] | None = None,
    harmonics: list[dict[str, float]] | None = None,
) -> Mains:
    return Mains(
        frequency,
        nominal,
        tuple(VOLT * part for part in voltages or [voltage] * PHASES),
        tuple(angles or Mains.angles),
        _harmonics(harmonics),
    )


def _load(load: dict[str, Any], table: dict[str, Any]) -> Load:
    if "sine" in load:
        lag = math.degrees(math.asin(load["sine"]))
    else:
        lag = math.copysign(math.degrees(math.acos(abs(load["factor"]))), load["factor"])
    if table.get("export"):
        lag += 180
    wiring = table.get("wiring", Load.wiring)
    if wiring not in ("point", "balanced", "one phase"):
        raise ValueError(f"{table['title']}: unknown wiring {wiring!r}")
    return Load(
        load["current"],
        lag,
        _harmonics(load.get("harmonics")),
        wiring,
        load.get("ct", Load.ct),
        load.get("swing", 0.0),
    )


def _harmonics(tables: list[dict[str, float]] | None) -> Harmonics:
    return tuple((h["order"], h["percent"] / 100, h.get("angle", 0.0)) for h in tables or [])
