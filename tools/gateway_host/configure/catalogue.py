"""What a site can be built of: articles, their limits, and what each wiring scheme measures.

Owns the facts of the manual that planning needs. Rated currents and schemes are those of
sim/catalogue.py (docs/a-bus.md, section 2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gateway_host.sim.catalogue import MAX_POINTS, RATED_AMPERE, SCHEMES

__all__ = ["MAX_POINTS", "RATED_AMPERE", "SCHEMES"]

MAX_NODES = 9  # on an A-bus, besides its head
A_BUS_M = 100.0  # the total is below it
B_BUS_M = 500.0
MAX_MODULES = 10  # Input and Output modules of a Genius
MODULE_INPUTS, MODULE_OUTPUTS = "ABCD", "AB"
RELAY_AMPERES = 5.0  # above it: a contactor
DELTA_SHARE = 0.6  # of the main breaker: the maximum current that is entered
HUB, SOLID_CORE = "CT Hub", "Solid Core"
INPUTS = {HUB: "ABCD", SOLID_CORE: "ABC"}
SHORT_CABLE_M, LONG_CABLE_M = 0.4, 1.5  # cables that can be bought ready
CABLE_SET_M, CABLE_SET_PLUGS = 100, 50
DIN_PLATES, WALL_PLATES = 4, 8  # in a kit
TRANSFORMED = {"3x347/600": 5.0}  # schemes with voltage transformers, and their usual ratio
NORTH_AMERICAN = ("2x120/240", "3x120/208", "3x277/480", "3x347/600")
MAX_SUPPLY_V = 264  # of a Power Box

SPLIT_CORE, ROGOWSKI, BUILT_IN = "split-core", "rogowski", "solid-core"


@dataclass(frozen=True)
class Ct:
    """A current sensor. opening_mm: the thickest wire that it goes around; short: a lead of 30 cm
    in place of 180 cm."""

    article: str
    kind: str
    opening_mm: float
    short: bool = False

    @property
    def rated(self) -> float:
        """A."""
        return RATED_AMPERE[self.article]


# The smallest first. Openings of split cores are the usual ones of these ratings.
CTS = (
    Ct("AC-CT-50A", SPLIT_CORE, 10),
    Ct("AC-CT-S-50A", SPLIT_CORE, 10, short=True),
    Ct("AC-CT-100A", SPLIT_CORE, 16),
    Ct("AC-CT-200A", SPLIT_CORE, 24),
    Ct("AC-CT-400A", SPLIT_CORE, 36),
    Ct("AC-RSCT-4CM", ROGOWSKI, 40),
    Ct("AC-RSCT-12CM", ROGOWSKI, 120),
    Ct("AC-RSCT-19CM", ROGOWSKI, 190),
    Ct("AC-RSCT-30CM", ROGOWSKI, 300),
    Ct("SOLID-CORE", BUILT_IN, 10),
)

# mm2 -> mm: the most that a stranded single-core cable measures across (IEC 60227, type 01).
DIAMETERS = {
    1.5: 3.4, 2.5: 4.2, 4: 4.8, 6: 5.4, 10: 6.8, 16: 8.0, 25: 9.8, 35: 11.0, 50: 13.0,
    70: 15.0, 95: 17.0, 120: 19.0, 150: 21.0, 185: 23.5, 240: 26.5, 300: 29.5, 400: 33.5,
}  # fmt: skip


@dataclass(frozen=True)
class Gateway:
    """A gateway: the first four digits of its serial numbers, links it has by itself, whether it
    has Input and Output modules, whether it has a B-bus, whether the Power Box is built in."""

    article: str
    kind: int
    links: tuple[str, ...]
    modules: bool = False
    b_bus: bool = True
    built_in: bool = False
    router: bool = False  # the 3G/4G router goes with it


GATEWAYS = {
    "Genius": Gateway("I1-GW-1", 5010, ("ethernet", "wifi"), modules=True, router=True),
    "Genius Flex": Gateway("I1-GW-6", 5020, ("ethernet", "wifi"), modules=True, built_in=True),
    "Connect": Gateway("I1-GW-3", 5130, ("ethernet", "wifi"), router=True),
    "Wi-Fi Connect": Gateway("I1-GW-2", 5100, ("wifi",)),
    "4G Connect": Gateway("I1-GW-4", 5140, ("lte",), b_bus=False),
}
LINKS = ("ethernet", "wifi", "lte")
ROLES = ("grid", "solar", "battery", "circuit")


def connections(scheme: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """What a load may be connected to in a scheme, and for each how it is measured: (the line that
    a CT is around, the phase that is configured), CT by CT. The widest connection is the last."""
    if scheme == "1x230":
        return {"L1": (("L1", "L1"),)}
    if scheme == "3x230":
        return {
            "L1-L3": (("L1", "L1"),),
            "L2-L3": (("L2", "L2"),),
            "L1-L2": (("L1", "L3"),),
            "L1+L2+L3": (("L1", "L1"), ("L2", "L2")),
        }
    if scheme == "2x120/240":
        return {
            "L1": (("L1", "L1"),),
            "L2": (("L2", "L2"),),
            "L1-L2": (("L1", "L1-L2"),),
            "L1+L2": (("L1", "L1"), ("L2", "L2")),
        }
    names = ("L1", "L2", "L3", "L1+L2", "L1+L3", "L2+L3", "L1+L2+L3")
    return {name: tuple((line, line) for line in name.split("+")) for name in names}


def volts(scheme: str, phases: str) -> float:
    """W for an ampere in each line of a load that is connected so."""
    known = SCHEMES[scheme]
    if known.delta:  # between lines: sqrt(3) x line to star point
        return known.volt * 3 if lines(phases) == 3 else known.volt * math.sqrt(3)
    return known.volt * lines(phases)


def lines(phases: str) -> int:
    """How many lines a load is connected to."""
    return phases.count("+") + phases.count("-") + 1
