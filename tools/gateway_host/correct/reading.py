"""A file of pairs (TOML), and the point of the site document that they are about. Owns the file's
form."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway_host.errors import UserError
from gateway_host.sim.catalogue import RATED_AMPERE, SCHEMES
from gateway_host.sim.toml_file import Table, TomlFile
from gateway_host.site_document import fingerprint

_MAX_POWER = 1e8  # W
_LEAST_MINUTES = 1


@dataclass(frozen=True)
class Pair:
    """The reference's W and var (None: it shows none), and the gateway's."""

    watts: float
    vars: float | None
    measured_watts: float
    measured_vars: float

    @property
    def measured(self) -> complex:
        """P + jQ of the gateway."""
        return complex(self.measured_watts, self.measured_vars)

    @property
    def reference(self) -> complex | None:
        """P + jQ of the reference, where it shows both."""
        return None if self.vars is None else complex(self.watts, self.vars)


@dataclass(frozen=True)
class Pairs:
    """What was compared: at which input, with what, when; site: the fingerprint of the document
    that the gateway used; accuracy: of the reference, %."""

    node: str
    input: str
    site: str
    date: str
    reference: str
    accuracy: float
    pairs: Sequence[Pair]


def read_pairs(path: Path) -> Pairs:
    """UserError, with file and line, where the file cannot be used."""
    file = TomlFile(path)
    top = file.top
    day = top.value("date")
    if isinstance(day, str):
        try:
            day = datetime.date.fromisoformat(day)
        except ValueError:
            pass
    if type(day) is not datetime.date or not 2000 <= day.year < 2100:
        top.fail("date", "'date' must be a day such as 2026-11-30")
    found = Pairs(
        top.text("node"),
        top.text("input", choices="ABCD"),
        top.text("site"),
        day.isoformat(),
        top.value("reference", ""),
        top.number("accuracy", 0.01, 5),
        [_pair(table) for table in file.each("pair")],
    )
    if not isinstance(found.reference, str) or len(found.reference) > 40:
        top.fail("reference", "'reference' must be a text of at most 40 characters")
    top.finish()
    file.finish()
    return found


def _pair(table: Table) -> Pair:
    energy = table.has("minutes")
    names, factor = ("watts", "vars"), 1.0
    if energy:
        names = ("kwh", "kvarh")
        factor = 60000 / table.number("minutes", _LEAST_MINUTES, 1e5)

    def number(name: str) -> float:
        return factor * table.number(name, -_MAX_POWER, _MAX_POWER)

    active, reactive = names
    pair = Pair(
        number(active),
        number(reactive) if table.has(reactive) else None,
        number(f"measured_{active}"),
        number(f"measured_{reactive}"),
    )
    table.value(reactive, None)  # known, also where it is left out
    table.finish()
    return pair


def point_of(document: dict[str, Any], pairs: Pairs) -> dict[str, Any]:
    """The point of the document that the pairs are about. UserError where it cannot be corrected,
    or was measured with another document."""
    place = f"{pairs.input} of {pairs.node}"
    if (own := fingerprint(document)) != pairs.site:
        raise UserError(
            f"site: the pairs were measured with {pairs.site}, and the document is {own}: give "
            "the one that the gateway used then, or measure again"
        )
    for point in document["points"]:
        if (point.get("node"), point.get("input")) == (pairs.node, pairs.input):
            break
    else:
        raise UserError(f"node, input: the site has no point on {place}: see its points")
    if document.get("b_bus", {}).get("power_box"):
        raise UserError(f"node: {place} is measured by the Power Box itself: correct it there")
    if point["phase"] == "unknown":
        raise UserError(f"input: nobody knows the phase of {place} yet: choose it first")
    if point["phase"] in document.get("synthesised", {}):
        raise UserError(
            f"input: the voltage of {point['phase']}, on which {place} is, is computed from "
            "another one: what differs may be the voltage's; connect it, and measure again"
        )
    return point


def full_load(document: dict[str, Any], point: dict[str, Any]) -> float:
    """VA of the point at its CT's rated current."""
    scheme = SCHEMES[document["scheme"]]
    volts = scheme.volt
    if scheme.delta:
        volts *= 3**0.5
    elif point["phase"] == "L1-L2":
        volts *= 2
    return RATED_AMPERE[point["ct"]] * point.get("ratio", 1) * volts
