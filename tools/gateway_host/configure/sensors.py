"""Which current sensor measures a load: by its current and its wire. Owns that choice.

A sensor's rated current is at least the load's, and its opening at least the wire's diameter.
"""

from __future__ import annotations

from dataclasses import dataclass

from .catalogue import BUILT_IN, CTS, DIAMETERS, ROGOWSKI, SPLIT_CORE, Ct, lines
from .plan import Board, Load, Plan
from .problems import Message

_ARTICLES = {ct.article: ct for ct in CTS}


@dataclass(frozen=True)
class Choice:
    """The sensor of a load, and articles that could be taken in its place."""

    ct: Ct
    alternatives: tuple[str, ...]


def choose(plan: Plan) -> tuple[list[Choice], list[Message]]:
    """Of each load its sensor, and what is wrong. Where something is, the choices are not good."""
    choices, problems = [], []
    for k, load in enumerate(plan.loads):
        board = plan.boards[load.board]
        fitting = [ct for ct in CTS if fits(ct, load)]
        if not fitting:
            largest = max(ct.rated for ct in CTS)
            problems.append(Message(f"load[{k}].breaker", "no_ct", {"most": f"{largest:g}"}))
            fitting = list(CTS)
        ct = _wanted(load, board, fitting, lines(load.phases))
        if ct is None:
            better = ", ".join(one.article for one in fitting)
            values = {"ct": load.ct, "load": load.name, "fitting": better}
            values |= {"amperes": f"{load.amperes:.0f}", "cable": f"{load.cable or 0:g}"}
            problems.append(Message(f"load[{k}].ct", "ct_does_not_fit", values))
            ct = fitting[0]
        choices.append(Choice(ct, _alternatives(ct, fitting, lines(load.phases))))
    return choices, problems


def fits(ct: Ct, load: Load) -> bool:
    """Whether the sensor carries the load's current and goes around its wire."""
    if load.busbar and ct.kind != ROGOWSKI:
        return False
    thick = DIAMETERS[load.cable] if load.cable else 0.0
    return ct.rated >= load.amperes and ct.opening_mm >= thick


def _wanted(load: Load, board: Board, fitting: list[Ct], wires: int) -> Ct | None:
    if load.ct in _ARTICLES:
        return _ARTICLES[load.ct] if _ARTICLES[load.ct] in fitting else None
    kinds = [load.ct] if load.ct != "auto" else [SPLIT_CORE, ROGOWSKI]
    if load.ct == "auto" and board.solid_core and wires == 3:
        kinds.insert(0, BUILT_IN)
    for kind in kinds:
        of_kind = [ct for ct in fitting if ct.kind == kind]
        if short := [ct for ct in of_kind if ct.short and board.short_leads]:
            return short[0]
        if of_kind:
            return of_kind[0]
    return None


def _alternatives(ct: Ct, fitting: list[Ct], wires: int) -> tuple[str, ...]:
    """The other lead of the same sensor, and the first sensor of each other kind."""
    found = [one for one in fitting if one.rated == ct.rated and one.kind == ct.kind and one != ct]
    for kind in (SPLIT_CORE, ROGOWSKI, BUILT_IN):
        first = next((one for one in fitting if one.kind == kind), None)
        if first and kind != ct.kind and (kind != BUILT_IN or wires == 3):
            found.append(first)
    return tuple(one.article for one in found)
