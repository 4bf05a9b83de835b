"""A plan: what is to be measured and switched, and where. Owns what a plan's fields mean.

Distances are metres of bus cable, currents amperes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from .catalogue import DELTA_SHARE, SCHEMES, connections

_UUIDS = uuid.UUID("b2f4e3a6-6a27-5a0e-9a51-1c9d1f4f7c11")  # of sites that have none in their plan


@dataclass(frozen=True)
class Board:
    """A distribution board. distance: from the board before it; solid_core: its three-phase loads
    are measured with Solid Cores; short_leads: its CTs are within 30 cm of their hub."""

    name: str
    distance: float = 0.0
    solid_core: bool = False
    short_leads: bool = False


@dataclass(frozen=True)
class Load:
    """amperes: the most that flows in one of its lines; cable: mm2 of each line, or None; board:
    its index; ct: a kind of CT, an article, or "auto"."""

    name: str
    role: str
    phases: str
    amperes: float
    cable: float | None
    busbar: bool
    board: int
    ct: str
    hybrid: bool = False
    parent: str | None = None


@dataclass(frozen=True)
class DigitalInput:
    """`site`: its fields in site.json, besides `input`."""

    name: str
    board: int
    site: dict[str, Any]


@dataclass(frozen=True)
class Output:
    """amperes: what is switched; `site` as of an input."""

    name: str
    board: int
    amperes: float
    site: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """gateway: one of catalogue.GATEWAYS or "auto"; internet: one of LINKS; gateway_distance: from
    the gateway to its Power Box; modbus: the gateway reads the Power Box over the B-bus; serials:
    what is known of them, {device: serial number}."""

    name: str
    scheme: str
    breaker: float
    frequency: int
    timezone: str
    identity: str
    location: int
    voltage_ratio: float
    gateway: str
    internet: str
    gateway_distance: float
    modbus: bool
    mounting: str
    boards: tuple[Board, ...]
    loads: tuple[Load, ...]
    inputs: tuple[DigitalInput, ...] = ()
    outputs: tuple[Output, ...] = ()
    serials: dict[str, str] = field(default_factory=dict)

    @property
    def delta(self) -> bool:
        """Whether there is no neutral."""
        return SCHEMES[self.scheme].delta

    @property
    def maximum_current(self) -> float:
        """What the app asks for as the most that the grid may supply."""
        return self.breaker * DELTA_SHARE if self.delta else self.breaker

    def measured(self, load: Load) -> tuple[tuple[str, str], ...]:
        """(line that a CT is around, phase that is configured) of each of the load's CTs."""
        return connections(self.scheme)[load.phases]

    def position(self, board: int) -> float:
        """Metres of cable from the first board."""
        return sum(one.distance for one in self.boards[1 : board + 1])


def identity_of(name: str, part: str = "") -> str:
    """A site's uuid where its plan has none, and those of its further gateways."""
    return str(uuid.uuid5(_UUIDS, f"{name}\n{part}"))
